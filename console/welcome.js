// The door: a key is asked for, tried, and kept.

import { get } from "./api.js";
import { h } from "./dom.js";
import { field, notice } from "./parts.js";
import { forgetKeys, keepKey } from "./session.js";

export function show(main, { reload }) {
  const key = h("input",
    {
      type: "password",
      name: "key",
      required: true,
      autocomplete: "off",
      spellcheck: false,
      placeholder: "sk_…",
    },
  );
  const remember = h("input", { type: "checkbox", id: "remember" });
  const form = h("form", { className: "card door" },
    h("h1", { tabIndex: -1 }, "Your image desk"),
    h("p", {}, "Enter an API key of this deployment to see its jobs and make new ones."),
    field("API key", key, "It stays in this tab, unless you let it be remembered."),
    h("label", { className: "check", htmlFor: "remember" }, remember, "Remember it on this device"),
    h("button", { type: "submit", className: "primary" }, "Open"));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.querySelector(".notice")?.remove();
    keepKey(key.value.trim(), { remember: remember.checked });
    try {
      await get("jobs?limit=1");
      await reload();
    } catch (problem) {
      forgetKeys();
      form.append(notice(problem));
      key.focus();
    }
  });
  main.append(form);
  key.focus();
}
