// What was made and what it cost: by day, by model, by provider.

import { get, query } from "./api.js";
import { fill, h } from "./dom.js";
import { empty, facts, field, heading, notice, table } from "./parts.js";
import { bars, columns } from "./plot.js";
import { money, providerName } from "./words.js";

const DAY = 86_400_000;
const GROUPS = { day: "By day", model: "By model", provider: "By provider", tag: "By tag" };

export async function show(main, { signal }) {
  const today = new Date();
  const from = h("input", { type: "date", value: iso(new Date(today - 29 * DAY)) });
  const to = h("input", { type: "date", value: iso(today) });
  const box = h("div", { "aria-live": "polite" });
  const draw = async () => {
    const span = { from: from.value, to: to.value };
    const told = await Promise.all(Object.keys(GROUPS).map((group) => get(
      `usage${query({ ...span, group_by: group })}`,
      { signal },
    )));
    fill(box, summary(told[0].total), told.map(section));
  };
  const redraw = () => draw().catch((problem) => fill(box, notice(problem)));
  for (const control of [from, to]) control.addEventListener("change", redraw);
  main.append(
    heading("Usage"),
    h("div", { className: "filters" }, field("From", from), field("To", to)),
    box,
  );
  await draw();
}

function summary(total) {
  return h("section", { className: "card", "aria-label": "In all" }, facts([
    ["Spent", money(total.spent_usd)], ["Jobs", String(total.jobs)], ["Images", String(total.images)],
    ["Succeeded", String(total.succeeded)], ["Failed", String(total.failed)],
    ["Of unknown cost", total.jobs_of_unknown_cost ? String(total.jobs_of_unknown_cost) : null],
  ]));
}

function section({ group_by: group, from, to, data }) {
  const name = (row) => (group === "provider" ? providerName(row[group]) : row[group]);
  const short = (row) => (name(row).length > 20 ? `${name(row).slice(0, 19)}…` : name(row));
  const told = {
    label: short,
    value: (row) => Number(row.spent_usd),
    text: (row) => `${money(row.spent_usd)} · ${row.images}`,
  };
  const title = `${GROUPS[group]}: dollars spent and images made`;
  const rows = group === "day" ? everyDay(data, from, to) : data;
  if (!data.length) return h("section", { className: "card" },
    h("h2", {}, GROUPS[group]),
    empty("Nothing in this time."),
  );
  return h("section", { className: "card" }, h("h2", {}, GROUPS[group]),
    group === "day" ? columns(title, rows, told) : bars(title, rows, told),
    h("details", {}, h("summary", {}, "As a table"),
      table(title, [GROUPS[group].slice(3), "Jobs", "Succeeded", "Failed", "Images", "Spent"],
        data.map((row) => [name(row), row.jobs, row.succeeded, row.failed, row.images, money(row.spent_usd)].map(String)))));
}

/** A day without a job is a day too. */
function everyDay(data, from, to) {
  const known = new Map(data.map((row) => [row.day, row]));
  const days = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) {
    const day = iso(new Date(at));
    days.push(known.get(day) ?? { day, spent_usd: "0", images: 0 });
  }
  return days;
}

const iso = (date) => date.toISOString().slice(0, 10);
