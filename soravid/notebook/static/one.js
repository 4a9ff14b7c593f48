// One job: its state, then its clip in a player.
const render = ({ model, el: host }) => {
  const [captions, loop] = [model.get("captions"), model.get("loop")];
  const tile = jobTile(model, (clip) => player(model, { ...clip, captions }, { loop }).root);
  const paint = () => tile.show(model.get("item"));
  host.classList.add("soravid", "soravid-one");
  host.replaceChildren(tile.root);
  model.on("change:item", paint);
  paint();
  return tile.stop;
};
export default { render };
