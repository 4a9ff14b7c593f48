// One job among others, after player.js: its state while it runs, then what `draw(clip)` makes of its clip, or why
// there is none. `show(item)` takes what `tile` in widgets/clips.py makes.
const jobTile = (draw) => {
  const mark = el("span", { class: "mark", ariaHidden: "true" }), label = el("b", { role: "status" });
  const age = el("span"), bar = el("progress", { max: 100, ariaLabel: "Progress" });
  const advice = el("div", { class: "muted" }), amount = el("div", { class: "muted" });
  const state = el("div", { class: "state" }, el("div", { class: "row" }, mark, label, age), bar, advice, amount);
  const root = el("div", { class: "tile" }, state);
  let drawn = null, timer = 0;
  const show = (item) => {
    clearInterval(timer);
    root.dataset.tone = item.tone;
    if (item.clip) {
      if (drawn !== item.clip.id) root.replaceChildren(draw(item.clip));
      drawn = item.clip.id;
      return;
    }
    if (drawn) root.replaceChildren(state);
    drawn = null;
    state.style.aspectRatio = item.advice ? "" : `${item.width} / ${item.height}`;
    for (const [node, words] of [[mark, item.mark], [label, item.label], [advice, item.advice], [amount, item.amount]]) {
      if (node.textContent !== words) node.textContent = words;
    }
    bar.hidden = age.hidden = !item.running;
    if (item.progress === null) bar.removeAttribute("value"); else bar.value = item.progress;
    if (!item.running) return;
    const start = performance.now() - item.elapsed * 1000;
    const tick = () => { age.textContent = clock((performance.now() - start) / 1000); };
    tick();
    timer = setInterval(tick, 500);
  };
  return { root, show, stop: () => clearInterval(timer) };
};
