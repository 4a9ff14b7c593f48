// Sign-in with the master key. It is sent once, and neither kept nor put into an address.

import { send } from "./api.js";
import { el } from "./dom.js";

export const signIn = (root, done) => {
  const key = el("input", {
    type: "password", id: "key", name: "password", autocomplete: "current-password", required: true,
    spellcheck: false, autocapitalize: "off", "aria-describedby": "wrong",
  });
  const wrong = el("p", { class: "wrong", id: "wrong", role: "alert" });
  const button = el("button", { class: "main", type: "submit" }, "Sign in");
  const form = el("form", { class: "card signin", onsubmit: async (event) => {
    event.preventDefault();
    wrong.textContent = "";
    button.disabled = true;
    try {
      await send("admin/session", { key: key.value });
      key.value = "";
      await done();
    } catch (refused) {
      wrong.textContent = refused.message;
      button.disabled = false;
      key.select();
      key.focus();
    }
  } },
  el("h1", { tabIndex: -1 }, "Sign in"),
  el("p", { class: "muted" }, "For whoever runs this proxy."),
  // For password managers, which keep a name with each password.
  el("input", { type: "text", name: "username", autocomplete: "username", value: "soravid proxy", hidden: true }),
  el("div", { class: "field" }, el("label", { htmlFor: "key" }, "Master key"), key),
  wrong, button);
  root.replaceChildren(form);
  key.focus();
};
