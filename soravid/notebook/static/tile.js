// One job among others, after line.js and player.js: its state while it runs, then what `draw(clip)` makes of its clip,
// or why there is none. `show(item)` takes what `tile` in widgets/clips.py makes.
const jobTile = (model, draw) => {
  const line = jobLine(model, () => performance.now() / 1000 - began, true);
  const state = el("div", { class: "state" }, line.root), root = el("div", { class: "tile" }, state);
  let began = 0, drawn, halt;
  const stop = () => halt?.();
  const show = (item) => {
    stop();
    if (item.clip && drawn !== item.clip.id) root.replaceChildren(draw(item.clip));
    if (drawn && !item.clip) root.replaceChildren(state);
    drawn = item.clip?.id;
    if (drawn) return;
    const { advice, amount, elapsed, running, width, height } = item, progress = item.progress ?? undefined;
    began = performance.now() / 1000 - elapsed;
    state.style.aspectRatio = advice ? "" : `${width} / ${height}`;
    line.paint({ ...item, progress, start: 1, end: 1, done: !running, facts: advice || amount, note: advice && amount });
    if (running) halt = everySecond(line.tick);
  };
  return { root, show, stop };
};
