// Shots in order, after lot.js: a strip of their states, and the film once they are joined.
const render = ({ model, el: host }) => {
  const film = el("div"), lengths = [];
  let video = null, shown = "";
  const shots = model.get("rows").map((prompt, at) => {
    const title = `Go to shot ${at + 1}`, amount = el("div", { class: "muted" });
    const go = () => { if (video) video.currentTime = lengths.slice(0, at).reduce((a, b) => a + b, 0.01); };
    const picture = (clip) => el("img", { src: clip.poster ?? "", alt: "" });
    const tile = jobTile(model, (clip) => button(picture(clip), go, { class: "poster", title, ariaLabel: title }));
    const root = el("div", { class: "shot", role: "listitem" },
      tile.root, el("div", { dir: "auto" }, `${at + 1}. ${prompt}`), amount);
    const show = (item) => {
      tile.show(item);
      write(amount, item.clip && item.amount);
      lengths[at] = item.seconds ?? 0;
    };
    return { root, show, stop: tile.stop };
  });
  const paint = () => {
    const clip = model.get("film");
    if (!clip.path || clip.path === shown) return;
    const made = player(model, clip);
    [video, shown] = [made.video, clip.path];
    film.replaceChildren(made.root);
  };
  host.classList.add("soravid", "soravid-storyboard");
  host.append(lotHead(model), film, el("div", { class: "strip row", role: "list" }, shots.map(({ root }) => root)));
  model.on("change:film", paint);
  paint();
  followTiles(model, (item, at) => shots[at].show(item));
  return () => shots.forEach(({ stop }) => stop());
};
export default { initialize: lotNews, render };
