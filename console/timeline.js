// Every transition of a job and every attempt, in the order of time.

import { h } from "./dom.js";
import { state } from "./parts.js";
import { explained, lasting, money, plural, providerName, stateWords, whole } from "./words.js";

const ATTEMPT_WORDS = {
  planned: "planned, not sent yet", sending: "being sent", accepted: "accepted by the provider",
  refused: "refused, so nothing runs there", unknown: "nobody knows yet whether it was accepted",
  settled: "over, and nothing more comes of it",
};

export function history(job) {
  const start = Date.parse(job.created_at);
  const steps = [
    ...job.timeline.map((entry, index) => ({ at: entry.at, order: index, item: transition(entry) })),
    ...job.attempts.map((attempt) => ({
      at: attempt.submitted_at ?? job.created_at,
      order: 1000 + attempt.number,
      item: attempted(attempt),
    })),
  ];
  steps.sort((one, other) => Date.parse(one.at) - Date.parse(other.at) || one.order - other.order);
  return h("ol", { className: "timeline" }, steps.map(({ at, item }) =>
    h("li", {}, h("time", { dateTime: at, title: whole(at) }, `+${lasting((Date.parse(at) - start) / 1000)}`), item)));
}

function transition({ status, note }) {
  return h("div", { "aria-label": stateWords(status) }, state(status), note ? h("p", {}, note) : null);
}

function attempted(attempt) {
  const { number, provider, delivery, decision, error, submissions } = attempt;
  const fault = error ? explained({ ...error, detail: error.message }) : null;
  return h("div", { className: "attempt" },
    h("p", {}, h("strong", {}, `Attempt ${number} at ${providerName(provider)}, by ${delivery}`)),
    decision ? h("p", {}, decision) : null,
    h("p", { className: "faint" },
      `${plural(submissions.length, "request")}: ${ATTEMPT_WORDS[attempt.state] ?? attempt.state}` +
      ` · charged ${partly(attempt)}${money(attempt.charged_usd)}${took(attempt)}`),
    fault ? h("p", { className: "fault" }, `${fault.what} ${fault.who}`) : null,
    attempt.task_ids.length ? h("p", { className: "faint" }, "Task ", h("code", {}, attempt.task_ids.join(", "))) : null);
}

function partly({ charged_usd: charged, charge_complete: complete }) {
  return charged !== null && complete === false ? "at least " : "";
}

function took({ submitted_at: start, finished_at: end }) {
  return start && end ? ` · took ${lasting((Date.parse(end) - Date.parse(start)) / 1000)}` : "";
}
