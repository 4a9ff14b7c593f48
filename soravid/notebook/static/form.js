// The form of a clip, after player.js: the fields that its model has, the price before the button, the takes beneath.
// Which fields there are, what they may be and every word of them comes from Python: widgets/form.py.
const write = (node, words = "") => { if (node.textContent !== words) node.textContent = words; };
const small = (...words) => el("span", { class: "small" }, ...words);

// The models: a text field that searches, and a list that opens under it.
const picker = (id, rows, opened, changed) => {
  const input = el("input", {
    id, role: "combobox", ariaExpanded: "false", ariaAutoComplete: "list", "aria-controls": `${id}-list`, autocomplete: "off", spellcheck: false,
    onclick: () => show(true), oninput: () => { show(true); fill(); },
  });
  const list = el("div", { class: "list", id: `${id}-list`, role: "listbox", ariaLabel: "Models", tabIndex: -1, onpointerdown: (event) => event.preventDefault() });
  const gone = el("input", { type: "checkbox", onchange: () => fill() }), facts = el("div", { class: "small" });
  const panel = el("div", { hidden: true, class: "panel" }, list, el("label", { class: "small" }, gone, " Show what has been shut down, too"));
  const root = el("div", { class: "picker" }, input, facts, panel);
  let value = "", found = [], at = 0;

  const mark = (next) => {
    [...list.children].forEach((row) => { row.ariaSelected = "false"; });
    at = Math.max(0, Math.min(next, found.length - 1));
    const row = found.length ? list.children[at] : null;
    if (row) row.ariaSelected = "true";
    row?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", row?.id ?? "");
  };
  const fill = () => {
    const words = input.value === value ? [] : input.value.toLowerCase().split(/\s+/);
    found = rows().filter(([name, title, , , over]) => (gone.checked || !over) && words.every((word) => `${name} ${title}`.toLowerCase().includes(word)));
    list.replaceChildren(...found.map(([name, title, price, key], k) => el("div",
      { role: "option", id: `${id}-${k}`, title, onclick: () => take(name) }, el("b", {}, name), el("span", {}, key), small(price))));
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
    write(facts, rows().find(([other]) => other === name)?.slice(1, 4).join(" · "));
  };
  const take = (name) => {
    const news = name && name !== value;
    if (news) set(name);
    show(false);
    if (news) changed(name);
  };
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
  root.addEventListener("focusout", (event) => { if (!root.contains(event.relatedTarget)) show(false); });
  return { root, set, refresh: () => set(value) };
};

