// Batches: how far each is, and a new one from a file.

import { get, post, upload } from "./api.js";
import { announce, fill, h, often } from "./dom.js";
import { doing, empty, facts, field, heading, meter, state } from "./parts.js";
import { age, money, plural } from "./words.js";

const SECONDS = 3;
const TYPES = { csv: "text/csv", jsonl: "application/jsonl" };

export async function show(main, { signal }) {
  const list = h("ul", { className: "cards", "aria-label": "Batches, newest first" });
  const draw = async () => {
    const { data } = await get("batches", { signal });
    fill(list, data.length ? data.map(card) : h("li", {}, empty("No batches yet.")));
    return data;
  };
  main.append(heading("Batches"), starter(draw), list);
  await draw();
  often(SECONDS, signal, () => draw().catch(() => {}));
}

function starter(draw) {
  const file = h("input", { type: "file", accept: ".csv,.jsonl" });
  const most = h("input", { type: "number", min: 0, step: "0.01", placeholder: "no limit" });
  const flight = h("input", { type: "number", min: 1, max: 1000, placeholder: "usual" });
  const start = doing("Start", async () => {
    const [chosen] = file.files;
    if (!chosen) return file.focus();
    const type = TYPES[chosen.name.split(".").at(-1).toLowerCase()];
    if (!type) throw { detail: "the file is neither .csv nor .jsonl", who: "client", retryable: false };
    const name = await upload(new File([chosen], chosen.name, { type }), type);
    const batch = await post("batches", {
      upload: name,
      ...(most.value ? { max_usd: most.value } : {}),
      ...(flight.value ? { max_in_flight: Number(flight.value) } : {}),
    });
    file.value = "";
    announce(`Batch ${batch.name} is started.`);
    await draw();
  }, "primary");
  return h("section", {
    className: "card",
    "aria-labelledby": "start-batch",
  }, h("h2", { id: "start-batch" }, "Start one from a file"),
    h("div", { className: "fields" },
      field("File", file, "CSV with a header, or JSON lines: one request a line"),
      field("Most to spend, in $", most), field("Jobs at once", flight)),
    h("div", { className: "actions" }, start));
}

function card(batch) {
  const { accepted, refused, in_flight: flying, succeeded, failed } = batch.counts;
  const done = succeeded + failed + refused;
  const total = batch.lines ?? accepted + refused;
  return h("li", { className: "card" },
    h("div", { className: "line" },
      h("h2", {}, batch.name),
      state(batch.status),
      h("span", {}, age(batch.created_at)),
    ),
    meter(`Progress of ${batch.name}`, done, total),
    h("p", {},
      `${done} of ${plural(total, "line")}: ${succeeded} succeeded, ${failed} failed, ${refused} refused, ${flying} under way`,
    ),
    facts([
      ["Spent", money(batch.cost.charged_usd)], [
        "At most",
        batch.cost.max_usd === null ? null : money(batch.cost.max_usd),
      ],
      ["Of unknown cost", batch.cost.unknown_charges || null], [
        "Report",
        batch.report ? h("code", {}, batch.report) : null,
      ],
    ]),
    h("a", { href: `#/jobs?batch=${encodeURIComponent(batch.id)}` }, "Its jobs"));
}
