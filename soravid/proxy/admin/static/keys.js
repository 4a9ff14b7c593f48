// Virtual keys: what each may do and has spent; new ones, changes, another secret, the end.

import { BASE, get, send } from "./api.js";
import { bar } from "./charts.js";
import { copyable, el, keep, open } from "./dom.js";
import { fieldsOf, form } from "./keyform.js";
import { every, many, money, moment } from "./words.js";

const nameOf = (key) => key.key_alias ?? key.token;

const standing = (key) => {
  if (key.blocked) return ["■", "bad", "Blocked"];
  if (key.expires && new Date(key.expires) <= new Date()) return ["◇", "quiet", "Expired"];
  if (key.max_budget !== null && key.remaining <= 0) return ["■", "bad", "Budget used up"];
  if (key.max_budget !== null && key.remaining < 0.2 * key.max_budget) return ["▲", "warn", "Nearly used up"];
  return ["●", "good", "Active"];
};

const budget = (key, tone) => {
  if (key.max_budget === null) return [money(key.spend), " spent", key.held > 0 && ` · ${money(key.held)} held`, el("div", { class: "muted" }, "No limit")];
  const anew = key.budget_duration && `${every(key.budget_duration)}, next ${moment(new Date(key.budget_reset_at))}`;
  return [
    el("span", {}, `${money(key.spend)} of ${money(key.max_budget)} spent`),
    bar(key.spend, key.held, key.max_budget, tone),
    el("div", { class: "muted" }, [key.held > 0 && `${money(key.held)} held`, `${money(key.remaining)} left`, anew].filter(Boolean).join(" · ")),
  ];
};

const limits = (key) => [
  key.rpm_limit && `${many(key.rpm_limit, "clip")} a minute`,
  key.max_parallel_jobs && `${many(key.max_parallel_jobs, "job")} at once`,
  key.expires && `until ${moment(new Date(key.expires))}`,
].filter(Boolean).join(", ") || "none";

export const keys = {
  title: "Keys",

  mount(root, params, app) {
    this.app = app;
    this.words = "";
    this.body = el("tbody");
    this.none = el("p", { class: "empty", hidden: true });
    const search = el("input", { type: "search", placeholder: "Find by name, team or user", "aria-label": "Find keys",
      oninput: () => { this.words = search.value.toLowerCase(); this.show(); } });
    root.append(
      el("div", { class: "title" }, el("h1", { tabIndex: -1 }, "Keys"), el("div", { class: "filters" },
        el("label", {}, search), el("button", { type: "button", class: "main", onclick: () => this.create() }, "New key"))),
      el("div", { class: "card keys" }, el("table", { class: "stack" },
        el("thead", {}, el("tr", {},
          ["Key", "Budget", "Models", "Limits", "State"].map((text) => el("th", { scope: "col" }, text)),
          el("th", { scope: "col" }, el("span", { class: "unseen" }, "Actions")))),
        this.body), this.none));
  },

  async refresh() {
    this.all = (await get("key/list")).keys;
    this.show();
  },

  show() {
    const found = (this.all ?? []).filter((key) => [nameOf(key), key.token, key.team_id, key.user_id, key.key_name]
      .some((text) => text?.toLowerCase().includes(this.words)));
    this.none.hidden = found.length > 0;
    this.none.textContent = this.words ? "No key is like that." : "There are no keys yet. Each person or program gets one of their own.";
    keep(this.body, found, (key) => this.row(key), (key) => key.token);
  },

  row(key) {
    const [mark, tone, word] = standing(key);
    const cell = (label, ...content) => el("td", { data: { label } }, ...content);
    const action = (text, does) => el("button", { type: "button", class: "quiet", "aria-label": `${text} ${nameOf(key)}`, onclick: does }, text);
    const holders = [key.team_id && `team ${key.team_id}`, key.user_id && `user ${key.user_id}`].filter(Boolean).join(", ");
    return el("tr", {},
      el("th", { scope: "row" }, el("a", { href: `#clips?${new URLSearchParams({ key: key.token })}` }, nameOf(key)),
        el("div", { class: "muted code" }, key.key_name), holders && el("div", { class: "muted" }, holders)),
      el("td", { class: "budget" }, budget(key, tone === "warn" || tone === "bad" ? tone : null)),
      cell("Models:", key.models.length ? key.models.join(", ") : "all"),
      cell("Limits:", limits(key)),
      cell("", el("span", { class: "state", data: { mark, tone } }, word)),
      el("td", { class: "row-actions" }, action("Edit", () => this.edit(key)), action("Rotate", () => this.rotate(key)), action("Delete", () => this.remove(key))));
  },

  async create() {
    const models = await this.models();
    open("New key", (close) => form({ models }, async (fields) => {
      const made = await send("key/generate", fields);
      close();
      this.shown(made, `The key ${nameOf(made)} is there`);
    }, "Create", close));
  },

  async edit(key) {
    const models = await this.models();
    open(`Edit ${nameOf(key)}`, (close) => form({ models, key }, async (fields) => {
      await send("key/update", { key: key.token, ...fieldsOf(key, fields) });
      close();
      this.app.say(`The key ${nameOf(key)} is changed`);
      await this.refresh();
    }, "Save", close));
  },

  rotate(key) {
    this.ask(`Give ${nameOf(key)} a new secret?`, "The old one opens nothing from that moment on. Its budget and its clips stay.", "Rotate", async () => {
      this.shown(await send("key/regenerate", { key: key.token }), `The key ${nameOf(key)} has a new secret`);
    });
  },

  remove(key) {
    this.ask(`Delete ${nameOf(key)}?`, "It opens nothing any more, and cannot be brought back. What it has spent stays on the bills, and jobs that run go on.", "Delete", async () => {
      await send("key/delete", { keys: [key.token] });
      this.app.say(`The key ${nameOf(key)} is deleted`);
      await this.refresh();
    });
  },

  /** A question before something that cannot be taken back. */
  ask(title, text, word, does) {
    const wrong = el("p", { class: "wrong", role: "alert" });
    open(title, (close) => [el("p", {}, text), wrong, el("div", { class: "actions" },
      el("button", { type: "button", autofocus: true, onclick: close }, "Cancel"),
      el("button", { type: "button", class: "danger", onclick: async (event) => {
        event.currentTarget.disabled = true;
        try {
          close();
          await does();
        } catch (refused) {
          this.app.trouble(refused);
        }
      } }, word))]);
  },

  /** A key, this once. */
  shown(made, said) {
    this.app.say(said);
    const address = BASE.href.replace(/\/$/, "");
    open(`Key for ${nameOf(made)}`, (close) => [
      el("p", {}, el("b", {}, "The key is shown this once."), " Give both lines to whoever uses it."),
      el("div", { class: "field" }, el("span", {}, "In the notebook"), copyable("The notebook's line", `%video connect ${address}`, this.app.say)),
      el("div", { class: "field" }, el("span", {}, "In the environment of Jupyter; or the key alone, where it is asked for"),
        copyable("The key's variable", `SORAVID_API_KEY=${made.key}`, this.app.say)),
      el("div", { class: "actions" }, el("button", { type: "button", class: "main", onclick: close }, "Done")),
    ], { onclose: () => this.refresh().catch(this.app.trouble) });
  },

  async models() {
    return (await get("v1/models")).data.map((model) => model.id);
  },
};
