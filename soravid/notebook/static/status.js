// The live status of one job, or of several on a board. Python sends the rows; the clocks run here.

// As soravid/views.py says it: 7 s, 40 s, 1 min 20 s, 4 min, 1 h 10 min.
const roughly = (seconds) => {
  const step = [[10, 1], [55, 5], [180, 10], [3600, 60], [Infinity, 600]].find(([limit]) => seconds < limit)[1];
  const whole = Math.max(1, Math.round(seconds / step) * step);
  const [h, m, s] = [whole / 3600, (whole / 60) % 60, whole % 60].map(Math.floor);
  return [h && `${h} h`, m && `${m} min`, s && `${s} s`].filter(Boolean).join(" ");
};
const whatIsLeft = ([middle, high], age) => (age > high ? "longer than usual"
  : age < middle ? `about ${roughly(middle - age)} left` : "");

// A line for a job, or the first one for all of them. `since(start)` is the age of what began then.
const jobLine = (model, since, first) => {
  const parts = {};
  const part = (name, tag = "span", props = {}) => { parts[name] = el(tag, { class: name, ...props }); return parts[name]; };
  const button = (words, onclick) => el("button", { type: "button", onclick }, words);
  const [fill, red] = [el("i"), el("i", { class: "red" })];
  const bar = part("bar", "span", { role: "progressbar", ariaLabel: "Progress", ariaValueMin: "0", ariaValueMax: "100" });
  const ask = (open) => {
    asking.hidden = !open;
    cancel.ariaExpanded = String(open);
    (open ? yes : cancel).focus();
  };
  const cancel = button("Cancel", () => ask(asking.hidden));
  const yes = button("Stop", () => {
    ask(false);
    model.set("cancelling", [...model.get("cancelling"), row.id]);
    model.send({ type: "cancel", job: row.id });
  });
  const asking = el("div", { class: "asking", hidden: true, onkeydown: (e) => { if (e.key === "Escape") ask(false); } },
    part("ask", "span", { role: "status" }), yes, button("Keep going", () => ask(false)));
  const facts = part("facts");
  const root = el("div", { class: "job" },
    part("name", "div", { dir: "auto" }),
    el("div", { class: "row" }, part("mark", "span", { ariaHidden: "true" }), part("short"),
      part("label", "span", first ? { role: "status" } : {}), part("percent"), bar,
      part("clock", "span", { role: "timer" }), part("left"), first ? null : facts, cancel),
    asking, first ? facts : null, part("note", "div", { ariaLive: "polite" }));
  let row = {}, video, stopped;

  const write = (name, words = "") => {
    if (parts[name].textContent !== words) parts[name].textContent = words;
    parts[name].hidden = !words;
  };
  const tick = () => {
    if (stopped) return;
    const age = row.done ? row.end - row.start : since(row.start);
    write("clock", row.start && (!row.done || row.end > row.start) ? clock(Math.max(0, age)) : "");
    write("left", row.usual ? whatIsLeft(row.usual, age) : "");
  };
  const paint = (news) => {
    row = news;
    if (stopped) return;
    const cancelling = !row.done && model.get("cancelling").some((id) => id === row.id || id === "");
    root.dataset.tone = row.tone;
    for (const name of ["mark", "facts", "note", "ask"]) write(name, row[name]);
    const long = row.name?.length > 24;
    write("name", long ? row.name : "");
    write("short", long ? "" : row.name);
    parts.facts.title = row.why ?? "";
    write("label", cancelling ? "Cancelling" : row.label);
    write("percent", row.aside);
    const known = row.progress !== undefined;
    bar.classList.toggle("unknown", !known);
    bar.classList.toggle("over", Boolean(row.done));
    fill.style.width = known ? `${row.progress - (row.red ?? 0)}%` : "";
    red.style.width = `${row.red ?? 0}%`;
    if (known) bar.ariaValueNow = row.progress; else bar.removeAttribute("aria-valuenow");
    cancel.hidden = !row.ask;
    cancel.disabled = cancelling;
    if (!row.ask || cancelling) asking.hidden = true;
    if (row.src && !video) {
      video = el("video", { controls: true, preload: "metadata", ariaLabel: `Video: ${row.name}` });
      fileUrl(model, row.src).then((url) => url && root.append(Object.assign(video, { src: url })));
    }
    tick();
  };
  const stop = () => {
    if (row.done) return;
    stopped = true;
    root.dataset.tone = "quiet";
    write("mark", "◇");
    bar.classList.add("over");
    cancel.hidden = asking.hidden = true;
    write("left");
    if (first) {
      write("label", "The kernel has stopped");
      write("facts", `${model.get("total") ? "The jobs are" : "The job is"} not lost: %video resume goes on.`);
    }
  };
  bar.append(fill, red);
  return { root, paint, tick, stop };
};

// Called once for each model, so that all of its views count from the same start.
export default () => {
  let zero, stopped = false;
  const since = (start) => performance.now() / 1000 - zero - start;
  return {
    initialize({ model }) {
      zero = performance.now() / 1000 - model.get("now");
      // The connection only ever goes from live to not.
      model.on("comm_live_update", () => { stopped = true; });
    },

    render({ model, el: root }) {
      const lines = new Map();
      root.classList.add("soravid", "soravid-status");
      const paint = () => {
        const total = model.get("total");
        const rows = [...(total ? [total] : []), ...model.get("rows")];
        const gone = new Set(lines.keys());
        rows.forEach((row, k) => {
          gone.delete(row.id);
          if (!lines.has(row.id)) lines.set(row.id, jobLine(model, since, k === 0));
          const line = lines.get(row.id);
          if (root.children[k] !== line.root) root.insertBefore(line.root, root.children[k] ?? null);
          line.paint(row);
        });
        for (const id of gone) {
          lines.get(id).root.remove();
          lines.delete(id);
        }
        root.classList.toggle("board", Boolean(total));
      };
      const stop = () => lines.forEach((line) => line.stop());
      const timer = setInterval(() => lines.forEach((line) => line.tick()), 250);
      model.on("change", paint);
      model.on("comm_live_update", stop);
      paint();
      if (stopped) stop();
      return () => clearInterval(timer);
    },
  };
};
