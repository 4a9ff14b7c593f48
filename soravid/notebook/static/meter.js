// The spend meter: one line, and bars by model and by cell behind a click. Pinned, it is the notebook's foot.
const LOOK_EVERY = 2500;

const meterBars = ([title, rows]) => el("section", {}, el("h4", {}, title),
  rows.length ? el("ul", {}, rows.map(([label, amount, settled, held]) => el("li", {},
    el("span", { class: "name", dir: "auto", title: label }, label), el("span", { class: "muted" }, amount),
    el("span", { class: "bar", ariaHidden: "true" },
      el("i", { style: `width:${settled}%` }), el("i", { class: "held", style: `width:${held}%` })))))
    : el("p", { class: "muted" }, "Nothing yet."));

export default () => {
  let asked = false, stopped = false;
  return {
    initialize({ model }) {
      model.on("msg:custom", () => { asked = false; });
      model.on("comm_live_update", () => { stopped = true; });
    },

    render({ model, el: host }) {
      let book = null;
      const mark = el("span", { class: "mark", ariaHidden: "true" }), word = el("b", { role: "status" });
      const money = el("span", { class: "money" }), more = el("div", { class: "more", hidden: true });
      const line = el("button", { type: "button", class: "line", ariaExpanded: "false", onclick: () => {
        more.hidden = !more.hidden;
        line.ariaExpanded = String(!more.hidden);
        paint();
      } }, money);
      const pin = el("button", { type: "button", onclick: () => {
        model.set("pin", !model.get("pin"));
        model.save_changes();
      } });
      const root = el("div", { class: "soravid soravid-meter", role: "group", ariaLabel: "Spend meter" },
        el("div", { class: "row" }, mark, word, line, pin), more);
      const elsewhere = el("div", { class: "soravid soravid-meter muted" }, "The meter is at the foot of this notebook.");

      const write = (node, words) => { if (node.textContent !== words) node.textContent = words; };
      const paint = () => {
        root.dataset.tone = stopped ? "quiet" : model.get("tone");
        write(mark, stopped ? "◇" : model.get("mark"));
        write(word, stopped ? "The kernel has stopped" : model.get("word"));
        // A line breaks behind a dot.
        money.replaceChildren(...model.get("line").split(/(?<= · )/).map((part) => el("span", {}, part)));
        if (!more.hidden) more.replaceChildren(...Object.entries(model.get("bars")).map(meterBars));
      };
      // The foot takes its room from the notebook, so that it covers no cell. It stands beside it, not in it: there
      // the notebook would take the focus away.
      const foot = new ResizeObserver(() => { book.style.paddingBottom = root.parentNode === host ? "" : `${root.offsetHeight}px`; });
      const place = () => {
        if (book) book.style.paddingBottom = "";
        book = host.closest(".jp-Notebook");
        const panel = model.get("pin") && !stopped ? book?.closest(".jp-NotebookPanel") : null;
        pin.hidden = !book || stopped;
        write(pin, panel ? "Unpin" : "Pin");
        panel?.querySelector(":scope > .soravid-meter")?.remove();
        (panel || host).append(root);
        if (panel) host.replaceChildren(elsewhere); else elsewhere.remove();
        if (panel) foot.observe(root); else foot.disconnect();
      };
      const look = () => {
        if (asked || stopped || document.hidden || !root.checkVisibility()) return;
        asked = true;
        model.send({ type: "look" });
      };
      const timer = setInterval(look, LOOK_EVERY);
      // Only in the page it is known which notebook this is.
      const home = new ResizeObserver(() => { if (host.closest(".jp-Notebook") !== book) place(); });
      home.observe(host);
      const end = () => { paint(); place(); };
      model.on("change", paint);
      model.on("change:pin", place);
      model.on("comm_live_update", end);
      end();
      return () => {
        clearInterval(timer);
        home.disconnect();
        foot.disconnect();
        model.off("change", paint);
        model.off("change:pin", place);
        model.off("comm_live_update", end);
        if (book && root.parentNode !== host) book.style.paddingBottom = "";
        root.remove();
      };
    },
  };
};
