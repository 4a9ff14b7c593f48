// Two charts: bars by day, with a table to read; and a table whose rows have bars.

import { el, svg } from "./dom.js";
import { day, many, money } from "./words.js";

/** Spent and held as a bar on a scale from 0 to `most`, all in USD. */
export const bar = (spent, held, most, tone) => {
  const part = (value) => `${most > 0 ? Math.min(100, (100 * value) / most) : 0}%`;
  return svg("svg", { class: "bar", "aria-hidden": "true", "data-tone": tone },
    svg("rect", { class: "spent", width: part(spent), height: "100%" }),
    held > 0 && svg("rect", { class: "held", x: part(spent), width: part(held), height: "100%" }));
};

/** A job's progress in percent; null where its provider does not tell. */
export const progress = (percent) => svg("svg", {
  class: "bar", "data-tone": "busy", role: "progressbar", "aria-label": "Progress",
  "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent,
}, percent === null
  ? svg("rect", { class: "seek", width: "30%", height: "100%" })
  : svg("rect", { class: "spent", width: `${percent}%`, height: "100%" }));

// The next of 1, 2, 5, 10, 20 ... above: a scale that can be read.
const rounded = (value) => {
  if (value <= 0) return 1;
  const step = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((n) => n * step).find((n) => n >= value - step * 1e-9);
};

/** Money by day: `days` as /spend/days tells them. */
export const byDay = (days) => {
  const most = rounded(Math.max(...days.map((each) => each.spend + each.held)));
  const width = 1000 / days.length;
  const height = (value) => (100 * value) / most;
  const when = (each) => day(new Date(each.date));
  const said = (each) => `${when(each)}: ${money(each.spend)} spent${each.held ? `, ${money(each.held)} held` : ""}, ${many(each.jobs, "clip")}`;
  const total = days.reduce((sum, each) => sum + each.spend, 0);
  const best = days.reduce((a, b) => (b.spend > a.spend ? b : a));
  const label = total ? `${money(total)} in ${many(days.length, "day")}, most on ${when(best)} with ${money(best.spend)}` : "Nothing was spent.";
  const chart = svg("svg", { viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img", "aria-label": label },
    [0, 50].map((y) => svg("line", { x1: 0, x2: 1000, y1: y, y2: y })),
    days.map((each, k) => {
      const x = k * width + width * 0.15;
      const box = { x, width: width * 0.7 };
      return svg("g", {}, svg("title", {}, said(each)),
        svg("rect", { class: "all", x: k * width, width, height: 100 }),
        svg("rect", { ...box, y: 100 - height(each.spend), height: height(each.spend) }),
        each.held > 0 && svg("rect", { class: "held", ...box, y: 100 - height(each.spend + each.held), height: height(each.held) }));
    }));
  const marks = [days[0], days[Math.floor((days.length - 1) / 2)], days.at(-1)];
  const rows = days.filter((each) => each.jobs).reverse();
  return [
    el("figure", { class: "chart" },
      el("div", { class: "scale", "aria-hidden": "true" }, [most, most / 2, 0].map((value) => el("span", {}, money(value)))),
      chart,
      el("div", { class: "days", "aria-hidden": "true" }, marks.map((each) => el("span", {}, when(each))))),
    el("details", {}, el("summary", { class: "muted" }, "As a table"),
      el("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Spending by day" }, el("table", {},
        el("thead", {}, el("tr", {}, ["Day", "Spent", "Held", "Clips"].map((text, k) => el("th", { scope: "col", class: k ? "num" : "" }, text)))),
        el("tbody", {}, rows.length
          ? rows.map((each) => el("tr", {}, el("th", { scope: "row" }, when(each)),
            [money(each.spend), money(each.held), each.jobs].map((text) => el("td", { class: "num" }, String(text)))))
          : el("tr", {}, el("td", { colSpan: 4, class: "muted" }, "None yet.")))))),
  ];
};

/** Money by key or model: rows of `{ name, href, spend, held, jobs }`, the dearest first. */
export const byName = (heading, rows) => {
  if (!rows.length) return el("p", { class: "empty" }, "None yet.");
  const most = Math.max(...rows.map((each) => each.spend + each.held));
  return el("table", { class: "bars" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, heading), el("td", {}),
      ["Spent", "Clips"].map((text) => el("th", { scope: "col", class: "num" }, text)))),
    el("tbody", {}, rows.map((each) => el("tr", {},
      el("th", { scope: "row" }, el("a", { href: each.href }, each.name)),
      el("td", { class: "length" }, bar(each.spend, each.held, most)),
      el("td", { class: "num" }, money(each.spend), each.held > 0 && el("span", { class: "muted" }, ` + ${money(each.held)} held`)),
      el("td", { class: "num" }, String(each.jobs))))));
};
