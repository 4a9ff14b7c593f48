// What widgets of several clips share, after tile.js: the news of each clip, and a head with price and button.
const lotNews = ({ model }) => model.on("msg:custom", ({ type, tiles }) => {
  // It stays in the page: it came from the kernel.
  if (type === "tiles") model.set("tiles", Object.assign([...model.get("tiles")], tiles));
});

// Calls `show(item, k)` for each clip that has news.
const followTiles = (model, show) => {
  const shown = [];
  const paint = () => model.get("tiles").forEach((item, k) => { if (shown[k] !== item) show(shown[k] = item, k); });
  model.on("change:tiles", paint);
  paint();
};

const lotHead = (model) => {
  const parts = built(HEAD), { root, go, stop, note } = parts, told = ["heading", "line", "warning", "note"];
  const ask = asking("Stop", "Keep going", () => model.send({ type: "stop" }), stop);
  note.before(ask.root);
  stop.onclick = () => ask.show(true);
  go.onclick = () => {
    go.disabled = true;
    model.send({ type: "run" });
  };
  let gone = false;
  const paint = () => {
    const words = model.get("button"), question = model.get("question");
    const lost = "The kernel has stopped. Run the cell again to go on: what is there costs nothing.";
    for (const name of told) tell(parts, { [name]: gone && name === "note" ? lost : model.get(name) });
    if (go.textContent !== words) Object.assign(go, { textContent: words, disabled: false });
    go.className = words.startsWith("Generate") ? "main" : "";
    go.hidden = gone || !words;
    write(ask.words, question);
    stop.hidden = gone || !question;
    ask.root.hidden ||= stop.hidden;
  };
  model.on("change", paint);
  model.on("comm_live_update", () => {
    gone = true;
    paint();
  });
  paint();
  return root;
};
