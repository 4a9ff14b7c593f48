// A grid of clips, after lot.js and step.js: filled as they come, played in step, voted for.
const render = ({ model, el: host }) => {
  const columns = model.get("columns"), group = inStep(model), closer = el("div");
  let opened = null;

  // One clip, closely, over the grid.
  const open = (clip, look) => {
    if (opened) opened.ariaExpanded = "false";
    opened = opened === look ? null : look;
    closer.replaceChildren();
    if (!opened) return;
    group.pause();
    look.ariaExpanded = "true";
    closer.append(player(model, clip).root);
    closer.querySelector("button").focus();
  };

  const cells = model.get("tiles").map((_, at) => {
    const amount = el("div", { class: "muted" }), look = button("Open", null, { ariaExpanded: "false" });
    const vote = button("", () => model.send({ type: "vote", at, on: vote.ariaPressed !== "true" }), { class: "vote" });
    const foot = el("div", { class: "foot row" }, amount, vote, look);
    const tile = jobTile(model, (clip) => {
      const { video, load } = clipVideo(model, clip);
      group.add(clip, video, load);
      look.onclick = () => open(clip, look);
      return el("div", { class: "player" }, video);
    });
    const name = columns[at % columns.length], prompt = model.get("rows")[Math.floor(at / columns.length)];
    const root = el("div", { role: "group", ariaLabel: `${name}: ${prompt}` },
      el("div", { class: "muted" }, name), tile.root, foot);
    const show = (item) => {
      tile.show(item);
      foot.hidden = !item.clip;
      write(amount, item.amount);
      write(vote, item.voted ? "★ Voted" : "☆ Vote");
      vote.ariaPressed = String(item.voted);
      root.classList.toggle("voted", item.voted);
    };
    return { root, show, stop: tile.stop };
  });
  const row = (prompt, k) => el("section", {}, el("h4", { dir: "auto" }, prompt),
    el("div", { class: "grid", style: `--n:${columns.length}` },
      cells.slice(k * columns.length, (k + 1) * columns.length).map(({ root }) => root)));
  host.classList.add("soravid", "soravid-compare");
  host.append(lotHead(model), group.root, closer, ...model.get("rows").map(row));
  model.on("comm_live_update", () => host.classList.add("gone"));
  followTiles(model, (item, at) => cells[at].show(item));
  return () => cells.forEach(({ stop }) => stop());
};
export default { initialize: lotNews, render };
