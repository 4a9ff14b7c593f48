// The form of a clip, after player.js: the fields that its model has, the price before the button, the takes beneath.
// Which fields there are, what they may be and every word of them comes from Python: widgets/form_markup.py.
const small = (words, props) => el("span", { class: "small", ...props }, words);

// The models: a text field that searches, and a list that opens under it.
const picker = ({ model: input, list, over, about, panel, picker: root }, rows, opened, changed) => {
  let value = "", found = [], at = 0;

  const mark = (next) => {
    at = Math.max(0, Math.min(next, found.length - 1));
    [...list.children].forEach((row, k) => { row.ariaSelected = String(k === at); });
    const row = found.length ? list.children[at] : null;
    row?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row?.id ?? "");
  };
  const fill = () => {
    const words = input.value === value ? [] : input.value.toLowerCase().split(/\s+/);
    found = rows().filter(([name, title, , , gone]) => (over.checked || !gone)
      && words.every((word) => `${name} ${title}`.toLowerCase().includes(word)));
    list.replaceChildren(...found.map(([name, title, price, key], k) => el("div",
      { role: "option", id: `${list.id}-${k}`, title, "data-id": name }, el("b", {}, name), el("span", {}, key), small(price))));
    if (!found.length) list.append(small("No model has these words in its name; Enter takes them as they are."));
    mark(found.findIndex(([name]) => name === value));
  };
  const show = (open) => {
    if (open !== panel.hidden) return;
    panel.hidden = !open;
    input.ariaExpanded = String(open);
    if (open) { opened(); fill(); input.select(); } else input.value = value;
  };
  const set = (name) => {
    value = name;
    if (panel.hidden) input.value = name; else fill();
    write(about, rows().find(([other]) => other === name)?.slice(1, 4).join(" · "));
  };
  const take = (name) => {
    const news = name && name !== value;
    if (news) set(name);
    show(false);
    if (news) changed(name);
  };
  input.onclick = () => show(true);
  input.oninput = () => {
    show(true);
    fill();
  };
  over.onchange = fill;
  list.onpointerdown = (event) => event.preventDefault();
  list.onclick = ({ target }) => take(target.closest("[data-id]")?.dataset.id);
  input.onkeydown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }[event.key], enter = event.key === "Enter";
    if (!(step || enter || (event.key === "Escape" && !panel.hidden))) return;
    event.preventDefault();
    event.stopPropagation();
    if (panel.hidden) show(true);
    else if (step) mark(at + step);
    else if (enter) take(found.length ? found[at][0] : input.value.trim());
    else show(false);
  };
  on(root, "focusout", (event) => { if (!root.contains(event.relatedTarget)) show(false); });
  return { root, set, refresh: () => set(value) };
};

