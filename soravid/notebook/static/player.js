// A player for a finished clip, after parts.js and clock.js: `player(model, clip, options)` gives { root, video,
// load() }. `clip` is what `shown` in widgets/clips.py makes; options: `loop`, `muted`, `lazy` (nothing is fetched
// before it is played), `bar` (false: it is played by another's).
const inTenths = (seconds) => `${clock(seconds)}.${Math.floor((seconds % 1) * 10)}`;

// A <video> of the clip: the file beside the notebook, else its bytes out of the kernel once they are wanted.
const clipVideo = (model, clip, { loop = false, muted = false, lazy = false } = {}) => {
  const ariaLabel = `Video: ${clip.prompt}`;
  const video = el("video", { playsInline: true, preload: "metadata", poster: clip.poster, loop, muted, ariaLabel });
  video.style.aspectRatio = `${clip.width} / ${clip.height}`;
  const address = async () => (clip.src ? fileUrl(model, clip.src) : null);
  const pieces = async () => {
    const parts = [];
    for (let at = 0, size = 1, type; ; at += parts.at(-1).byteLength) {
      if (at >= size) return URL.createObjectURL(new Blob(parts, { type }));
      const [said, buffers] = await answer(model, { type: "piece", clip: clip.id, at });
      ({ size, kind: type } = said);
      parts.push(buffers[0]);
    }
  };
  const fetched = async () => (video.src = (await address()) ?? await pieces());
  let source = null;
  const load = () => {
    source ??= fetched();
    source.catch(() => { source = null; });
    return source;
  };
  if (!lazy) address().then((url) => url && load());
  return { video, load };
};

// The bar under a <video>, and its keys, which count anywhere in `root`. `load` gives the video its source.
const controlBar = (model, video, clip, root, load, note) => {
  let fps = 24, frame = 0, measured = false;
  const length = () => video.duration || 0;
  const toggle = attempt(note, async () => {
    await load();
    if (video.paused) await video.play(); else video.pause();
  });
  const seek = attempt(note, async (seconds) => {
    await load();
    video.currentTime = Math.min(Math.max(0, seconds), Math.max(0, length() - 0.5 / fps));
  });
  // To the middle of a frame, so that rounding never shows its neighbour.
  const step = (by) => {
    video.pause();
    seek((Math.floor(video.currentTime * fps + 1e-3) + by + 0.5) / fps);
  };
  const bar = built(BAR), { play, time, speed, loop, mute, captions, seek: slider } = bar;
  const press = (tool, on) => { tool.ariaPressed = String(on); };
  const tools = {
    play: toggle, back: () => step(-1), next: () => step(1),
    loop: () => press(loop, video.loop = !video.loop),
    mute: () => { video.muted = !video.muted; },
    captions: () => {
      const [track] = video.textTracks;
      if (!track) return;
      track.mode = track.mode === "showing" ? "hidden" : "showing";
      press(captions, track.mode === "showing");
    },
    full: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
  };
  const keys = { arrowleft: () => seek(video.currentTime - 1), arrowright: () => seek(video.currentTime + 1) };
  for (const [name, act] of Object.entries(tools)) bar[name].onclick = keys[bar[name].dataset.key] = act;
  slider.oninput = () => seek(Number(slider.value));
  speed.onchange = () => { video.playbackRate = speed.value; };
  press(loop, video.loop);
  press(captions, true);
  captions.hidden = !clip.captions;

  const show = () => {
    const [now, all] = [video.currentTime, length()];
    const ariaValueText = `${now.toFixed(1)} of ${all.toFixed(1)} seconds`;
    Object.assign(slider, { max: all || 1, value: now, ariaValueText });
    write(time, `${inTenths(now)} / ${inTenths(all)}`);
    const words = video.paused ? "Play" : "Pause";
    if (play.ariaLabel !== words) Object.assign(play, { ariaLabel: words, title: `${words} (space)` });
    press(mute, video.muted);
    cancelAnimationFrame(frame);
    if (!video.paused && video.isConnected) frame = requestAnimationFrame(show);
  };
  on(video, "play pause seeked timeupdate durationchange volumechange", show);
  video.onclick = toggle;

  // The file's own frame rate is asked for when somebody is about to step through it.
  const measure = () => {
    if (measured) return;
    measured = true;
    answer(model, { type: "facts", clip: clip.id }).then(([facts]) => {
      fps = facts.fps ?? fps;
      mute.hidden = !facts.audio;
    }, () => {});
  };
  on(root, "pointerenter focusin", measure);
  on(root, "keydown", (event) => {
    const { target, ctrlKey, metaKey, altKey } = event, key = event.key === " " ? "space" : event.key.toLowerCase();
    const act = keys[key];
    const own = target.matches("select") || (key === "space" && target.matches("a, button, summary"));
    if (!act || own || ctrlKey || metaKey || altKey) return;
    event.preventDefault();
    act();
  });
  show();
  return bar.root;
};

// What can be done with a clip, as buttons; `offer` adds those that make a cell: label to source.
const clipActions = (model, clip, load, note) => {
  const action = (label, work) => button(label, attempt(note, work));
  const actions = el("div", { class: "actions row" },
    action("Download", async () => {
      el("a", { href: await load(), download: clip.path?.split("/").pop() ?? "clip.mp4" }).click();
    }),
    action("Copy link", async () => {
      const url = new URL(await load(), location).href;
      // As JupyterLab's own "Copy shareable link": the file's bare address is refused without a token.
      return /^http/.test(url) ? copied(url.replace("/files/", "/lab/tree/").replace(/\?.*/, ""), "Link copied.")
        : copied(clip.path, "Path copied.");
    }));
  const offer = (cells) => actions.prepend(
    ...Object.entries(cells).map(([label, source]) => action(label, () => insertCell(model, source))));
  return { actions, offer };
};

const player = (model, clip, { bar = true, ...how } = {}) => {
  const { video, load } = clipVideo(model, clip, how);
  const root = el("div", { class: "player", tabIndex: -1, role: "group", ariaLabel: `Player: ${clip.prompt}` });
  const note = noteLine(), { actions, offer } = clipActions(model, clip, load, note);
  const muted = (words) => el("div", { class: "muted" }, words);
  offer(clip.cells ?? {});
  on(video, "error", () => write(note, "The clip's file is not there any more, or damaged."));
  if (clip.captions) {
    const src = URL.createObjectURL(new Blob([clip.captions], { type: "text/vtt" }));
    video.append(el("track", { kind: "captions", label: "Captions", src, default: true }));
  }
  root.classList.toggle("tall", clip.height > clip.width);
  root.append(el("div", { class: "stage" }, video), bar ? controlBar(model, video, clip, root, load, note) : "",
    el("div", { class: "words" }, el("b", { dir: "auto" }, clip.prompt), muted(clip.facts), actions, note,
      el("details", {}, el("summary", { class: "muted" }, "Details"), el("dl", {},
        Object.entries(clip.details ?? {}).flatMap(([label, words]) => [
          el("dt", { class: "muted" }, label), el("dd", { dir: "auto" }, words)])))));
  return { root, video, load };
};
