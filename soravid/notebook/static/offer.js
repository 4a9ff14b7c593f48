// A sentence and a button.
export default {
  render({ model, el: root }) {
    const button = el("button", { type: "button", onclick: () => {
      button.disabled = true;
      model.send({ type: "press" });
    } }, model.get("button"));
    const words = el("span", { role: "status" }, model.get("words"));
    root.classList.add("soravid", "soravid-offer");
    root.append(words, button);
    model.on("comm_live_update", () => { button.hidden = true; });
  },
};
