// The live status of one job. Python sends what changed; the clock runs here, by itself.
const LAYOUT = `<div class="row"><span class="mark" aria-hidden="true"></span>
<span class="label" role="status"></span><span class="percent"></span>
<span class="bar" role="progressbar" aria-label="Progress" aria-valuemin="0" aria-valuemax="100"><i></i></span>
<span class="clock" role="timer"></span>
<button type="button" data-lm-suppress-shortcuts="true"></button></div><div class="facts"></div>`;

const two = (n) => String(n).padStart(2, "0");
const clock = (seconds) => {
  const [h, m, s] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};

// Called once for each model, so that all of its views count from the same start.
export default () => {
  let start;
  return {
    initialize({ model }) {
      const stamp = () => { start = performance.now() - model.get("elapsed") * 1000; };
      stamp();
      model.on("change:elapsed", stamp);
    },

    render({ model, el }) {
      el.classList.add("soravid-status");
      el.innerHTML = LAYOUT;
      const [bar, button] = ["bar", "button"].map((name) => el.querySelector(`.${name}, ${name}`));
      const write = (where, words) => {
        const node = el.querySelector(where);
        if (node.textContent !== words) node.textContent = words;
      };

      const tick = () => write(".clock", clock(model.get("done")
        ? model.get("elapsed") : (performance.now() - start) / 1000));

      const paint = () => {
        const get = (name) => model.get(name);
        const progress = get("progress"), known = progress !== null;
        const cancelling = get("cancelling") && !get("done");
        el.dataset.tone = get("tone");
        write(".mark", get("mark"));
        write(".label", cancelling ? "Cancelling" : get("label"));
        write(".percent", known ? `${progress} %` : "");
        write(".facts", get("facts"));
        write("button", "Cancel");
        bar.classList.toggle("unknown", !known);
        bar.classList.toggle("over", get("done"));
        bar.firstChild.style.width = known ? `${progress}%` : "";
        if (known) bar.ariaValueNow = progress; else bar.removeAttribute("aria-valuenow");
        button.hidden = get("done") || !get("cancellable");
        button.disabled = cancelling;
        tick();
      };

      button.onclick = () => {
        model.set("cancelling", true);
        model.send({ type: "cancel" });
      };
      model.on("change", paint);
      paint();
      const timer = setInterval(tick, 250);
      return () => clearInterval(timer);
    },
  };
};
