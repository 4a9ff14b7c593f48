// The state of a job in a line, after parts.js and clock.js. Python says the words; the clocks run here.

// As soravid/views.py says it: 7 s, 40 s, 1 min 20 s, 4 min, 1 h 10 min.
const roughly = (seconds) => {
  const step = [[10, 1], [55, 5], [180, 10], [3600, 60], [Infinity, 600]].find(([limit]) => seconds < limit)[1];
  const whole = Math.max(1, Math.round(seconds / step) * step);
  const [h, m, s] = [whole / 3600, (whole / 60) % 60, whole % 60].map(Math.floor);
  return [h && `${h} h`, m && `${m} min`, s && `${s} s`].filter(Boolean).join(" ");
};
const whatIsLeft = ([middle, high], age) => (age > high ? "longer than usual"
  : age < middle ? `about ${roughly(middle - age)} left` : "");

// Once a second, for all widgets of a page at the same moment: it is drawn once then. Gives what ends it.
const everySecond = (work) => {
  let timer;
  const next = () => {
    timer = setTimeout(() => {
      work();
      next();
    }, 1000 - (Date.now() % 1000));
  };
  next();
  return () => clearTimeout(timer);
};

// A line for a job, or the first one for all of them: { root, paint(row), tick(), stop() }. `since(start)` is the age of
// what began then.
const jobLine = (model, since, first) => {
  const parts = built(LINE), { root, label, bar, facts, note, cancel } = parts;
  const ask = asking("Stop", "Keep going", () => {
    model.set("cancelling", [...model.get("cancelling"), row.id]);
    model.send({ type: "cancel", job: row.id });
  }, cancel);
  cancel.onclick = () => ask.show(ask.root.hidden);
  note.before(ask.root);
  if (first) label.role = "status";
  let row = {}, video, stopped;

  const tick = () => {
    if (stopped) return;
    const age = row.done ? row.end - row.start : since(row.start);
    tell(parts, {
      clock: row.start && (!row.done || row.end > row.start) && clock(Math.max(0, age)),
      left: row.usual && whatIsLeft(row.usual, age),
    });
  };
  const paint = (news) => {
    row = news;
    if (stopped) return;
    const cancelling = !row.done && model.get("cancelling")?.some((id) => id === row.id || id === "");
    const long = row.name?.length > 24;
    root.dataset.tone = row.tone;
    tell(parts, {
      name: long && row.name, short: !long && row.name, label: cancelling ? "Cancelling" : row.label,
      mark: row.mark, percent: row.aside, facts: row.facts, note: row.note,
    });
    facts.title = row.why ?? "";
    const { progress, red = 0 } = row;
    bar.classList.toggle("unknown", progress === undefined);
    bar.classList.toggle("over", Boolean(row.done));
    bar.style.cssText = progress === undefined ? "" : `--done:${progress - red}%;--more:${progress}%`;
    bar.ariaValueNow = progress ?? null;
    write(ask.words, row.ask);
    cancel.hidden = !row.ask;
    cancel.disabled = cancelling;
    if (!row.ask || cancelling) ask.root.hidden = true;
    if (row.src && !video) {
      video = el("video", { controls: true, preload: "metadata", ariaLabel: `Video: ${row.name}` });
      fileUrl(model, row.src).then((url) => url && root.append(Object.assign(video, { src: url })));
    }
    tick();
  };
  const stop = () => {
    if (row.done) return;
    stopped = cancel.hidden = ask.root.hidden = true;
    root.dataset.tone = "quiet";
    bar.classList.add("over");
    tell(parts, { mark: "◇", left: "" });
    const lost = model.get("total") ? "The jobs are" : "The job is";
    if (first) tell(parts, { label: "The kernel has stopped", facts: `${lost} not lost: %video resume goes on.` });
  };
  return { root, paint, tick, stop };
};
