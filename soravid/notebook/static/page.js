// The one widget that nobody sees, after player.js: while a kernel is there, it brings what lasts in a notebook to
// life. Nothing of that is saved.
const HOST = "[data-soravid]", CLIP = ".soravid-card video[data-job][controls]";
// Every output of some cells: where it is, and its HTML.
const outputsOf = (cells) => [...cells].flatMap(({ outputs }) => Array.from({ length: outputs?.length ?? 0 },
  (_, k) => ({ outputs, k, html: [outputs.get(k).data["text/html"]].flat().join("") })));

// The live view of a widget in the place of what lasts of it.
const inhabiting = (manager) => {
  const homes = new Map();
  return async (host) => {
    const id = host.dataset.soravid, home = homes.get(id) ?? {};
    if (!manager.has_model(id) || host.contains(home.el) || (home.host !== host && home.host?.isConnected)) return;
    homes.set(id, Object.assign(home, { host }));
    const model = await manager.get_model(id);
    home.view ??= manager.create_view(model).then(({ el }) => {
      on(el, "focusin", ({ target }) => { home.focus = target; });
      on(el, "focusout", ({ relatedTarget }) => { if (relatedTarget) home.focus = null; });
      return el;
    });
    home.el = await home.view;
    for (let n = 0; n < 300 && !home.el.hasChildNodes(); n++) await new Promise(requestAnimationFrame);
    if (home.host !== host) return;
    const lasting = [...host.childNodes];
    host.replaceChildren(home.el);
    if (document.activeElement === document.body) home.focus?.focus({ preventScroll: true });
    model.once("destroy", () => {
      homes.delete(id);
      host.replaceChildren(...lasting);
    });
  };
};

// The player's bar under a card's plain video, and what can be done with the clip.
const enriching = (model, book) => (video) => {
  if (video.closest(HOST)) return;
  const id = video.dataset.job, card = video.closest(".soravid-card"), note = noteLine();
  // Two notebooks may be open: the cell of that number must hold this very output here.
  const cell = book.cells.get(Number(video.closest(".jp-Cell")?.dataset.windowedListIndex ?? -1));
  if (!cell || !outputsOf([cell]).some(({ html }) => html.includes(id))) return;
  Object.assign(video, { controls: false, tabIndex: -1 });
  const clip = { id }, load = async () => video.currentSrc || video.src;
  const bare = (...parts) => el("div", { class: "soravid bare" }, ...parts);
  const stage = el("div", { class: "stage" }), root = el("div", { class: "player", tabIndex: -1 }, stage);
  const box = video.parentElement === card ? video : video.parentElement, words = box.nextElementSibling;
  const { actions, offer } = clipActions(model, clip, load, note), home = bare(root);
  home.classList.toggle("listed", box.parentElement !== card);
  root.classList.toggle("tall", video.height > video.width);
  video.replaceWith(home);
  stage.append(video);
  root.append(controlBar(model, video, clip, root, load, note));
  words.append(bare(el("div", { class: "player" }, actions, note)));
  // Once somebody may see it: a notebook may have many.
  new IntersectionObserver(([{ isIntersecting }], watch) => {
    if (!isIntersecting) return;
    watch.disconnect();
    video.preload = "metadata";
    answer(model, { type: "cells", clip: id }).then(([{ path, cells }]) => {
      clip.path = path;
      offer(cells);
    }, () => {});
  }).observe(root);
};

const initialize = ({ model, signal }) => {
  const manager = model.widget_manager, book = manager.context?.model;
  model.send({ type: "hello", hosts: Boolean(book) });
  if (!book) return;
  const work = [[HOST, inhabiting(manager)], [CLIP, enriching(model, book)]];
  const look = (node) => work.forEach(([where, each]) => {
    if (node.matches?.(where)) each(node);
    node.querySelectorAll?.(where).forEach(each);
  });
  const watch = new MutationObserver((all) => {
    if (book.isDisposed) watch.disconnect(); else all.forEach(({ addedNodes }) => addedNodes.forEach(look));
  });
  watch.observe(document.body, { childList: true, subtree: true });
  signal?.addEventListener("abort", () => watch.disconnect());
  look(document);
  // A page that was reloaded no longer knows which output the kernel means when it changes what lasts.
  model.on("msg:custom", ({ type, id, data }) => {
    if (type !== "lasting" || book.isDisposed) return;
    for (const { outputs, k, html } of outputsOf(book.cells)) {
      if (html.includes(`data-soravid="${id}"`) && html !== data["text/html"]) {
        outputs.set(k, { output_type: "display_data", metadata: {}, data });
      }
    }
    model.send({ type: "kept", id });
  });
};
export default { initialize };
