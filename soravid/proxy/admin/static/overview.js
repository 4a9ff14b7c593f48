// How things are: money of today and this month, the jobs in flight, deployments, spending by day, key, model.

import { at, get } from "./api.js";
import { byDay, byName, progress } from "./charts.js";
import { choice, el, keep } from "./dom.js";
import { clock, many, money, moment, spoken, state } from "./words.js";

const DAYS = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];

export const overview = {
  title: "Overview",

  mount(root, params, app) {
    const days = DAYS.some(([key]) => key === params.get("days")) ? params.get("days") : "30";
    const start = new Date(Date.now() - (Number(days) - 1) * 86_400_000).toISOString().slice(0, 10);
    Object.assign(this, { range: { start_date: start }, was: "" });
    this.figures = el("dl", { class: "figures" });
    [this.days, this.byKey, this.byModel] = [el("div"), el("div", { class: "scroll" }), el("div", { class: "scroll" })];
    [this.jobs, this.deployments] = [el("ul", { class: "jobs" }), el("tbody")];
    this.noDeployments = el("p", { class: "empty", hidden: true }, "There is no model_list: one model is served, as the environment says.");
    this.noJobs = el("p", { class: "empty", hidden: true }, "Nothing is running.");
    const card = (title, body, whole = false) =>
      el("section", { class: whole ? "card whole" : "card", "aria-label": title }, el("h2", {}, title), body);
    root.append(
      el("div", { class: "title" }, el("h1", { tabIndex: -1 }, "Overview"),
        choice("Time", DAYS, days, (key) => app.go("overview", { days: key }))),
      this.figures,
      el("div", { class: "cards" },
        card("Spending by day (UTC)", this.days, true),
        card("Spending by key", this.byKey),
        card("Spending by model", this.byModel),
        card("Jobs in flight", [this.jobs, this.noJobs]),
        card("Deployments", el("div", { class: "scroll" }, el("table", { class: "stack" },
          el("thead", {}, el("tr", {}, ["Model", "State", "Jobs", "Usual time"].map((text) => el("th", { scope: "col" }, text)))),
          this.deployments), this.noDeployments))),
      el("p", { class: "more" }, el("a", { class: "button", href: at("spend/logs", { format: "csv", ...this.range }) },
        `Download the spending of ${days} days as CSV`)));
  },

  async refresh() {
    const now = await get("admin/now");
    this.showNow(now);
    const mark = JSON.stringify(now.spend);
    if (mark === this.was) return;  // no money has moved
    const [days, keys, models] = await Promise.all(["days", "keys", "models"].map((what) => get(`spend/${what}`, this.range)));
    this.was = mark;
    this.days.replaceChildren(...byDay(days.data));
    const named = (each) => each.key_alias ?? each.api_key ?? "without a key";
    this.byKey.replaceChildren(byName("Key", keys.data.map((each) => (
      { ...each, name: named(each), href: `#clips?${new URLSearchParams({ key: each.api_key ?? "" })}` }))));
    this.byModel.replaceChildren(byName("Model", models.data.map((each) => (
      { ...each, name: each.model, href: `#clips?${new URLSearchParams({ model: each.model })}` }))));
  },

  showNow(now) {
    const { today, month } = now.spend;
    const figure = (name, value, more = "") => ({ id: name, name, value, more });
    keep(this.figures, [
      figure("Spent today", money(today.spend), many(today.jobs, "clip")),
      figure("Spent this month", money(month.spend), many(month.jobs, "clip")),
      figure("Held now", money(now.held)),
      figure("Jobs in flight", String(now.in_flight)),
      figure("Refusals, last hour", String(now.refusals)),
      ...(now.webhooks_waiting ? [figure("Webhooks waiting", String(now.webhooks_waiting))] : []),
    ], (each) => el("div", {}, el("dt", {}, each.name, each.more && el("span", {}, each.more)), el("dd", {}, each.value)));
    this.noJobs.hidden = now.jobs.length > 0;
    keep(this.jobs, now.jobs, (job) => {
      const [mark, tone, word] = state(job.status);
      return el("li", { data: { tone } },
        el("span", { class: "prompt", title: job.prompt }, job.prompt),
        el("span", {}, el("span", { class: "state", data: { mark } }, word, job.progress === null ? "" : ` ${job.progress} %`), " ",
          el("span", { class: "muted", data: { since: job.created_at } }, clock(now.now - job.created_at))),
        progress(job.progress),
        el("span", { class: "facts" }, [job.key_alias ?? "without a key", job.model, job.held === null ? "price unknown" : `${money(job.held)} held`].join(" · ")));
    });
    this.noDeployments.hidden = now.deployments.length > 0;
    keep(this.deployments, now.deployments, (each) => {
      const [mark, tone, word] = state(each.state);
      const until = each.wait ? `, ${spoken(each.wait)}` : "";
      const cell = (label, ...content) => el("td", { data: { label } }, ...content);
      return el("tr", {},
        el("th", { scope: "row" }, each.group, el("div", { class: "muted" }, each.model, each.host && ` at ${each.host}`)),
        cell("State", el("span", { class: "state", data: { mark, tone } }, word + until),
          each.failures > 0 && el("div", { class: "muted" }, many(each.failures, "failure"))),
        cell("Jobs", String(each.jobs)),
        cell("Usual time", each.seconds === null ? "–" : spoken(each.seconds)));
    });
    this.asOf = moment(new Date(now.now * 1000));
  },
};
