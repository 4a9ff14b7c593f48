// The gallery: a grid of which only what is in sight exists. Rows, posters and clips come when they are asked for.
const CARD_WIDE = 176, CARD_GAP = 12, CARD_WORDS = 68, PAGE = 60, POSTERS_KEPT = 400, ASK_EVERY = 120;

// Videos as one: what is done to one is done to all.
const inStep = (videos) => videos.forEach((one) => ["play", "pause", "seeking", "ratechange"].forEach((event) => {
  one.addEventListener(event, () => videos.forEach((other) => {
    if (other === one || one.ended) return;
    if (Math.abs(one.currentTime - other.currentTime) > 0.05) other.currentTime = one.currentTime;
    other.playbackRate = one.playbackRate;
    if (one.paused) other.pause(); else other.play();
  }));
}));

const galleryCard = () => {
  const card = el("div", { role: "option", class: "card" });
  card.innerHTML = `<div class="poster"><img alt="" decoding="async"><span class="pick" aria-hidden="true"></span></div>
<div class="prompt" dir="auto"></div><div class="facts"></div>`;
  for (const part of ["img", "prompt", "facts"]) card[part] = card.querySelector(`${part}, .${part}`);
  return card;
};

export default {
  render({ model, el: root }) {
    const uid = `g${Math.random().toString(36).slice(2)}`;
    const rows = new Map(), asked = new Set(), urls = new Map(), nodes = new Map(), spare = [], picked = new Set();
    let key = "", count = 0, active = 0, columns = 1, wide = 1, high = 1, timer, asking;
    const send = (type, more) => model.send({ type, search: key, ...more });
    const button = (words, onclick, name) => el("button", { type: "button", class: name, onclick }, words);
    const bar = (...parts) => el("div", { class: "bar" }, ...parts);

    const fields = model.get("fields").map(({ name, label, kind, options, value }) => {
      const oninput = () => { clearTimeout(timer); timer = setTimeout(search, 250); };
      const props = { name, value, ariaLabel: label, oninput, type: kind ?? "search", placeholder: kind ? null : label };
      const control = options ? el("select", { name, ariaLabel: label, oninput }, options.map(([id, words]) =>
        el("option", { value: id, selected: id === value }, words))) : el("input", props);
      return { name, kind, control, shown: kind ? el("label", { class: "muted" }, label, " ", control) : control };
    });
    const shown = (more) => fields.filter(({ kind }) => Boolean(kind) === more).map((field) => field.shown);
    const caption = el("span", { role: "status", class: "muted" }), news = button("New clips: show", () => search());
    const all = el("div", { role: "presentation" }), stage = el("div", { class: "stages" });
    const grid = el("div", {
      class: "grid", tabIndex: 0, role: "listbox", ariaLabel: "Clips", ariaMultiSelectable: "true", onscroll: () => paint(),
    }, all);
    const which = el("span", { class: "which muted", dir: "auto" }), note = el("div", { class: "note", role: "alert" });
    const tags = el("input", {
      placeholder: "Tags, with commas", ariaLabel: "Tags", onchange: () => send("tag", { ids: ids(), tags: tags.value }),
    });
    const remove = button("Delete file", () => send("ask", { ids: ids() }));
    const open = button("Open", () => { if (opened()) back(); else send("open", { ids: ids() }); }, "main");
    root.classList.add("soravid", "soravid-gallery");
    root.append(
      el("div", { class: "sought" }, bar(shown(false)),
        el("details", { open: fields.some(({ kind, control }) => kind && control.value) },
          el("summary", { class: "muted" }, "More filters"), bar(shown(true))),
        bar(caption, news), grid),
      bar(which, tags, remove, open), note, stage);

    const opened = () => root.classList.contains("opened");
    const chosen = () => {
      const those = [...rows.values()].filter(({ id }) => picked.has(id));
      return those.length ? those : [rows.get(active)].filter(Boolean);
    };
    const ids = () => chosen().map(({ id }) => id);
    const search = () => {
      key = `${uid}-${performance.now()}`;
      news.hidden = true;
      send("found", { values: Object.fromEntries(fields.map(({ name, control }) => [name, control.value])) });
    };

    // - the grid

    const layout = () => {
      const room = grid.clientWidth, top = Math.floor(grid.scrollTop / high) * columns;
      if (!room) return;
      columns = Math.max(1, Math.floor((room + CARD_GAP) / (CARD_WIDE + CARD_GAP)));
      wide = (room + CARD_GAP) / columns - CARD_GAP;
      high = Math.round((wide * 9) / 16) + CARD_WORDS + CARD_GAP;
      all.style.cssText = `height:${Math.ceil(count / columns) * high}px;--wide:${wide}px;--high:${high - CARD_GAP}px`;
      grid.scrollTop = Math.floor(top / columns) * high;
      paint(true);
    };
    const fill = (node, k) => {
      const row = rows.get(k), url = urls.get(row?.id);
      Object.assign(node, {
        id: `${uid}-${k}`, hidden: false, ariaPosInSet: k + 1, ariaSetSize: count, ariaSelected: String(picked.has(row?.id)),
      });
      node.style.translate = `${(k % columns) * (wide + CARD_GAP)}px ${Math.floor(k / columns) * high}px`;
      node.classList.toggle("active", k === active);
      node.classList.toggle("missing", Boolean(row?.missing));
      node.prompt.textContent = row?.prompt ?? "";
      node.facts.textContent = row?.facts ?? "";
      node.img.hidden = !url;
      if (url && node.img.src !== url) node.img.src = url;
    };
    const inSight = () => [
      Math.max(0, (Math.floor(grid.scrollTop / high) - 1) * columns),
      Math.min(count, (Math.ceil((grid.scrollTop + grid.clientHeight) / high) + 1) * columns),
    ];
    const paint = (anew) => {
      const [from, to] = inSight();
      for (const [k, node] of nodes) {
        if (k >= from && k < to) continue;
        nodes.delete(k);
        spare.push(node);
        Object.assign(node, { id: "", hidden: true });
      }
      for (let k = from; k < to; k++) {
        const there = nodes.get(k), node = there ?? spare.pop() ?? all.appendChild(galleryCard());
        nodes.set(k, node);
        if (anew || !there) fill(node, k);
      }
      grid.setAttribute("aria-activedescendant", nodes.get(active)?.id ?? "");
      asking ??= setTimeout(ask, ASK_EVERY);
    };
    const ask = () => {
      asking = null;
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
      which.textContent = n > 1 ? `${n} chosen` : those[0]?.prompt ?? "";
      const common = those[0]?.tags.filter((tag) => those.every((row) => row.tags.includes(tag))) ?? [];
      if (document.activeElement !== tags) tags.value = common.join(", ");
      tags.disabled = !n;
      remove.disabled = !n || those.some(({ missing }) => missing);
      open.disabled = !opened() && (!n || n > 2);
      open.textContent = opened() ? "All clips" : n === 2 ? "Compare" : "Open";
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
      stage.replaceChildren();
      told();
      grid.focus();
    };
    const say = (...words) => {
      if (note.contains(document.activeElement)) (opened() ? open : grid).focus();
      note.replaceChildren(...words);
    };
    grid.addEventListener("click", ({ target, ctrlKey, metaKey }) => {
      const k = Number(target.closest(".card")?.id.split("-")[1]);
      if (!rows.has(k)) return;
      if (target.className === "pick" || ctrlKey || metaKey) { pick(k); return; }
      picked.clear();
      go(k);
      open.click();
    });
    const keys = { Enter: () => open.click(), " ": () => pick(active), Delete: () => remove.click() };
    root.addEventListener("keydown", (event) => {
      const { key: pressed, target } = event, page = columns * Math.max(1, Math.floor(grid.clientHeight / high));
      const by = {
        ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page, Home: -count, End: count,
      }[pressed];
      if (target === grid && by) go(active + by);
      else if (target === grid && keys[pressed]) keys[pressed]();
      else if (target === tags && pressed === "Enter") grid.focus();  // what was written is heard when it loses the focus
      else if (pressed === "/" && !opened() && target.tagName !== "INPUT") fields[0].control.focus();
      else if (pressed !== "Escape") return;
      else if (note.firstChild) say();
      else if (opened()) back();
      else { picked.clear(); told(); }
      event.preventDefault();
    });

    // - what is heard

    const take = (start, some) => some.forEach((row, k) => rows.set(start + k, row));
    const hear = {
      found(said) {
        [count, active, caption.textContent] = [said.count, 0, said.caption];
        [rows, asked, picked].forEach((each) => each.clear());
        say();
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
        those.forEach((id, k) => urls.set(id, URL.createObjectURL(new Blob([buffers[k]], { type: "image/webp" }))));
        for (const id of [...urls.keys()].slice(0, -POSTERS_KEPT)) {
          URL.revokeObjectURL(urls.get(id));
          urls.delete(id);
          asked.delete(id);
        }
        paint(true);
      },
      opened({ clips }) {
        const players = clips.map((clip) => player(model, clip, { muted: clips.length > 1, lazy: clip.missing }));
        stage.replaceChildren(...players.map((each, k) => el("div", {}, clips[k].where, each.root)));
        inStep(players.map(({ video }) => video));
        root.classList.add("opened");
        say();
        told();
        open.focus();
      },
      changed({ rows: some, said, tags: names }) {
        for (const [k, { id }] of rows) rows.set(k, some.find((row) => row.id === id) ?? rows.get(k));
        const { control } = fields.find(({ name }) => name === "tag");
        const option = (tag) => el("option", { selected: tag === control.value }, tag);
        if (names) control.replaceChildren(control[0], ...names.map(option));
        say(said ?? "");
        if (said && opened()) back(); else told();
      },
      asks({ ids: those, title, text }) {
        const yes = button("Delete file", () => { say(); send("delete", { ids: those }); }, "main"), no = button("Keep", () => say());
        say(el("div", { role: "alertdialog", ariaLabel: title }, el("b", {}, title), el("div", {}, text), bar(yes, no)));
        no.focus();
      },
      problem({ text }) { say(`▲ ${text}`); },
      news() { if (opened() || grid.scrollTop || picked.size) news.hidden = false; else search(); },
    };
    const receive = (said, buffers) => { if ((said.search ?? key) === key) hear[said.type]?.(said, buffers); };
    const end = () => say("◇ The kernel has stopped. Run the cell again to go on.");
    model.on("msg:custom", receive);
    model.on("comm_live_update", end);
    const sized = new ResizeObserver(layout), first = model.get("first");
    sized.observe(grid);
    Object.entries(first.posters).forEach(([id, url]) => urls.set(id, url));
    news.hidden = true;
    hear.found(first);
    if (Date.now() / 1000 - first.at > 5) search();  // this page was reloaded
    return () => {
      model.off("msg:custom", receive);
      model.off("comm_live_update", end);
      sized.disconnect();
      urls.forEach((url) => URL.revokeObjectURL(url));
    };
  },
};
