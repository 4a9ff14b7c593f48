// Shots in order, after lot.js: a strip of their states, and the film once they are joined.
export default {
  initialize: lotNews,

  render({ model, el: host }) {
    host.classList.add("soravid", "soravid-storyboard");
    const film = el("div"), lengths = [];
    let video = null, shown = "";
    const shots = model.get("rows").map((prompt, at) => {
      const amount = el("div", { class: "muted" });
      const tile = jobTile((clip) => el("button", {
        type: "button", class: "poster", title: `Go to shot ${at + 1}`, ariaLabel: `Go to shot ${at + 1}`,
        onclick: () => { if (video) video.currentTime = lengths.slice(0, at).reduce((a, b) => a + b, 0.01); },
      }, el("img", { src: clip.poster ?? "", alt: "" })));
      const root = el("div", { class: "shot", role: "listitem" }, tile.root, el("div", { dir: "auto" }, `${at + 1}. ${prompt}`), amount);
      return { ...tile, root, amount };
    });
    const paint = () => {
      const clip = model.get("film");
      if (!clip.path || clip.path === shown) return;
      const made = player(model, clip);
      [video, shown] = [made.video, clip.path];
      film.replaceChildren(made.root);
    };
    model.on("change:film", paint);
    paint();
    host.append(lotHead(model), film, el("div", { class: "strip", role: "list" }, shots.map(({ root }) => root)));
    followTiles(model, (item, at) => {
      shots[at].show(item);
      shots[at].amount.textContent = item.clip ? item.amount : "";
      lengths[at] = item.seconds ?? 0;
    });
    return () => shots.forEach(({ stop }) => stop());
  },
};
