// A sentence and a button.
const render = ({ model, el: root }) => {
  const press = button(model.get("button"), () => {
    press.disabled = true;
    model.send({ type: "press" });
  });
  root.classList.add("soravid", "soravid-offer");
  root.append(el("span", { role: "status" }, model.get("words")), press);
  model.on("comm_live_update", () => { press.hidden = true; });
};
export default { render };
