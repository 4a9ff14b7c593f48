// What the widgets share; it stands before each widget's own script.

// An element: `el("button", { class: "main", onclick }, "Generate")`. Names that the element has are set as
// properties, the others as attributes. A key pressed in it is no command to the notebook.
const KEYED = /^(a|button|input|select|summary|textarea|video)$/;
const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name in node) node[name] = value; else node.setAttribute(name === "className" ? "class" : name, value);
  }
  if (KEYED.test(tag) || "tabIndex" in props) node.setAttribute("data-lm-suppress-shortcuts", "true");
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
};

// Where the page finds a file beside the notebook; null where the front-end cannot tell.
const fileUrl = async (model, src) => {
  if (/^(data|blob|https?):/.test(src)) return src;
  const resolver = model.widget_manager?.context?.urlResolver;
  return resolver ? resolver.getDownloadUrl(await resolver.resolveUrl(src)) : null;
};

// Put a code cell under the one that `near` is in and show it; false where only a copy could be made.
const insertCell = async (model, source, near = document.activeElement) => {
  const book = model.widget_manager?.context?.model?.sharedModel;
  const cell = near?.closest(".jp-Cell");
  const at = Number.parseInt(cell?.dataset.windowedListIndex, 10) + 1;
  if (book && at) {
    book.insertCell(at, { cell_type: "code", source, metadata: { trusted: true } });
    const below = `[data-windowed-list-index="${at}"]`;
    requestAnimationFrame(() => cell.parentElement.querySelector(below)?.scrollIntoView({ block: "nearest" }));
    return true;
  }
  await navigator.clipboard?.writeText(source);
  return false;
};
