// How the providers fare: breakers, what is in flight, and how long recent attempts took.

import { get } from "./api.js";
import { fill, h, often } from "./dom.js";
import { facts, heading, meter, state } from "./parts.js";
import { explained, lasting, plural, providerName, whole } from "./words.js";

const SECONDS = 10;
const BREAKERS = { closed: "Working", open: "Held off", half_open: "Being tried" };

export async function show(main, { signal }) {
  const list = h("ul", { className: "cards", "aria-label": "Providers" });
  const draw = async () => {
    const [{ data }, { data: recent }] = await Promise.all([
      get("providers", { signal }),
      get("jobs?limit=100", { signal }),
    ]);
    const times = timesOf(recent);
    fill(list, data.map((one) => card(one, times.get(one.name) ?? [])));
  };
  main.append(
    heading("Providers"),
    h("p", { className: "faint" },
      "Times are those of the attempts in your newest hundred jobs, from sending to the end.",
    ),
    list,
  );
  await draw();
  often(SECONDS, signal, () => draw().catch(() => {}));
}

function timesOf(jobs) {
  const times = new Map();
  for (const { provider, submitted_at: start, finished_at: end } of jobs.flatMap((job) => job.attempts)) {
    if (!start || !end) continue;
    if (!times.has(provider)) times.set(provider, []);
    times.get(provider).push((Date.parse(end) - Date.parse(start)) / 1000);
  }
  for (const all of times.values()) all.sort((one, other) => one - other);
  return times;
}

/** The smallest time that so large a share of the attempts did not exceed. */
const quantile = (sorted, share) => (sorted.length ? sorted[Math.ceil(sorted.length * share) - 1] : null);

function card(provider, times) {
  const { in_flight: flying, max_in_flight: most } = provider;
  return h("li", { className: "card" },
    h("div", { className: "line" },
      h("h2", {}, providerName(provider.name)),
      state(provider.sandbox ? "sandbox" : "real"),
    ),
    facts([
      ["Median", lasting(quantile(times, 0.5))], ["95th percentile", lasting(quantile(times, 0.95))],
      ["Measured", plural(times.length, "attempt")],
      ["In flight", most === null ? "not limited" : `${flying} of ${most}`],
      ["Calls back", provider.callbacks ? "yes" : "no"],
    ]),
    most === null ? null : meter(`In flight at ${providerName(provider.name)}`, flying, most),
    h("ul", { className: "plain" }, provider.models.map(breaker)));
}

function breaker({ model, breaker: how, since, reason }) {
  const fault = reason ? explained({ ...reason, detail: reason.message }) : null;
  return h("li", {},
    h("div", { className: "line" },
      h("span", {}, model),
      h("span", { className: `state breaker-${how}` }, BREAKERS[how] ?? how),
    ),
    since && how !== "closed" ? h("p", { className: "faint" }, `since ${whole(since)}`) : null,
    fault && how !== "closed" ? h("p", { className: "fault" }, `${fault.what} ${fault.who}`) : null);
}
