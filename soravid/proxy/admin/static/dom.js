// Elements, without a line of HTML: what people have written can be nothing but text.

const SVG = "http://www.w3.org/2000/svg";

const filled = (node, props, children) => {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && !(node instanceof SVGElement) && !name.startsWith("aria")) node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return node;
};

/** An element: `el("button", { class: "main", onclick }, "Save")`. Children may be lists, text, or nothing. */
export const el = (tag, { class: name, data = {}, ...props } = {}, ...children) => {
  const node = filled(document.createElement(tag), props, children);
  if (name) node.className = name;
  for (const [key, value] of Object.entries(data)) if (value !== null && value !== undefined) node.dataset[key] = value;
  return node;
};

/** The same for a drawing. */
export const svg = (tag, props = {}, ...children) => filled(document.createElementNS(SVG, tag), props, children);

/** Have a parent hold a node for each item, in order; the node of an item that has not changed stays as it is. */
export const keep = (parent, items, make, id = (item) => item.id) => {
  const there = new Map([...parent.children].map((node) => [node.dataset.id, node]));
  const wanted = items.map((item) => {
    const [name, text] = [String(id(item)), JSON.stringify(item)];
    const old = there.get(name);
    if (old && old.dataset.was === text) return old;
    const node = make(item);
    Object.assign(node.dataset, { id: name, was: text });
    return node;
  });
  const focus = document.activeElement;
  const where = focus?.closest("[data-id]")?.dataset.id;
  const label = focus?.getAttribute("aria-label") ?? focus?.textContent;
  wanted.forEach((node, k) => { if (parent.children[k] !== node) parent.insertBefore(node, parent.children[k] ?? null); });
  [...parent.children].slice(wanted.length).forEach((node) => node.remove());
  if (focus && where !== undefined && !focus.isConnected) {
    const row = wanted.find((node) => node.dataset.id === where);
    [...(row?.querySelectorAll("a, button") ?? [])]
      .find((each) => (each.getAttribute("aria-label") ?? each.textContent) === label)?.focus();
  }
};

/** A field with its label; `hint` stands under it. */
export const field = (label, input, hint = "", whole = false) => {
  input.id ||= `field-${label.toLowerCase().replace(/\W+/g, "-")}`;
  if (hint) input.setAttribute("aria-describedby", `${input.id}-hint`);
  return el("div", { class: whole ? "field whole" : "field" },
    el("label", { htmlFor: input.id }, label), input,
    hint && el("span", { class: "muted", id: `${input.id}-hint` }, hint));
};

export const select = (options, value, props = {}) => {
  const node = el("select", props, options.map(([key, text]) => el("option", { value: key }, text)));
  node.value = value;
  if (node.selectedIndex < 0) {
    node.append(el("option", { value }, value));
    node.value = value;
  }
  return node;
};

/** Several choices of which one holds, as radio buttons side by side. */
export const choice = (legend, options, value, onchange) =>
  el("fieldset", {}, el("legend", { class: "unseen" }, legend), el("div", { class: "choice" },
    options.map(([key, text]) => el("label", {},
      el("input", { type: "radio", name: legend, value: key, checked: key === value, onchange: () => onchange(key) }), text))));

/** A text that can be copied with one press, also where the page is not served over https. */
export const copyable = (label, text, say) => {
  const input = el("input", { readOnly: true, value: text, onfocus: () => input.select(), "aria-label": label });
  const button = el("button", { type: "button", "aria-label": `Copy: ${label}`, onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      input.select();
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    say("Copied");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  } }, "Copy");
  return el("div", { class: "copy" }, input, button);
};

/** Open a dialog; `body(close)` gives what is in it. Escape closes it, and the focus goes back to where it was. */
export const open = (title, body, { wide = false, onclose } = {}) => {
  const heading = el("h2", { id: "dialog-title" }, title);
  const node = el("dialog", { class: wide ? "wide" : "", "aria-labelledby": "dialog-title" });
  const close = () => node.close();
  node.append(
    el("header", {}, heading, el("button", { type: "button", class: "quiet", "aria-label": "Close", onclick: close }, "✕")),
    el("div", { class: "body" }, body(close)));
  node.addEventListener("close", () => { node.remove(); onclose?.(); });
  document.body.append(node);
  node.showModal();
  return node;
};
