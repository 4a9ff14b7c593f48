// A player for a finished clip, after parts.js and clock.js: `player(model, clip, options)` gives { root, video,
// load() }. `clip` is what `shown` in widgets/clips.py makes; options: `loop`, `muted`, `lazy` (nothing is fetched
// before it is played).
const PLAYER_ICONS = {
  play: "M7 4v16l13-8z",
  pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  back: "M5 5h3v14H5zM19 5v14L9 12z",
  next: "M16 5h3v14h-3zM5 5v14l10-7z",
  loop: "M7 7h9V4l5 4.5-5 4.5v-3H9.5v4H7zM17 17H8v3l-5-4.5L8 11v3h6.5v-3H17z",
  mute: "M3 9v6h4l5 5V4L7 9zM15 8v8a4.5 4.5 0 0 0 0-8z",
  captions: "M3 5h18v14H3zM6 12v3h8v-3zM16 12v3h2v-3z",
  full: "M4 10V4h6zM14 4h6v6zM20 14v6h-6zM10 20H4v-6z",
};
const setIcon = (button, icon, title, key) => {
  if (button.name === icon) return;
  Object.assign(button, { name: icon, ariaLabel: title, title: `${title} (${key})` });
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path fill-rule="evenodd" d="${PLAYER_ICONS[icon]}"/></svg>`;
};
const inTenths = (seconds) => `${clock(seconds)}.${Math.floor((seconds % 1) * 10)}`;

// Work whose outcome, a sentence or an error, stands in `note`.
const attempt = (note, work) => async (...args) => {
  try {
    note.textContent = (await work(...args)) ?? "";
  } catch (wrong) {
    if (wrong.name !== "AbortError") note.textContent = wrong.message;
  }
};
const noteLine = () => el("div", { class: "note muted", role: "status" });

// What the kernel says to a question about a clip.
const answer = (model, question) => new Promise((good, bad) => {
  const hear = (said, buffers) => {
    if (said.type !== question.type || said.clip !== question.clip || said.at !== question.at) return;
    model.off("msg:custom", hear);
    if (said.error) bad(new Error(said.error)); else good([said, buffers]);
  };
  model.on("msg:custom", hear);
  model.send(question);
});

// A <video> of the clip: the file beside the notebook, else its bytes out of the kernel once they are wanted.
const clipVideo = (model, clip, { loop = false, muted = false, lazy = false } = {}) => {
  const video = el("video", {
    playsInline: true, preload: "metadata", poster: clip.poster, loop, muted, ariaLabel: `Video: ${clip.prompt}` });
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

// The bar under any <video>, and its keys, which count anywhere in `root`. `load` gives the video its source.
const controlBar = (model, video, clip, root, load, note) => {
  let fps = 24, frame = 0;
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
  const tool = (icon, title, key, onclick) => {
    const button = el("button", { type: "button", class: "tool", onclick });
    setIcon(button, icon, title, key);
    return button;
  };
  const press = (button, on) => { button.ariaPressed = String(on); };
  const play = tool("play", "Play", "space", toggle);
  const slider = el("input", {
    type: "range", class: "seek", min: 0, step: "any", ariaLabel: "Position", oninput: () => seek(Number(slider.value)) });
  const time = el("span", { class: "time" });
  const speed = el("select", { title: "Speed", ariaLabel: "Speed", onchange: () => { video.playbackRate = speed.value; } },
    [0.25, 0.5, 1, 1.5, 2].map((rate) => el("option", { value: rate, selected: rate === 1 }, `${rate}×`)));
  const loop = tool("loop", "Loop", "L", () => press(loop, video.loop = !video.loop));
  const mute = tool("mute", "Mute", "M", () => { video.muted = !video.muted; });
  const captions = tool("captions", "Captions", "C", () => {
    const [track] = video.textTracks;
    track.mode = track.mode === "showing" ? "hidden" : "showing";
    press(captions, track.mode === "showing");
  });
  const full = tool("full", "Full screen", "F",
    () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()));
  press(loop, video.loop);
  press(captions, true);
  captions.hidden = !clip.captions;

  const show = () => {
    const [now, all] = [video.currentTime, length()];
    Object.assign(slider, { max: all || 1, value: now, ariaValueText: `${now.toFixed(1)} of ${all.toFixed(1)} seconds` });
    time.textContent = `${inTenths(now)} / ${inTenths(all)}`;
    setIcon(play, ...(video.paused ? ["play", "Play"] : ["pause", "Pause"]), "space");
    press(mute, video.muted);
    cancelAnimationFrame(frame);
    if (!video.paused && video.isConnected) frame = requestAnimationFrame(show);
  };
  for (const event of ["play", "pause", "seeked", "timeupdate", "durationchange", "volumechange"]) {
    video.addEventListener(event, show);
  }
  video.addEventListener("click", toggle);

  // The file's own frame rate is asked for when somebody is about to step through it.
  let measured = false;
  const measure = () => {
    if (measured) return;
    measured = true;
    answer(model, { type: "facts", clip: clip.id }).then(([facts]) => {
      fps = facts.fps ?? fps;
      mute.hidden = !facts.audio;
    }, () => {});
  };
  for (const event of ["pointerenter", "focusin"]) root.addEventListener(event, measure);

  const keys = {
    " ": toggle, l: () => loop.click(), f: () => full.click(), m: () => mute.click(), c: () => captions.click(),
    ",": () => step(-1), ".": () => step(1),
    ArrowLeft: () => seek(video.currentTime - 1), ArrowRight: () => seek(video.currentTime + 1),
  };
  root.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event, act = keys[key.length > 1 ? key : key.toLowerCase()];
    const own = target.matches("select") || (key === " " && target.matches("a, button, summary"));
    if (!act || own || ctrlKey || metaKey || altKey) return;
    event.preventDefault();
    act();
  });
  show();
  return el("div", { class: "tools", role: "group", ariaLabel: "Controls" },
    play, tool("back", "One frame back", ",", () => step(-1)), tool("next", "One frame on", ".", () => step(1)),
    slider, time, speed, loop, mute, captions, full);
};

// What can be done with a clip, as buttons; `offer` adds those that make a cell: label to source.
const clipActions = (model, clip, load, note) => {
  const action = (label, work) => el("button", { type: "button", onclick: attempt(note, work) }, label);
  const copy = async (words, done) => {
    await navigator.clipboard?.writeText(words);
    return navigator.clipboard ? done : words;
  };
  const actions = el("div", { class: "actions" },
    action("Download", async () => {
      el("a", { href: await load(), download: clip.path?.split("/").pop() ?? "clip.mp4" }).click();
    }),
    action("Copy link", async () => {
      const url = new URL(await load(), location).href;
      // As JupyterLab's own "Copy shareable link": the file's bare address is refused without a token.
      return /^http/.test(url) ? copy(url.replace("/files/", "/lab/tree/").replace(/\?.*/, ""), "Link copied.")
        : copy(clip.path, "Path copied.");
    }));
  const offer = (cells) => actions.prepend(...Object.entries(cells).map(([label, source]) => action(label,
    async () => (await insertCell(model, source) ? "A cell was added below." : copy(source, "Copied: paste it into a cell.")))));
  return { actions, offer };
};

const player = (model, clip, options) => {
  const { video, load } = clipVideo(model, clip, options);
  const root = el("div", { class: "player", tabIndex: -1, role: "group", ariaLabel: `Player: ${clip.prompt}` });
  const note = noteLine(), { actions, offer } = clipActions(model, clip, load, note);
  offer(clip.cells ?? {});
  video.addEventListener("error", () => { note.textContent = "The clip's file is not there any more, or damaged."; });
  if (clip.captions) {
    const src = URL.createObjectURL(new Blob([clip.captions], { type: "text/vtt" }));
    video.append(el("track", { kind: "captions", label: "Captions", src, default: true }));
  }
  root.classList.toggle("tall", clip.height > clip.width);
  root.append(el("div", { class: "stage" }, video), controlBar(model, video, clip, root, load, note),
    el("div", { class: "words" },
      el("b", { dir: "auto" }, clip.prompt), el("div", { class: "muted" }, clip.facts), actions, note,
      el("details", {}, el("summary", { class: "muted" }, "Details"), el("dl", {},
        Object.entries(clip.details ?? {}).flatMap(([label, words]) => [
          el("dt", { class: "muted" }, label), el("dd", { dir: "auto" }, words)])))));
  return { root, video, load };
};
