// What has happened lately, newest first: events of jobs, refusals, webhooks.

import { get } from "./api.js";
import { choice, el, keep } from "./dom.js";
import { many, money, moment } from "./words.js";

const SHOW = [["all", "All"], ["errors", "Errors"], ["refusals", "Refusals"], ["webhooks", "Webhooks"]];
const EVENTS = {
  "job.held": ["○", "quiet", "Asked for"],
  "job.submitted": ["●", "busy", "Sent"],
  "job.completed": ["✓", "good", "Done"],
  "job.failed": ["■", "bad", "Failed"],
  "job.refused": ["■", "bad", "Not taken"],
  "job.unknown": ["▲", "warn", "Outcome unknown"],
  "job.cancelled": ["◇", "quiet", "Cancelled"],
  "job.reused": ["✓", "good", "Used again"],
  "money.adjust": ["$", "quiet", "Adjusted"],
  "guard.blocked": ["■", "bad", "Blocked by a guardrail"],
  "guard.flagged": ["▲", "warn", "Flagged by a guardrail"],
};

const MONEY = { "job.completed": "spent", "job.failed": "spent", "job.cancelled": "spent", "job.held": "held", "money.adjust": "spent" };

const ofEvent = (each) => {
  const [mark, tone, what] = EVENTS[each.name] ?? ["●", "quiet", each.name];
  const sum = MONEY[each.name] && (each.usd === null ? "price unknown" : `${money(each.usd)} ${MONEY[each.name]}`);
  const why = each.message || each.code;
  return { kind: tone === "bad" || tone === "warn" ? "errors" : "events", at: each.at, mark, tone, what,
    who: each.key ?? "", detail: [why, sum, each.model].filter(Boolean).join(" · "), id: each.id };
};
const ofRefusal = (each) => ({
  kind: "refusals", error: each.status >= 500, at: each.at, mark: each.status >= 500 ? "■" : "▲", tone: each.status >= 500 ? "bad" : "warn",
  what: `Refused, ${each.status}`, who: "", detail: `${each.message} (${each.method} ${each.path})`,
});
const ofWebhook = (each) => {
  const [mark, tone, word] = each.delivered ? ["✓", "good", "Webhook delivered"]
    : each.again_at ? ["○", "quiet", "Webhook waiting"] : ["■", "bad", "Webhook given up"];
  const answer = each.status ? `answered ${each.status}` : each.tries && !each.delivered ? "no answer" : "";
  return { kind: "webhooks", error: tone === "bad", at: each.at, mark, tone, what: word, who: each.to === "key" ? "a key's address" : "",
    detail: [each.event, many(each.tries, "try", "tries"), answer].filter(Boolean).join(" · ") };
};

export const log = {
  title: "Log",

  mount(root, params, app) {
    this.show = SHOW.some(([key]) => key === params.get("show")) ? params.get("show") : "all";
    this.body = el("tbody");
    this.none = el("p", { class: "empty", hidden: true }, "Nothing yet.");
    root.append(
      el("div", { class: "title" }, el("h1", { tabIndex: -1 }, "Log"), choice("Show", SHOW, this.show, (key) => app.go("log", { show: key }))),
      el("div", { class: "card log" }, el("table", { class: "stack" },
        el("thead", {}, el("tr", {}, ["Time", "What", "Key", "Detail"].map((text) => el("th", { scope: "col" }, text)))), this.body), this.none),
      el("p", { class: "more muted" }, "The newest of this process, since it was started. Everything is in the log file."));
  },

  async refresh() {
    const told = await get("admin/log");
    const all = [...told.events.map(ofEvent), ...told.refusals.map(ofRefusal), ...told.webhooks.map(ofWebhook)];
    const lines = all.filter((each) => this.show === "all" || each.kind === this.show || (this.show === "errors" && each.error))
      .sort((a, b) => b.at - a.at).slice(0, 150);
    this.none.hidden = lines.length > 0;
    const seen = new Map();
    for (const each of lines) {
      const name = `${each.at} ${each.what}`;
      seen.set(name, (seen.get(name) ?? 0) + 1);
      each.row = `${name} ${seen.get(name)}`;
    }
    keep(this.body, lines, (each) => el("tr", {},
      el("td", {}, el("time", { dateTime: new Date(each.at * 1000).toISOString() }, `${moment(new Date(each.at * 1000))}:${new Date(each.at * 1000).toISOString().slice(17, 19)}`)),
      el("td", {}, el("span", { class: "state", data: { mark: each.mark, tone: each.tone } }, each.what)),
      el("td", { data: { label: "Key:" } }, each.who),
      el("td", {}, each.detail, each.id && el("span", { class: "muted code", title: each.id }, ` ${each.id.slice(0, 14)}…`))),
    (each) => each.row);
  },
};
