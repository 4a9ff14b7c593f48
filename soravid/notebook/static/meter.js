// The spend meter: one line, and bars by model and by cell behind a click. Pinned, it is the notebook's foot.
const LOOK_EVERY = 2500;

export default () => {
  let asked = false, stopped = false;
  const initialize = ({ model }) => {
    model.on("msg:custom", () => { asked = false; });
    model.on("comm_live_update", () => { stopped = true; });
  };
  const render = ({ model, el: host }) => {
    const { root, head, mark, word, line, money, pin, more } = built(METER);
    const elsewhere = el("div", { class: "soravid soravid-meter muted" }, "The meter is at the foot of this notebook.");
    let book = null;

    const paint = () => {
      head.dataset.tone = stopped ? "quiet" : model.get("tone");
      write(mark, stopped ? "◇" : model.get("mark"));
      write(word, stopped ? "The kernel has stopped" : model.get("word"));
      // A line breaks behind a dot.
      money.replaceChildren(...model.get("line").split(/(?<= · )/).map((part) => el("span", {}, part)));
      if (!more.hidden) more.innerHTML = model.get("bars");
    };
    // The foot takes its room from the notebook, so that it covers no cell. It stands beside it, not in it: there
    // the notebook would take the focus away.
    const foot = new ResizeObserver(() => {
      book.style.paddingBottom = root.parentNode === host ? "" : `${root.offsetHeight}px`;
    });
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
    const end = () => {
      paint();
      place();
    };
    // Only in the page it is known which notebook this is.
    const home = new ResizeObserver(() => { if (host.closest(".jp-Notebook") !== book) place(); });
    const timer = setInterval(look, LOOK_EVERY);
    line.onclick = () => {
      more.hidden = !more.hidden;
      line.ariaExpanded = String(!more.hidden);
      paint();
    };
    pin.onclick = () => {
      model.set("pin", !model.get("pin"));
      model.save_changes();
    };
    home.observe(host);
    model.on("change", paint);
    model.on("change:pin", place);
    model.on("comm_live_update", end);
    end();
    return () => {
      clearInterval(timer);
      home.disconnect();
      foot.disconnect();
      if (book && root.parentNode !== host) book.style.paddingBottom = "";
      root.remove();
    };
  };
  return { initialize, render };
};
