// Which view is shown, and that it stays fresh: one look every few seconds, while somebody sees it.

import { get, send } from "./api.js";
import { clips } from "./clips.js";
import { el } from "./dom.js";
import { keys } from "./keys.js";
import { log } from "./log.js";
import { overview } from "./overview.js";
import { signIn } from "./signin.js";
import { clock } from "./words.js";

const VIEWS = { overview, keys, clips, log };
const EVERY = 3000;
const SHARE = 10;  // of the time, a look may take one part
const [root, nav, leave, trouble, said] = ["#main", ".top nav", "#leave", "#trouble", "#said"].map((each) => document.querySelector(each));
let [view, timer, session] = [null, 0, null];

const app = {
  /** Tell a screen reader. */
  say(text) { said.textContent = text; },
  /** Show a view; what is chosen in it stands in the address. */
  go(name, chosen = {}) {
    const query = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value));
    location.hash = [name, String(query)].filter(Boolean).join("?");
  },
  /** What went wrong, until the next look goes well. */
  trouble(wrong) {
    if (wrong.status === 401 || wrong.status === 403) return enter();
    trouble.textContent = wrong.status === 0 ? `${wrong.message} Trying again.` : wrong.message ?? String(wrong);
    trouble.hidden = false;
    return null;
  },
};

const look = async () => {
  clearTimeout(timer);
  const [shown, began] = [view, performance.now()];
  if (!shown || document.hidden) return;
  if (!document.querySelector("dialog[open]")) {
    try {
      await shown.refresh();
      trouble.hidden = true;
    } catch (wrong) {
      app.trouble(wrong);
    }
  }
  if (shown === view) {
    clearTimeout(timer);
    timer = setTimeout(look, Math.max(EVERY, SHARE * (performance.now() - began)));
  }
};

const show = async () => {
  if (!session?.signed_in) return;
  const [name, query = ""] = location.hash.slice(1).split("?");
  const next = VIEWS[name] ?? overview;
  const moved = view !== null;
  const chosen = document.activeElement?.closest(".choice, .filters")
    ? document.activeElement.name || document.activeElement.closest("label")?.firstChild?.textContent : null;
  view = next;
  document.querySelectorAll("dialog").forEach((each) => each.close());
  document.title = `${next.title} · soravid proxy`;
  for (const link of nav.children) {
    if (VIEWS[link.hash.slice(1)] === next) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  const body = el("div");
  root.replaceChildren(body);
  try {
    await next.mount(body, new URLSearchParams(query), app);
  } catch (wrong) {
    app.trouble(wrong);
  }
  // The focus goes where somebody was, else to where the view begins.
  const same = chosen && [...root.querySelectorAll(".choice input:checked, .filters select")]
    .find((each) => each.name === chosen || each.closest("label")?.firstChild?.textContent === chosen);
  if (moved) (same ?? root.querySelector("h1"))?.focus({ preventScroll: Boolean(same) });
  await look();
};

const enter = async () => {
  [view, timer] = [null, clearTimeout(timer)];
  document.querySelectorAll("dialog").forEach((each) => each.close());
  try {
    session = await get("admin/session");
  } catch (wrong) {
    trouble.textContent = `${wrong.message} Trying again.`;
    trouble.hidden = false;
    timer = setTimeout(enter, EVERY);
    return;
  }
  trouble.hidden = true;
  nav.hidden = !session.signed_in;
  leave.hidden = !(session.signed_in && session.needs_key);
  if (session.signed_in) {
    await show();
  } else {
    document.title = "Sign in · soravid proxy";
    signIn(root, enter);
  }
};

const themes = () => {
  const button = document.querySelector("#theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const set = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    const isDark = (theme ?? (dark.matches ? "dark" : "light")) === "dark";
    button.textContent = isDark ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark ? "Use the light theme" : "Use the dark theme");
    return isDark;
  };
  let isDark = set(localStorage.getItem("theme"));
  dark.addEventListener("change", () => { if (!localStorage.getItem("theme")) isDark = set(null); });
  button.addEventListener("click", () => {
    const theme = isDark ? "light" : "dark";
    localStorage.setItem("theme", theme);
    isDark = set(theme);
  });
};

leave.addEventListener("click", async () => {
  await send("admin/session", null, "DELETE").catch(app.trouble);
  app.say("You are signed out");
  await enter();
});
window.addEventListener("hashchange", show);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
setInterval(() => {
  const now = Date.now() / 1000;
  for (const each of document.querySelectorAll("[data-since]")) each.textContent = clock(now - Number(each.dataset.since));
}, 1000);
themes();
enter();
