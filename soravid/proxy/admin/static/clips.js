// Everybody's clips, by key, model and state: posters that play, and jobs as they run.

import { at, get } from "./api.js";
import { progress } from "./charts.js";
import { copyable, el, keep, open, select, svg } from "./dom.js";
import { clock, money, moment, spoken, state } from "./words.js";

const STATES = [["", "All"], ["running", "Running"], ["completed", "Done"], ["failed", "Failed"]];

const amount = (clip) => (clip.held === null ? (clip.cost === null ? "price unknown" : `${money(Number(clip.cost))}\u00a0spent`) : `${money(clip.held)}\u00a0held`);
const factsOf = (clip) => [clip.seconds && `${Number(clip.seconds)} s`, clip.size, clip.model, amount(clip)].filter(Boolean).join(" · ");

const play = (clip, say) => {
  const video = el("video", { controls: true, autoplay: true, playsInline: true, src: at(`v1/videos/${clip.id}/content`),
    poster: clip.has_poster ? at(`admin/posters/${clip.id}`) : null, "aria-label": `Video: ${clip.prompt}` });
  const facts = {
    Prompt: clip.prompt,
    Key: clip.key_alias ?? "without a key",
    Model: clip.model === clip.provider_model ? clip.model : `${clip.model} (${clip.provider_model})`,
    Length: clip.seconds && `${Number(clip.seconds)} s`,
    Size: clip.size,
    Cost: amount(clip),
    Made: `${moment(new Date(clip.created_at * 1000))}, in ${spoken(clip.completed_at - clip.created_at)}`,
  };
  open("Clip", (close) => [video,
    el("dl", { class: "facts-list" }, Object.entries(facts).filter(([, text]) => text)
      .map(([name, text]) => [el("dt", {}, name), el("dd", {}, text)])),
    copyable("The clip's id", clip.id, say),
    el("div", { class: "actions" },
      el("a", { class: "button", href: at(`v1/videos/${clip.id}/content`), download: `${clip.id}.mp4` }, "Download"),
      el("button", { type: "button", class: "main", onclick: close }, "Done")),
  ], { wide: true, onclose: () => { video.pause(); video.removeAttribute("src"); video.load(); } });
};

export const clips = {
  title: "Clips",

  async mount(root, params, app) {
    Object.assign(this, { app, params, pages: 1, states: new Map() });
    const change = (name, value) => app.go("clips", { ...Object.fromEntries(params), [name]: value });
    const filter = (label, name, options) =>
      el("label", {}, label, select(options, params.get(name) ?? "", { onchange: (event) => change(name, event.target.value) }));
    this.filters = el("div", { class: "filters" });
    this.tiles = el("ul", { class: "tiles" });
    this.none = el("p", { class: "empty", hidden: true }, "There is no such clip.");
    this.more = el("div", { class: "more", hidden: true },
      el("button", { type: "button", onclick: () => { this.pages += 1; this.refresh().catch(app.trouble); } }, "Show more"));
    root.append(el("div", { class: "title" }, el("h1", { tabIndex: -1 }, "Clips"), this.filters), this.tiles, this.none, this.more);
    const [keys, models] = await Promise.all([get("key/list"), get("v1/models")]);
    this.filters.replaceChildren(
      filter("Key", "key", [["", "All"], ["master", "master"], ...keys.keys.map((key) => [key.token, key.key_alias ?? key.token])]),
      filter("Model", "model", [["", "All"], ...models.data.map((model) => [model.id, model.id])]),
      filter("State", "status", STATES));
  },

  async refresh() {
    const { params } = this;
    const query = { api_key: params.get("key"), model: params.get("model"), status: params.get("status") };
    const found = await get("admin/clips", { ...query, page_size: Math.min(96, 24 * this.pages) });
    if (params !== this.params) return;
    this.none.hidden = found.data.length > 0;
    this.more.hidden = !found.has_more || this.pages >= 4;
    for (const clip of found.data) {
      const before = this.states.get(clip.id);
      if (before && before !== clip.status) this.app.say(`${state(clip.status)[2]}: ${clip.prompt.slice(0, 80)}`);
      this.states.set(clip.id, clip.status);
    }
    keep(this.tiles, found.data, (clip) => this.tile(clip));
  },

  tile(clip) {
    const [mark, tone, word] = state(clip.status);
    const who = [clip.key_alias ?? "without a key", clip.user, moment(new Date(clip.created_at * 1000))].filter(Boolean).join(" · ");
    return el("li", { class: "card tile", data: { tone } }, this.stage(clip, mark, word),
      el("div", { class: "words" },
        el("p", { class: "prompt", title: clip.prompt }, clip.prompt),
        el("p", { class: "facts" }, factsOf(clip)),
        el("p", { class: "facts" }, who)));
  },

  stage(clip, mark, word) {
    if (clip.status === "completed") {
      return el("button", { type: "button", class: "stage", "aria-label": `Play: ${clip.prompt}`, onclick: () => play(clip, this.app.say) },
        clip.has_poster && el("img", { src: at(`admin/posters/${clip.id}`), alt: "", loading: "lazy" }),
        el("span", { class: "play" }, svg("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: "M4 2.5v15L17 10z" }))));
    }
    if (clip.status === "queued" || clip.status === "in_progress") {
      return el("div", { class: "stage" }, el("div", { class: "live" },
        el("span", {}, el("span", { class: "state", data: { mark } }, word, clip.progress === null ? "" : ` ${clip.progress} %`), " ",
          el("span", { class: "muted", data: { since: clip.created_at } }, clock(Date.now() / 1000 - clip.created_at))),
        progress(clip.progress)));
    }
    return el("div", { class: "stage" }, el("div", {}, el("span", { class: "state", data: { mark } }, word),
      el("p", { class: "muted" }, clip.error?.message ?? "")));
  },
};
