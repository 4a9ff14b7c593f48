// The form of a virtual key: what it may do. An empty field is no limit.

import { el, field, select } from "./dom.js";
import { every } from "./words.js";

const LENGTHS = ["24h", "7d", "30d", "1mo"];
const HOOK = "webhook_url";

/** What of the fields differs from a key as it is: only that is sent. */
export const fieldsOf = (key, fields) => Object.fromEntries(Object.entries(fields).filter(([name, value]) => {
  const was = name === "expires" ? key.expires?.slice(0, 10) : key[name];
  const is = name === "expires" ? value?.slice(0, 10) : value;
  const same = name === "max_budget" && was !== null && is !== null ? Number(is) === was : JSON.stringify(is ?? null) === JSON.stringify(was ?? null);
  return !same;
}));

/** The form; `save(fields)` may refuse with a sentence, which is then shown. */
export const form = ({ models, key = null }, save, word, cancel) => {
  const text = (name, value, props = {}) => el("input", { type: "text", name, value: value ?? "", autocomplete: "off", ...props });
  const number = (name, value, props = {}) => text(name, value, { inputMode: "numeric", pattern: "[0-9]*", ...props });
  const inputs = {
    key_alias: text("key_alias", key?.key_alias, { maxLength: 200, autofocus: true }),
    max_budget: text("max_budget", key?.max_budget, { inputMode: "decimal", placeholder: "no limit" }),
    budget_duration: select([["", "never"], ...[...new Set([...LENGTHS, key?.budget_duration ?? "1mo"])].map((length) => [length, every(length)])],
      key?.budget_duration ?? "", { name: "budget_duration" }),
    rpm_limit: number("rpm_limit", key?.rpm_limit, { placeholder: "any number" }),
    max_parallel_jobs: number("max_parallel_jobs", key?.max_parallel_jobs, { placeholder: "any number" }),
    expires: el("input", { type: "date", name: "expires", value: key?.expires?.slice(0, 10) ?? "" }),
    team_id: text("team_id", key?.team_id),
    user_id: text("user_id", key?.user_id),
    webhook: text("webhook", key?.metadata?.[HOOK], { type: "url", placeholder: "https://" }),
    blocked: el("input", { type: "checkbox", name: "blocked", checked: key?.blocked ?? false }),
  };
  const chosen = new Set(key?.models ?? []);
  const boxes = [...new Set([...models, ...chosen])].map((name) =>
    el("input", { type: "checkbox", name: "models", value: name, checked: chosen.has(name) }));
  const wrong = el("p", { class: "wrong", role: "alert" });
  const button = el("button", { type: "submit", class: "main" }, word);

  const read = () => {
    const fields = {};
    for (const name of ["key_alias", "max_budget", "budget_duration", "team_id", "user_id"]) fields[name] = inputs[name].value.trim() || null;
    for (const name of ["rpm_limit", "max_parallel_jobs"]) {
      const given = inputs[name].value.trim();
      fields[name] = given ? (/^\d+$/.test(given) ? Number(given) : given) : null;
    }
    fields.expires = inputs.expires.value ? `${inputs.expires.value}T23:59:59Z` : null;
    fields.models = boxes.filter((box) => box.checked).map((box) => box.value);
    fields.blocked = inputs.blocked.checked;
    const { [HOOK]: _, ...metadata } = key?.metadata ?? {};
    fields.metadata = inputs.webhook.value.trim() ? { ...metadata, [HOOK]: inputs.webhook.value.trim() } : metadata;
    if (!key) for (const name of Object.keys(fields)) if (fields[name] === null || fields[name] === false) delete fields[name];
    return fields;
  };

  return el("form", { noValidate: true, class: "fields", onsubmit: async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    button.disabled = true;
    try {
      await save(read());
    } catch (refused) {
      wrong.textContent = refused.message;
      button.disabled = false;
    }
  } },
  field("Name", inputs.key_alias, "Whose it is, such as ada or the name of a program.", true),
  field("Budget in USD", inputs.max_budget),
  field("Begins anew", inputs.budget_duration),
  el("fieldset", { class: "field whole" }, el("legend", {}, "Models"),
    el("div", { class: "checks" }, boxes.map((box) => el("label", {}, box, box.value))),
    el("span", { class: "muted" }, "None chosen: all.")),
  el("details", { class: "field whole", open: Boolean(key) }, el("summary", {}, "More limits"), el("div", { class: "fields" },
    field("Clips a minute", inputs.rpm_limit),
    field("Jobs at once", inputs.max_parallel_jobs),
    field("Good until", inputs.expires, "The end of that day, UTC."),
    field("Team", inputs.team_id, "A team's id. Its limits count, too."),
    field("User", inputs.user_id, "Whoever has several keys."),
    field("Webhook", inputs.webhook, "Is told of each end. Its secret: GET /webhooks/secret."),
    key && el("div", { class: "field whole" }, el("div", { class: "checks" }, el("label", {}, inputs.blocked, "Blocked: it opens nothing until this is taken back"))))),
  el("div", { class: "field whole" }, wrong, el("div", { class: "actions" },
    el("button", { type: "button", onclick: cancel }, "Cancel"), button)));
};
