// The live status of one job. Python sends what changed; the clock runs here, by itself.
const LAYOUT = `<div class="row"><span class="mark" aria-hidden="true"></span>
<span class="label" role="status"></span><span class="percent"></span>
<span class="bar" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"><i></i></span>
<span class="clock" role="timer"></span>
<button type="button" data-lm-suppress-shortcuts="true">Cancel</button></div>
<div class="facts"></div><div class="note" aria-live="polite"></div>`;

// The kernel replaces the output itself. But a page that was closed or reloaded meanwhile no longer knows
// which output the kernel means: then it is found, and made lasting, here.
const settle = (model) => {
  const ending = model.get("ending");
  const cells = model.widget_manager.context?.model?.cells;
  if (!ending || !cells) return;
  for (const { outputs } of cells) {
    for (let k = 0; k < (outputs?.length ?? 0); k++) {
      const shown = outputs.get(k).data["application/vnd.jupyter.widget-view+json"];
      if (shown && shown.model_id === ending.id) outputs.set(k, ending.output);
    }
  }
  model.send({ type: "settled" });
};

// Called once for each model, so that all of its views count from the same start.
export default () => {
  let start, stopped = false;
  return {
    initialize({ model }) {
      const stamp = () => { start = performance.now() - model.get("elapsed") * 1000; };
      stamp();
      model.on("change:elapsed", stamp);
      model.on("change:ending", () => settle(model));
      // The connection only ever goes from live to not.
      model.on("comm_live_update", () => { stopped = true; });
      settle(model);
    },

    render({ model, el: root }) {
      root.classList.add("soravid", "soravid-status");
      root.innerHTML = LAYOUT;
      const [bar, button] = [".bar", "button"].map((where) => root.querySelector(where));
      const write = (where, words) => {
        const node = root.querySelector(where);
        if (node.textContent !== words) node.textContent = words;
      };

      const tick = () => write(".clock", clock(model.get("done")
        ? model.get("elapsed") : (performance.now() - start) / 1000));
      const timer = setInterval(tick, 250);

      const paint = () => {
        const [progress, done] = [model.get("progress"), model.get("done")];
        const known = progress !== null, cancelling = model.get("cancelling") && !done;
        root.dataset.tone = model.get("tone");
        for (const name of ["mark", "label", "facts", "note"]) write(`.${name}`, model.get(name));
        if (cancelling) write(".label", "Cancelling");
        write(".percent", known ? `${progress} %` : "");
        bar.classList.toggle("unknown", !known);
        bar.classList.toggle("over", done);
        bar.firstChild.style.width = known ? `${progress}%` : "";
        if (known) bar.ariaValueNow = progress; else bar.removeAttribute("aria-valuenow");
        button.hidden = done || !model.get("cancellable");
        button.disabled = cancelling;
        tick();
      };

      button.onclick = () => {
        model.set("cancelling", true);
        model.send({ type: "cancel" });
      };
      model.on("change", paint);
      const stop = () => {
        clearInterval(timer);
        root.dataset.tone = "quiet";
        write(".mark", "◇");
        write(".label", "The kernel has stopped");
        write(".facts", "The job is not lost: %video resume takes it up again.");
        bar.classList.add("over");
        button.hidden = true;
      };
      model.on("comm_live_update", stop);
      paint();
      if (stopped) stop();
      return () => clearInterval(timer);
    },
  };
};
