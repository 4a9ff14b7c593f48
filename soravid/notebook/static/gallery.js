// The gallery, after step.js: a grid of which only what is in sight exists. Rows, posters and clips come when they are
// asked for.
const CARD_WIDE = 176, CARD_GAP = 12, CARD_WORDS = 68, PAGE = 60, POSTERS_KEPT = 400, ASK_EVERY = 120;

const render = ({ model, el: root }) => {
  const uid = `g${Math.random().toString(36).slice(2)}`;
  const rows = new Map(), asked = new Set(), urls = new Map(), picked = new Set(), ring = [];
  let key = "", count = 0, active = 0, columns = 1, wide = 1, high = 1, timer, waiting;
  const send = (type, more) => model.send({ type, search: key, ...more });

  const parts = built(model.get("frame")), { caption, news, grid, cards, which, tags, remove, open, note, stages } = parts;
  const fields = Object.fromEntries([...parts.fields.querySelectorAll("[name]")].map((field) => [field.name, field]));
  const question = asking("Delete file", "Keep", () => send("delete", { ids: doomed }), {
    focus: () => (opened() ? open : grid).focus() });
  let doomed = [];
  question.root.role = "alertdialog";
  note.before(question.root);
  root.classList.add("soravid", "soravid-gallery");
  root.append(...parts.root.children);

  const opened = () => root.classList.contains("opened");
  const chosen = () => {
    const those = [...rows.values()].filter(({ id }) => picked.has(id));
    return those.length ? those : [rows.get(active)].filter(Boolean);
  };
  const ids = () => chosen().map(({ id }) => id);
  const search = () => {
    key = `${uid}-${performance.now()}`;
    news.hidden = true;
    send("found", { values: Object.fromEntries(Object.entries(fields).map(([name, { value }]) => [name, value])) });
  };

  // - the grid

  const layout = () => {
    const room = grid.clientWidth, top = Math.floor(grid.scrollTop / high) * columns;
    if (!room) return;
    columns = Math.max(1, Math.floor((room + CARD_GAP) / (CARD_WIDE + CARD_GAP)));
    wide = (room + CARD_GAP) / columns - CARD_GAP;
    high = Math.round((wide * 9) / 16) + CARD_WORDS + CARD_GAP;
    cards.style.cssText = `height:${Math.ceil(count / columns) * high}px;--wide:${wide}px;--high:${high - CARD_GAP}px`;
    grid.scrollTop = Math.floor(top / columns) * high;
    paint(true);
  };
  const fill = (card, k) => {
    const { root: node, prompt, facts, picture } = card, row = rows.get(k), url = urls.get(row?.id);
    const ariaSelected = String(picked.has(row?.id));
    card.k = k;
    Object.assign(node, { id: `${uid}-${k}`, ariaPosInSet: k + 1, ariaSetSize: count, ariaSelected });
    node.style.translate = `${(k % columns) * (wide + CARD_GAP)}px ${Math.floor(k / columns) * high}px`;
    node.classList.toggle("active", k === active);
    node.classList.toggle("missing", Boolean(row?.missing));
    write(prompt, row?.prompt);
    write(facts, row?.facts);
    picture.hidden = !url;
    if (url && picture.src !== url) picture.src = url;
  };
  const inSight = () => [
    Math.max(0, (Math.floor(grid.scrollTop / high) - 1) * columns),
    Math.min(count, (Math.ceil((grid.scrollTop + grid.clientHeight) / high) + 1) * columns),
  ];
  // Each card of the ring has its number, and those that are further by whole rounds: what is scrolled stays.
  const paint = (anew) => {
    const [from, to] = inSight(), more = Math.max(0, to - from - ring.length);
    for (let n = 0; n < more; n++) cards.append(ring[ring.push(built(CARD)) - 1].root);
    ring.forEach((card, at) => {
      const k = at + Math.ceil((from - at) / ring.length) * ring.length;
      card.root.hidden = k >= to;
      if (anew || more || card.k !== k) fill(card, k);
    });
    grid.setAttribute("aria-activedescendant", active >= from && active < to ? `${uid}-${active}` : "");
    waiting ??= setTimeout(ask, ASK_EVERY);
  };
  const ask = () => {
    waiting = null;
    const wanted = [], [from, to] = inSight(), isNew = (what) => !asked.has(what) && asked.add(what);
    for (let k = from; k < to; k++) {
      const { id } = rows.get(k) ?? {}, start = k - (k % PAGE);
      if (!id && isNew(start)) send("rows", { start });
      if (id && !urls.has(id) && isNew(id)) wanted.push(id);
    }
    if (wanted.length) send("posters", { ids: wanted });
  };
  const told = () => {
    const those = chosen(), n = those.length;
    write(which, n > 1 ? `${n} chosen` : those[0]?.prompt);
    const common = those[0]?.tags.filter((tag) => those.every((row) => row.tags.includes(tag))) ?? [];
    if (document.activeElement !== tags) tags.value = common.join(", ");
    tags.disabled = !n;
    remove.disabled = !n || those.some(({ missing }) => missing);
    open.disabled = !opened() && (!n || n > 2);
    write(open, opened() ? "All clips" : n === 2 ? "Compare" : "Open");
    paint(true);
  };
  const go = (k) => {
    active = Math.max(0, Math.min(k, count - 1));
    const top = Math.floor(active / columns) * high;
    grid.scrollTop = Math.min(top, Math.max(grid.scrollTop, top + high - grid.clientHeight));
    told();
  };
  const pick = (k) => {
    const { id } = rows.get(k) ?? {};
    if (id && !picked.delete(id)) picked.add(id);
    go(k);
  };

  // - what is pressed

  const back = () => {
    root.classList.remove("opened");
    stages.replaceChildren();
    told();
    grid.focus();
  };
  const say = (words) => {
    if (!question.root.hidden) question.show(false);
    write(note, words);
  };
  on(grid, "click", ({ target, ctrlKey, metaKey }) => {
    const k = Number(target.closest(".card")?.id.split("-")[1]);
    if (!rows.has(k)) return;
    if (target.className === "pick" || ctrlKey || metaKey) { pick(k); return; }
    picked.clear();
    go(k);
    open.click();
  });
  parts.fields.oninput = () => {
    clearTimeout(timer);
    timer = setTimeout(search, 250);
  };
  grid.onscroll = () => paint();
  news.onclick = () => search();
  tags.onchange = () => send("tag", { ids: ids(), tags: tags.value });
  remove.onclick = () => send("ask", { ids: ids() });
  open.onclick = () => { if (opened()) back(); else send("open", { ids: ids() }); };
  const keys = { Enter: () => open.click(), " ": () => pick(active), Delete: () => remove.click() };
  on(root, "keydown", (event) => {
    const { key: pressed, target } = event, page = columns * Math.max(1, Math.floor(grid.clientHeight / high));
    const by = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
      PageUp: -page, PageDown: page, Home: -count, End: count,
    };
    if (target === grid && by[pressed]) go(active + by[pressed]);
    else if (target === grid && keys[pressed]) keys[pressed]();
    else if (target === tags && pressed === "Enter") grid.focus();  // what was written is heard when it loses the focus
    else if (pressed === "/" && !opened() && target.localName !== "input") fields.words.focus();
    else if (pressed !== "Escape") return;
    else if (note.textContent) say("");
    else if (opened()) back();
    else { picked.clear(); told(); }
    event.preventDefault();
  });

  // - what is heard

  const take = (start, some) => some.forEach((row, k) => rows.set(start + k, row));
  const hear = {
    found(said) {
      [count, active] = [said.count, 0];
      write(caption, said.caption);
      [rows, asked, picked].forEach((each) => each.clear());
      say("");
      take(0, said.rows);
      asked.add(0);
      grid.scrollTop = 0;
      layout();
      told();
    },
    rows({ start, rows: some }) {
      take(start, some);
      paint(true);
    },
    posters({ ids: those }, buffers) {
      those.forEach((id, k) => urls.set(id, pictureUrl(buffers[k])));
      for (const id of [...urls.keys()].slice(0, -POSTERS_KEPT)) {
        URL.revokeObjectURL(urls.get(id));
        urls.delete(id);
        asked.delete(id);
      }
      paint(true);
    },
    opened({ clips }) {
      const group = inStep(model), alone = clips.length === 1;
      stages.replaceChildren(group.root, ...clips.map((clip) => {
        const made = player(model, clip, { bar: alone, lazy: clip.missing });
        if (!alone && !clip.missing) group.add(clip, made.video, made.load);
        return el("div", {}, clip.where, made.root);
      }));
      root.classList.add("opened");
      say("");
      told();
      open.focus();
    },
    changed({ rows: some, said, tags: names }) {
      for (const [k, { id }] of rows) rows.set(k, some.find((row) => row.id === id) ?? rows.get(k));
      const { value } = fields.tag;
      if (names) fields.tag.replaceChildren(fields.tag[0], ...options(names.map((name) => [name, name])));
      fields.tag.value = value;
      say(said);
      if (said && opened()) back(); else told();
    },
    asks({ ids: those, title, text }) {
      doomed = those;
      say("");
      question.root.ariaLabel = title;
      question.words.replaceChildren(el("b", {}, title), ` ${text}`);
      question.show(true);
      question.root.lastChild.focus();
    },
    problem({ text }) { say(`▲ ${text}`); },
    news() { if (opened() || grid.scrollTop || picked.size) news.hidden = false; else search(); },
  };
  model.on("msg:custom", (said, buffers) => { if ((said.search ?? key) === key) hear[said.type]?.(said, buffers); });
  model.on("comm_live_update", () => say("◇ The kernel has stopped. Run the cell again to go on."));
  const sized = new ResizeObserver(layout), first = model.get("first");
  sized.observe(grid);
  Object.entries(first.posters).forEach(([id, url]) => urls.set(id, url));
  hear.found(first);
  if (Date.now() / 1000 - first.at > 5) search();  // this page was reloaded
  return () => {
    sized.disconnect();
    urls.forEach((url) => URL.revokeObjectURL(url));
  };
};
export default { render };
