// What people read: times, money, states, and problems in words.

export const OPEN = new Set(["queued", "submitting", "processing", "storing"]);
export const STATES = [
  "queued", "submitting", "processing", "storing",
  "succeeded", "partial", "failed", "cancelled", "expired",
];

const STATE_WORDS = {
  queued: "Queued", submitting: "Submitting", processing: "In the making", storing: "Storing",
  succeeded: "Done", partial: "Partly done", failed: "Failed", cancelled: "Cancelled",
  expired: "Expired",
};
const PROVIDERS = { apixo: "APIXO", oxen: "Oxen.ai", aimlapi: "AI/ML API", auto: "Automatic" };
const WHO = {
  client: "The request is at fault.",
  provider: "The provider is at fault.",
  seedhook: "Seedhook is at fault, not you.",
  network: "Nothing is known to be wrong with the request.",
};
const ADVICE = {
  unauthenticated: "Enter another key, or ask the deployment's operator for one.",
  forbidden: "Use a key that may do this.",
  budget_exceeded: "Ask for a larger budget, or wait until it renews.",
  rate_limited: "Wait a moment, then try again.",
  too_many_in_flight: "Wait until some of your jobs have ended.",
  unpriced: "Choose a provider with a known price, or a key without a budget.",
  offline: "Check the connection. What you have entered stays here.",
  invalid_state: "Look at the job once more: it has moved on.",
  job_not_found: "It was deleted, or it belongs to another tenant.",
  content_policy: "Word the prompt differently; the same one will be refused again.",
  invalid_input: "Change the fields that are named.",
  reference_unreachable: "Upload the reference instead of linking to it.",
  source_gone: "Upload the reference again.",
  provider_credits: "Top up the account at the provider.",
  provider_auth: "Give the deployment a valid key for the provider.",
  ambiguous_submit: "Look at the provider's own log before you retry: it may have been charged.",
  result_gone: "Retry the job; the image can no longer be fetched.",
};

export const stateWords = (status) => STATE_WORDS[status] ?? status;
export const providerName = (name) => PROVIDERS[name] ?? name;
export const titled = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

export function plural(count, word) {
  if (count === 1) return `1 ${word}`;
  return /[^aeiou]y$/.test(word) ? `${count} ${word.slice(0, -1)}ies` : `${count} ${word}s`;
}

/** Unknown money is a dash, never zero. */
export function money(text) {
  if (text === null || text === undefined) return "–";
  const [whole, decimals = ""] = String(text).split(".");
  return `$${whole}.${decimals.replace(/0+$/, "").padEnd(2, "0")}`;
}

export function cost(job) {
  const { charged_usd: charged, estimated_usd: estimated, complete } = job.cost;
  if (charged !== null) return complete === false ? `at least ${money(charged)}` : money(charged);
  return estimated === null ? "cost unknown" : `about ${money(estimated)}`;
}

/** A picture's own size; of some formats it is unknown. */
export const measures = ({ width, height }) => (width && height ? { width, height } : {});

export function age(moment, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - Date.parse(moment)) / 1000));
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return plural(Math.floor(seconds / 86400), "day") + " ago";
}

export const whole = (moment) =>
  moment ? new Date(moment).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" }) : "–";

export function lasting(seconds) {
  if (seconds === null) return "–";
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}

export function bytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < 1024 * 1024) return `${Math.round(count / 1024)} kB`;
  return `${(count / 1024 / 1024).toFixed(1)} MB`;
}

/** Say what is wrong, who can mend it, and how. */
export function explained(problem) {
  const again = problem.retryable ? "Try again in a moment." : "Trying again as it is will not help.";
  const todo = ADVICE[problem.code] ?? again;
  return {
    what: sentence(problem.detail ?? problem.message ?? String(problem)),
    who: WHO[problem.who] ?? "",
    todo,
  };
}

function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
