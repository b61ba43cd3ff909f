// API keys and what each has spent. This takes the admin key, kept for the tab alone.

import { asAdmin } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { confirmed, copyButton, doing, empty, facts, field, heading, meter, notice, state } from "./parts.js";
import { adminKey, forgetAdminKey, keepAdminKey } from "./session.js";
import { money, whole } from "./words.js";

export async function show(main, { reload }) {
  main.append(heading("Keys"));
  if (!adminKey()) return main.append(door(reload));
  try {
    await desk(main);
  } catch (problem) {
    if (problem.status !== 403 && problem.status !== 401) throw problem;
    forgetAdminKey();
    main.append(door(reload, problem));
  }
}

function door(reload, problem = null) {
  const key = h("input", { type: "password", autocomplete: "off", required: true });
  const form = h("form", { className: "card door" },
    h("p", {}, "Keys are made and taken back with the deployment's admin key."),
    field("Admin key", key, "It is kept for this tab, and never longer."),
    h("button", { type: "submit", className: "primary" }, "Open"), problem ? notice(problem) : null);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    keepAdminKey(key.value.trim());
    await reload();
  });
  return form;
}

async function desk(main) {
  const list = h("ul", { className: "cards", "aria-label": "API keys" });
  const shown = h("div", { "aria-live": "polite" });
  const draw = async () => {
    const { data } = await asAdmin("GET", "keys");
    fill(list, data.length ? data.map((key) => card(key, shown, draw)) : h("li", {}, empty("No keys yet.")));
  };
  await draw();
  main.append(maker(shown, draw), shown, list);
}

function maker(shown, draw) {
  const name = h("input", { type: "text", maxLength: 100, required: true });
  const tenant = h("input", { type: "text", placeholder: "default" });
  const budget = h("input", { type: "text", inputMode: "decimal", placeholder: "no limit" });
  const window = h("select", {},
    h("option", { value: "month" }, "a month"),
    h("option", { value: "total" }, "in all"),
  );
  const flight = h("input", { type: "number", min: 1, placeholder: "no limit" });
  const create = doing("Create key", async () => {
    const made = await asAdmin("POST", "keys", {
      name: name.value.trim(),
      ...(tenant.value.trim() ? { tenant: tenant.value.trim() } : {}),
      ...(budget.value.trim() ? { budget_usd: budget.value.trim(), window: window.value } : {}),
      ...(flight.value ? { max_in_flight: Number(flight.value) } : {}),
    });
    name.value = budget.value = "";
    reveal(shown, made);
    await draw();
  }, "primary");
  return h("section", {
    className: "card",
    "aria-labelledby": "create-key",
  }, h("h2", { id: "create-key" }, "Create a key"),
    h("div", { className: "fields" }, field("Name", name), field("Tenant", tenant), field("Budget, in $", budget),
      field("The budget is for", window), field("Jobs under way", flight)),
    h("div", { className: "actions" }, create));
}

function reveal(shown, made) {
  const until = made.previous_key_until ? ` The old one works until ${whole(made.previous_key_until)}.` : "";
  fill(shown, h("section", { className: "card reveal", "aria-label": "The new key" },
    h("h2", {}, `Key ${made.name}`), h("p", {}, `This is shown once. Copy it now.${until}`),
    h("p", {}, h("code", {}, made.key)), h("div", { className: "actions" }, copyButton("Copy the key", () => made.key))));
}

function card(key, shown, draw) {
  const { spend } = key;
  const spent = Number(spend.spent_usd) + Number(spend.reserved_usd ?? 0);
  return h("li", { className: "card" },
    h("div", { className: "line" },
      h("h2", {}, key.name),
      state(key.status),
      h("span", {}, `tenant ${key.tenant}`),
    ),
    key.budget_usd === null ? null : meter(`Budget of ${key.name}`, spent, Number(key.budget_usd)),
    h("p", {}, key.budget_usd === null
      ? `${money(spend.spent_usd)} spent in ${spend.window}, without a limit`
      : `${money(spend.spent_usd)} spent and ${money(spend.reserved_usd)} reserved ` +
        `of ${money(key.budget_usd)} ${key.window === "month" ? "a month" : "in all"}`),
    facts([
      ["Jobs", String(spend.jobs)], [
        "Of unknown cost",
        spend.jobs_of_unknown_cost || null,
      ], ["Jobs a second", key.rate],
      ["Under way at most", key.max_in_flight], ["Models", key.models.join(", ")], [
        "Renews",
        spend.renews_at ? whole(spend.renews_at) : null,
      ],
      ["Expires", key.expires_at ? whole(key.expires_at) : null], ["Id", h("code", {}, key.id)],
    ]),
    key.status === "revoked" ? null : h("div", { className: "actions" },
      doing("Rotate", () => rotate(key, shown, draw)), doing("Revoke", () => revoke(key, draw), "danger")));
}

async function rotate(key, shown, draw) {
  if (!(await confirmed(
    `Rotate ${key.name}?`,
    "A new key is made. The old one goes on working for a while.",
    "Rotate",
  ))) return;
  reveal(shown, await asAdmin("POST", `keys/${key.id}/rotate`));
  await draw();
}

async function revoke(key, draw) {
  if (!(await confirmed(
    `Revoke ${key.name}?`,
    "Whoever uses it is locked out within a minute, for good.",
    "Revoke for good",
  ))) return;
  await asAdmin("DELETE", `keys/${key.id}`);
  announce(`${key.name} is revoked.`);
  await draw();
}
