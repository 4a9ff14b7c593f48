// Clips in step, after player.js: one bar for all moves the longest, which the others follow. A shorter one waits at
// its end. Gives { root, add(clip, video, load), pause() }; what it holds is hidden before there is a clip.
const inStep = (model) => {
  const videos = [], loads = [], note = noteLine(), root = el("div", { hidden: true });
  let lead = null;

  // A little apart: a little slower or faster. Far apart, or at rest: there at once.
  const follow = ({ target }) => {
    if (target !== lead) return;
    for (const video of videos) {
      if (video === lead) continue;
      const end = (video.duration || 0) - 0.03, at = Math.max(0, Math.min(lead.currentTime, end));
      const runs = !lead.paused && lead.currentTime < end, ahead = video.currentTime - at;
      if (Math.abs(ahead) > (runs ? 0.3 : 0.005) && !(runs && video.seeking)) video.currentTime = at;
      video.playbackRate = lead.playbackRate * (runs && Math.abs(ahead) > 0.015 ? 1 - Math.sign(ahead) / 10 : 1);
      video.muted = lead.muted;
      if (!runs) video.pause(); else if (video.paused) video.play().catch(() => {});
    }
  };
  const head = (video, clip) => {
    const bar = el("div", { class: "player", tabIndex: -1, role: "group", ariaLabel: "All clips" });
    video.loop = lead?.loop ?? true;
    if (lead) lead.onclick = null;
    lead = video;
    bar.append(controlBar(model, video, clip, bar, () => Promise.all(loads.map((load) => load())), note), note);
    root.replaceChildren(bar);
    root.hidden = false;
  };
  const add = (clip, video, load) => {
    video.muted = true;
    videos.push(video);
    loads.push(load);
    on(video, "play pause seeking seeked timeupdate ratechange volumechange", follow);
    on(video, "durationchange", () => { if (video.duration > (lead.duration || 0)) head(video, clip); });
    on(video, "click", () => { if (video !== lead) lead.click(); });
    if (!lead) head(video, clip);
    attempt(note, async () => { await load(); })();
  };
  return { root, add, pause: () => lead?.pause() };
};
