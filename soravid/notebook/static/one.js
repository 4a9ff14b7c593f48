// One job: its state, then its clip in a player.
export default {
  render({ model, el: host }) {
    host.classList.add("soravid", "soravid-one");
    const tile = jobTile((clip) => player(
      model, { ...clip, captions: model.get("captions") }, { loop: model.get("loop") }).root);
    const paint = () => tile.show(model.get("item"));
    model.on("change:item", paint);
    host.replaceChildren(tile.root);
    paint();
    return tile.stop;
  },
};
