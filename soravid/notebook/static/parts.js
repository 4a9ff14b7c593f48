// What the widgets share; it stands before each widget's own script.

// An element: `el("button", { class: "main", onclick }, "Generate")`. Names that the element has are set as
// properties, the others as attributes. A key pressed in it is no command to the notebook.
const KEYED = /^(a|button|input|select|summary|textarea|video)$/;
const el = (tag, props = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined) continue;
    if (name in node) node[name] = value; else node.setAttribute(name, value);
  }
  if (KEYED.test(tag) || "tabIndex" in props) node.setAttribute("data-lm-suppress-shortcuts", "true");
  node.append(...children.flat().filter(Boolean));
  return node;
};
const button = (words, onclick, props) => el("button", { type: "button", onclick, ...props }, words);
const on = (node, events, work) => events.split(" ").forEach((event) => node.addEventListener(event, work));
const options = (pairs) => pairs.map(([value, words]) => el("option", { value }, words));

// An element out of HTML from Python (widgets/frames.py): { root, ... } with its parts by their first class.
const built = (html) => {
  const [root] = el("template", { innerHTML: html }).content.children;
  return Object.assign({ root }, ...[...root.querySelectorAll("[class]")].map((node) => ({ [node.classList[0]]: node })));
};
// Words that stand there already are not written again: they would be read out once more.
const write = (node, words) => {
  if (node.textContent !== (words || "")) node.textContent = words || "";
};
// Write words into parts of the same names. What has none is hidden, unless it is there to be read out.
const tell = (parts, words) => {
  for (const [name, text] of Object.entries(words)) {
    write(parts[name], text);
    parts[name].hidden = !text && parts[name].role !== "status";
  }
};

// A question before `act`: { root, words, show(open) }. Closed, its focus goes back to `back`.
const asking = (yes, no, act, back) => {
  const words = el("div", { class: "ask", role: "status" });
  const show = (open) => {
    const inside = root.contains(document.activeElement);
    root.hidden = !open;
    back.ariaExpanded = String(open);
    if (open) sure.focus(); else if (inside) back.focus();
  };
  const sure = button(yes, () => {
    show(false);
    act();
  });
  const onkeydown = (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    show(false);
  };
  const root = el("div", { class: "asking row", hidden: true, onkeydown }, words, sure, button(no, () => show(false)));
  return { root, words, show };
};

// Where the page finds a file beside the notebook; null where the front-end cannot tell.
const fileUrl = async (model, src) => {
  if (/^(data|blob|https?):/.test(src)) return src;
  const resolver = model.widget_manager?.context?.urlResolver;
  return resolver ? resolver.getDownloadUrl(await resolver.resolveUrl(src)) : null;
};