const render = ({ model, el: root }) => {
  const id = `f${Math.random().toString(36).slice(2)}`, get = (name) => model.get(name), manager = model.widget_manager;
  const page = built(FORM.replaceAll("{id}", id)), { root: sheet, prompt, fields, letters, cost: price, go, foot, said } = page;
  let local = { ...get("values") }, last = local.n, count = 0, timer = 0, open;
  const thumbs = new Map(), shown = new Set();

  // What is typed goes out when the hand rests; the answer to the newest counts.
  const send = (type, more = {}) => {
    clearTimeout(timer);
    timer = 0;
    model.send({ type, values: local, n: last = `${id}.${++count}`, ...more });
  };
  const change = (name, value) => {
    local[name] = value;
    clearTimeout(timer);
    timer = setTimeout(send, 100, "edit");
    paintOffer();
  };
  const heard = () => {
    const values = get("values");
    if (timer || (values.n !== last && values.n.startsWith(id))) return;
    local = { ...values };
    last = values.n;
    prompt.value = local.prompt;
    models.set(local.model);
    fillIn();
    paintOffer();
  };

  // - the fields of the model, and their pictures
  const fillIn = () => {
    for (const field of fields.querySelectorAll("[data-field]")) {
      const value = local[field.dataset.field];
      if (field.type === "radio") field.checked = field.value === value;
      else if (field.value !== value) field.value = value;
    }
    for (const picture of fields.querySelectorAll("[data-key]")) picture.src = thumbs.get(picture.dataset.key) ?? "";
  };
  const paint = () => {
    const held = fields.contains(document.activeElement) ? document.activeElement : null, caret = held?.selectionStart;
    fields.innerHTML = get("fields");
    for (const clips of fields.querySelectorAll("select")) clips.append(...options(get("earlier")));
    const more = fields.querySelector("details");
    if (more) more.open = open ?? more.open;
    fillIn();
    const there = held && fields.querySelector(`[name="${held.name}"]:is(:checked, :not([type="radio"]))`);
    there?.focus();
    if (there && Number.isInteger(caret)) there.setSelectionRange?.(caret, caret);
  };
  const slotOf = (node) => node.closest("[data-slot]")?.dataset.slot;
  const bring = (slot, files) => attempt(said, async () => {
    for (const file of files) {
      const { name, size } = file, upload = { type: "upload", id: `${id}.${++count}`, slot, name, size };
      for (let at = 0; at < size; at += get("piece")) {
        write(said, `Bringing ${name}: ${Math.floor(100 * at / size)} %`);
        await answer(model, { ...upload, at }, [await file.slice(at, at + get("piece")).arrayBuffer()]);
      }
    }
  })();
  const dropped = (event, data) => {
    const images = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    const slot = slotOf(event.target) ?? root.querySelector("[data-slot]")?.dataset.slot;
    if (!images.length || !slot) return;
    event.preventDefault();
    event.stopPropagation();
    bring(slot, images);
  };
  fields.oninput = ({ target: { dataset, value } }) => { if (dataset.field) change(dataset.field, value); };
  fields.onchange = ({ target }) => {
    if (target.type === "file") bring(slotOf(target), [...target.files]);
    else if (target.localName === "select") model.send({ type: "clip", slot: slotOf(target), clip: target.value });
  };
  fields.onclick = ({ target }) => {
    if (target.dataset.at) model.send({ type: "remove", slot: slotOf(target), at: Number(target.dataset.at) });
    if (target.localName === "summary") open = !target.parentNode.open;  // it stays as it was put
  };

  // - the price, and the buttons
  const paintOffer = () => {
    const { n, cost, left, off, note, advice } = get("offer"), limit = get("limit"), length = [...local.prompt].length;
    write(letters, `${length.toLocaleString("fr")} / ${limit.toLocaleString("fr")}`);
    letters.classList.toggle("bad", length > limit);
    write(page.hint, advice);
    write(price, cost);
    write(page.left, cost && left ? ` · ${left}` : left);
    write(page.why, [off, note].filter(Boolean).join(" "));
    go.ariaDisabled = String(!cost || Boolean(off));
    foot.classList.toggle("stale", Boolean(timer) || n !== last);
  };
  const press = (type) => () => {
    if (type === "generate" && go.ariaDisabled === "true") return;
    write(said, "One moment.");
    setTimeout(() => { if (said.textContent === "One moment.") write(said, "Waiting for the kernel, which is busy."); }, 800);
    send(type, { seen: price.textContent });
  };

  // - the takes: a live status each, then its player. Elsewhere than in JupyterLab the output below shows clips.
  const take = (ref) => {
    const box = el("div", { class: "take" });
    manager.get_model(ref.slice("IPY_MODEL_".length)).then(async (child) => {
      const draw = () => {
        const clip = child.get("clip"), words = child.get("again");
        if (clip.id && !manager.context) box.remove();
        else if (clip.id) box.replaceChildren(player(child, clip).root);
        else if (child.get("html")) box.innerHTML = child.get("html");
        if (words) box.append(button(words, (event) => {
          event.target.remove();
          model.send({ type: "again", take: child.model_id });
        }));
      };
      child.on("change:clip change:html", draw, box);
      box.append((await manager.create_view(child)).el);
      draw();
    });
    return box;
  };
  const paintTakes = () => {
    const news = get("takes").filter((ref) => !shown.has(ref));
    news.forEach((ref) => shown.add(ref));
    takes.prepend(...news.map(take));
  };

  // - the page
  const takes = el("div");
  const models = picker(page, () => get("models"), () => model.send({ type: "look" }), (name) => change("model", name));
  prompt.value = local.prompt;
  prompt.oninput = () => change("prompt", prompt.value);
  page.cell.onclick = press("cell");
  go.onclick = press("generate");
  sheet.onsubmit = (event) => event.preventDefault();
  write(page.title, sheet.ariaLabel = get("title"));
  root.classList.add("soravid", "soravid-form", "mathjax_ignore", "tex2jax_ignore");
  root.append(sheet, takes);
  on(root, "paste", (event) => dropped(event, event.clipboardData));
  on(root, "drop", (event) => dropped(event, event.dataTransfer));
  on(root, "dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });

  model.on("change:values", heard);
  model.on("change:offer", paintOffer);
  for (const name of ["fields", "earlier"]) model.on(`change:${name}`, paint);
  model.on("change:models", models.refresh);
  model.on("change:takes", paintTakes);
  model.on("msg:custom", async ({ type, words, key, source }, [data] = []) => {
    if (type === "thumb") {
      thumbs.set(key, pictureUrl(data));
      fillIn();
    } else if (type === "cell") words = await insertCell(model, source, root);
    if (words !== undefined) write(said, words);
  });
  model.on("comm_live_update", () => {
    sheet.inert = true;
    write(said, "The kernel has stopped. Run the cell again for a new form.");
  });
  model.send({ type: "thumbs" });
  models.set(local.model);
  paint();
  paintOffer();
  paintTakes();
  return () => thumbs.forEach((url) => URL.revokeObjectURL(url));
};

export default { render };