const render = ({ model, el: root }) => {
  const id = `f${Math.random().toString(36).slice(2)}`, get = (name) => model.get(name), manager = model.widget_manager;
  let local = { ...get("values") }, last = local.n, count = 0, timer = 0, open = get("spec").open, arrived;
  const thumbs = new Map(), shown = new Set();
  const button = (words, onclick, props = {}) => el("button", { type: "button", onclick, ...props }, words);

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
    const news = Object.keys(values).some((name) => name !== "n" && values[name] !== local[name]);
    local = { ...values };
    last = values.n;
    if (news) { prompt.value = local.prompt; models.set(local.model); paint(); }
    paintOffer();
  };

  // --- pictures
  const bring = async (slot, files) => {
    for (const file of [...files]) {
      const { name, size } = file, upload = { type: "upload", id: `${id}.${++count}`, slot, name, size };
      for (let at = 0, taken = true; taken && at < size; at += get("piece")) {
        write(said, `Bringing ${name}: ${Math.floor(100 * at / size)} %`);
        const data = await file.slice(at, at + get("piece")).arrayBuffer();
        taken = await new Promise((resolve) => { arrived = resolve; model.send({ ...upload, at }, undefined, [data]); });
      }
    }
  };
  const dropped = (event, data) => {
    const images = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    const where = event.target.closest("[data-slot]") ?? root.querySelector("[data-slot]");
    if (!images.length || !where) return;
    event.preventDefault();
    event.stopPropagation();
    bring(where.dataset.slot, images);
  };
  const pic = (slot, { key, name, facts, problem, style }, at) => el("div", { class: "pic" },
    key && el("img", { alt: "", src: thumbs.get(key), style }), el("span", {}, `${name} `, small(facts), el("span", { class: "bad" }, problem)),
    button("Remove", () => model.send({ type: "remove", slot, at }), { name: `${slot}-out`, ariaLabel: `Remove ${name}` }));
  const slotPart = (label, { slot, most }) => {
    const here = get("pictures")[slot], room = here.length < most, earlier = get("earlier");
    const file = el("input", { type: "file", accept: "image/*", hidden: true, multiple: most > 1, onchange: () => bring(slot, file.files) });
    return el("div", { class: "slot", "data-slot": slot }, here.map((picture, at) => pic(slot, picture, at)),
      room && button("Drop, paste or choose", () => file.click(), { name: `${slot}-in`, ariaLabel: `${label}: drop, paste or choose` }), file,
      room && earlier.length > 0 && el("select", {
        name: `${slot}-clip`, ariaLabel: `${label}: the end of an earlier clip`, onchange: (event) => model.send({ type: "clip", slot, clip: event.target.value }),
      }, [["", "or an earlier clip's end"], ...earlier].map(([value, words]) => el("option", { value }, words))));
  };

  // --- the fields of the model
  const pillsPart = (label, { name, pills }, key) => el("div", { class: "pills", role: "radiogroup", ariaLabel: label }, pills.map(([value, words]) => el("label", {},
    el("input", { type: "radio", name: `${id}-${key}`, value, checked: value === local[name], onchange: () => change(name, value) }), words)));
  const textPart = (label, { after, ...one }) => [
    el("input", { ariaLabel: label, ...one, value: local[one.name], oninput: (event) => change(one.name, event.target.value) }), small(after)];
  const part = (label, one, key) => one.slot ? slotPart(label, one) : one.pills ? pillsPart(label, one, key) : one.also ? el("code", {}, one.also) : textPart(label, one);
  const lines = (rows) => rows.flatMap(([label, ...parts]) => [
    el("span", { class: "name" }, label), el("div", { class: "parts" }, parts.flatMap((one, k) => part(label, one, `${label}-${k}`)))]);
  const paint = () => {
    const { rows, more } = get("spec"), held = fields.contains(document.activeElement) ? document.activeElement : null, caret = held?.selectionStart;
    fields.replaceChildren(...lines(rows), more.length ? el("details", { open, ontoggle: (event) => { open = event.target.open; } },
      el("summary", {}, "More"), el("div", { class: "grid" }, lines(more))) : "");
    const there = held && fields.querySelector(`[name="${held.name}"]:is(:checked, :not([type="radio"]))`);
    there?.focus();
    if (there && Number.isInteger(caret)) there.setSelectionRange?.(caret, caret);
  };

  // --- the price, and the buttons
  const paintOffer = () => {
    const { n, cost, left, off, note, advice } = get("offer"), { limit } = get("spec"), length = [...local.prompt].length;
    write(letters, `${length.toLocaleString("fr")} / ${limit.toLocaleString("fr")}`);
    letters.classList.toggle("bad", length > limit);
    write(hint, advice);
    write(money, cost);
    write(budget, cost && left ? ` · ${left}` : left);
    write(why, [off, note].filter(Boolean).join(" "));
    go.ariaDisabled = String(!cost || Boolean(off));
    foot.classList.toggle("stale", Boolean(timer) || n !== last);
  };
  const press = (type) => () => {
    if (type === "generate" && go.ariaDisabled === "true") return;
    write(said, "One moment.");
    setTimeout(() => { if (said.textContent === "One moment.") write(said, "Waiting for the kernel, which is busy."); }, 800);
    send(type, { seen: money.textContent });
  };

  // --- the takes: a live status each, then its player. Elsewhere than in JupyterLab the output below shows clips.
  const take = (ref) => {
    const box = el("div", { class: "take" });
    manager.get_model(ref.slice("IPY_MODEL_".length)).then(async (child) => {
      const draw = () => {
        const clip = child.get("clip"), words = child.get("again");
        if (clip.id && !manager.context) box.remove();
        else if (clip.id) box.replaceChildren(player(child, clip).root);
        else if (child.get("html")) box.innerHTML = child.get("html");
        if (words) box.append(button(words, (event) => { event.target.remove(); model.send({ type: "again", take: child.model_id }); }));
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

  // --- the page
  const prompt = el("textarea", { id: `${id}-prompt`, dir: "auto", value: local.prompt, "aria-describedby": `${id}-hint`, oninput: () => change("prompt", prompt.value) });
  const hint = el("span", { id: `${id}-hint` }), letters = el("span");
  const models = picker(`${id}-model`, () => get("models"), () => model.send({ type: "look" }), (name) => change("model", name));
  const fields = el("div", { class: "fields" }), takes = el("div"), said = el("div", { class: "said", role: "status" });
  const money = el("b"), budget = el("span"), why = el("div", { class: "small", id: `${id}-why` });
  const go = button("Generate", press("generate"), { class: "main", "aria-describedby": `${id}-why` });
  const foot = el("div", { class: "foot" }, el("div", { class: "offer", role: "status" }, money, budget, why), button("As a cell", press("cell")), go);
  const sheet = el("div", { class: "sheet", role: "form", ariaLabel: get("title") }, el("div", { class: "title" }, get("title")),
    el("label", { class: "name", htmlFor: prompt.id }, "Prompt"), el("div", {}, prompt, el("div", { class: "small under" }, hint, letters)),
    el("label", { class: "name", htmlFor: `${id}-model` }, "Model"), models.root, fields, foot, said);
  root.classList.add("soravid", "soravid-form", "mathjax_ignore", "tex2jax_ignore");
  root.append(sheet, takes);
  root.addEventListener("paste", (event) => dropped(event, event.clipboardData));
  root.addEventListener("drop", (event) => dropped(event, event.dataTransfer));
  root.addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); });

  model.on("change:values", heard);
  model.on("change:offer", paintOffer);
  for (const name of ["spec", "pictures", "earlier"]) model.on(`change:${name}`, paint);
  model.on("change:models", models.refresh);
  model.on("change:takes", paintTakes);
  model.on("msg:custom", async ({ type, words, key, source }, [data] = []) => {
    if (type === "thumb") {
      thumbs.set(key, URL.createObjectURL(new Blob([data], { type: "image/webp" })));
      paint();
    } else if (type === "cell") words = await insertCell(model, source, root) ? "A cell was added below." : "Copied: paste it into a cell.";
    else arrived?.(type === "got");
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
