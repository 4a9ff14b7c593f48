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
  const button = (words, onclick) => el("button", { type: "button", onclick }, words);
  const part = (props = {}) => el("div", props);
  const send = (type) => () => { asking.hidden = true; model.send({ type }); };
  const go = button("", () => { go.disabled = true; send("run")(); });
  const stop = button("Cancel", () => { asking.hidden = false; yes.focus(); });
  const yes = button("Stop", send("stop"));
  const no = button("Keep going", () => { asking.hidden = true; stop.focus(); });
  const says = {
    heading: el("b"), line: part({ class: "muted", role: "status" }), question: part(), warning: part(), note: part({ role: "status" }) };
  const asking = el("div", { class: "row", hidden: true }, says.question, yes, no);
  let gone = false;
  const paint = () => {
    for (const [name, node] of Object.entries(says)) if (node.textContent !== model.get(name)) node.textContent = model.get(name);
    const words = model.get("button");
    if (go.textContent !== words) Object.assign(go, { textContent: words, disabled: false });
    go.className = words.startsWith("Generate") ? "main" : "";
    go.hidden = gone || !words;
    stop.hidden = gone || !model.get("question");
    asking.hidden ||= stop.hidden;
  };
  model.on("change", paint);
  model.on("comm_live_update", () => {
    gone = true;
    paint();
    says.note.textContent = "The kernel has stopped. Run the cell again to go on: what is there costs nothing.";
  });
  paint();
  return el("header", {}, el("div", { class: "row" }, el("div", { class: "said" }, says.heading, says.line), go, stop),
    says.warning, asking, says.note);
};
