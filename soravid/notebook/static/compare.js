// A grid of clips, after lot.js: filled as they come, played in step, voted for.

// Several <video>s as one: as long as the longest, which the others follow. A shorter one waits at its end.
class InStep extends EventTarget {
  all = [];
  loop = true;
  isConnected = true;
  #muted = true;
  #rate = 1;

  get lead() { return this.all.reduce((a, b) => ((b.duration || 0) > (a.duration || 0) ? b : a), this.all[0]); }
  get duration() { return this.lead?.duration; }
  get currentTime() { return this.lead?.currentTime ?? 0; }
  get paused() { return this.lead?.paused ?? true; }
  get muted() { return this.#muted; }
  set currentTime(seconds) { this.all.forEach((video) => this.#move(video, seconds)); }
  set muted(on) { this.all.forEach((video) => { video.muted = on; }, this.#muted = on); }
  set playbackRate(rate) { this.all.forEach((video) => { video.playbackRate = rate; }, this.#rate = rate); }

  add(video) {
    Object.assign(video, { muted: this.#muted, playbackRate: this.#rate });
    this.all.push(video);
    for (const event of ["durationchange", "play", "pause", "seeked", "volumechange", "click"]) {
      video.addEventListener(event, () => this.dispatchEvent(new Event(event)));
    }
    video.addEventListener("ended", () => { if (video === this.lead && this.loop) this.play(); });
  }

  async play() {
    const start = this.currentTime > this.duration - 0.1 ? 0 : this.currentTime;
    const ready = this.all.filter((video) => start < (video.duration || 0) - 0.05);
    ready.forEach((video) => this.#move(video, start));
    await Promise.all(ready.map((video) => video.play()));
    clearInterval(this.timer);
    this.timer = setInterval(() => this.#follow(), 100);
  }

  pause() {
    clearInterval(this.timer);
    const now = this.currentTime;
    this.all.forEach((video) => { video.pause(); this.#move(video, now); });
  }

  #move(video, seconds) {
    const to = Math.max(0, Math.min(seconds, (video.duration || 0) - 0.03));
    if (Math.abs(video.currentTime - to) > 0.005) video.currentTime = to;
  }

  // A little apart: a little slower or faster. Far apart: there at once.
  #follow() {
    const { lead } = this;
    if (lead.paused) clearInterval(this.timer);
    for (const video of this.all) {
      const ahead = video === lead || video.paused || video.seeking ? 0 : video.currentTime - lead.currentTime;
      if (Math.abs(ahead) > 0.3) this.#move(video, lead.currentTime);
      video.playbackRate = this.#rate * (Math.abs(ahead) > 0.015 ? 1 - Math.sign(ahead) / 10 : 1);
    }
  }
}

export default {
  initialize: lotNews,

  render({ model, el: host }) {
    host.classList.add("soravid", "soravid-compare");
    const columns = model.get("columns"), group = new InStep(), note = noteLine(), clips = [];
    const together = el("div", { class: "player", tabIndex: -1, role: "group", ariaLabel: "All clips", hidden: true });
    together.append(controlBar(model, group, { get id() { return clips[0]; } }, together, async () => {}, note), note);

    // One clip, closely, over the grid.
    const closer = el("div");
    let opened = null;
    const open = (clip, button) => {
      if (opened) opened.ariaExpanded = "false";
      opened = opened === button ? null : button;
      closer.replaceChildren();
      if (!opened) return;
      group.pause();
      button.ariaExpanded = "true";
      closer.append(player(model, clip).root);
      closer.querySelector("button").focus();
    };

    const cells = model.get("tiles").map((_, at) => {
      const amount = el("span", { class: "muted" });
      const vote = el("button", { type: "button", class: "vote", onclick: () => {
        model.send({ type: "vote", at, on: vote.ariaPressed !== "true" });
      } });
      const look = el("button", { type: "button", ariaExpanded: "false" }, "Open");
      const foot = el("div", { class: "foot" }, amount, vote, look);
      const tile = jobTile((clip) => {
        const { video, load } = clipVideo(model, clip);
        clips.push(clip.id);
        group.add(video);
        attempt(note, async () => { await load(); })();
        look.onclick = () => open(clip, look);
        together.hidden = false;
        return el("div", { class: "player" }, video);
      });
      const name = columns[at % columns.length], prompt = model.get("rows")[Math.floor(at / columns.length)];
      const root = el("div", { role: "group", ariaLabel: `${name}: ${prompt}` },
        el("div", { class: "muted" }, name), tile.root, foot);
      const show = (item) => {
        tile.show(item);
        foot.hidden = !item.clip;
        amount.textContent = item.amount;
        vote.textContent = item.voted ? "★ Voted" : "☆ Vote";
        vote.ariaPressed = String(item.voted);
        root.classList.toggle("voted", item.voted);
      };
      return { root, show, stop: tile.stop };
    });
    host.append(lotHead(model), together, closer, ...model.get("rows").map((prompt, row) => el("section", {},
      el("h4", { dir: "auto" }, prompt),
      el("div", { class: "grid", style: `--n:${columns.length}` },
        cells.slice(row * columns.length, (row + 1) * columns.length).map(({ root }) => root)))));
    model.on("comm_live_update", () => host.classList.add("gone"));
    followTiles(model, (item, at) => cells[at].show(item));
    return () => cells.forEach(({ stop }) => stop());
  },
};
