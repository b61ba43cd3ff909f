// What was told to receivers: every try, its answer, and the ways to tell it again.

import { get, post, query } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { choice, doing, empty, field, heading, state } from "./parts.js";
import { age, plural, whole } from "./words.js";

export async function show(main, { query: given, signal }) {
  const list = h("ul", { className: "cards", "aria-label": "Deliveries, newest first" });
  const status = choice(
    [["", "Any state"], ["pending", "Pending"], ["delivered", "Delivered"], ["failed", "Failed"]],
    given.get("status") ?? "",
  );
  const webhook = choice([["", "Any endpoint"]], "");
  const log = new Log(
    list,
    () => ({ status: status.value, webhook: webhook.value, job: given.get("job") }),
    signal,
  );
  const { data: webhooks } = await get("webhooks", { signal });
  webhook.append(...webhooks.map((one) => h("option", { value: one.id }, one.description || one.url)));
  for (const control of [status, webhook]) control.addEventListener("change", () => log.start());
  main.append(heading("Deliveries"), endpoints(webhooks, () => log.start()),
    h("div", { className: "filters" }, field("State", status), field("Endpoint", webhook)), list, log.more);
  await log.start();
}

class Log {
  constructor(list, wanted, signal) {
    Object.assign(this, { list, wanted, signal });
    this.more = doing("Show more", () => this.next(), "more");
  }

  async start() {
    fill(this.list);
    this.cursor = null;
    await this.next();
  }

  async next() {
    const page = await get(
      `deliveries${query({ ...this.wanted(), limit: 20, cursor: this.cursor })}`,
      { signal: this.signal },
    );
    this.cursor = page.cursor ?? null;
    this.more.hidden = !this.cursor;
    this.list.append(...page.data.map((one) => delivery(one)));
    if (!this.list.children.length && !this.cursor) this.list.append(h("li", {},
      empty("Nothing was sent to a receiver."),
    ));
  }
}

function endpoints(webhooks, changed) {
  if (!webhooks.length) return empty("No endpoint is registered. POST /v1/webhooks registers one.");
  return h("section", { "aria-label": "Endpoints" },
    h("ul", { className: "cards" }, webhooks.map((one) => endpoint(one, changed))),
  );
}

function endpoint(webhook, changed) {
  const since = h("input", { type: "datetime-local", value: local(new Date(Date.now() - 86_400_000)) });
  const recover = doing("Recover", async () => {
    const moment = new Date(since.value).toISOString();
    let resent = 0;
    let cursor = null;
    do {
      const done = await post(`webhooks/${webhook.id}/recover${query({ since: moment, cursor })}`);
      resent += done.resent;
      cursor = done.cursor;
    } while (cursor);
    announce(`${plural(resent, "delivery")} will be sent again.`);
    await changed();
  });
  const trouble = webhook.disabled_because ?? (webhook.failing_since ? `failing since ${whole(webhook.failing_since)}` : null);
  return h("li", { className: "card" },
    h("div", { className: "line" },
      h("h2", {}, webhook.description || webhook.url),
      state(webhook.enabled ? "enabled" : "disabled"),
    ),
    h("p", {}, h("code", {}, webhook.url)), h("p", { className: "faint" },
      webhook.events.join(", ") || "every event",
    ),
    trouble ? h("p", { className: "fault" }, trouble) : null,
    h("div", { className: "row" }, field("What was missed since", since), recover));
}

function delivery(one) {
  const item = h("li", { className: "card" });
  const draw = (now) => fill(item,
    h("div", { className: "line" },
      h("h2", {}, now.type),
      state(now.status),
      h("span", {}, age(now.created_at)),
    ),
    h("p", {}, h("code", {}, now.url)),
    now.job ? h("p", {}, h("a", { href: `#/jobs/${now.job}` }, "The job")) : null,
    now.tries.length ? h("ol", { className: "plain tries" },
      now.tries.map(tried),
    ) : h("p", { className: "faint" }, "Not tried yet."),
    now.next_try_at ? h("p", { className: "faint" }, `Next try ${whole(now.next_try_at)}`) : null,
    h("div", { className: "actions" }, doing("Resend", async () => {
      draw(await post(`deliveries/${now.id}/resend`));
      announce("It will be sent again.");
    })));
  draw(one);
  return item;
}

function tried({ at, milliseconds, status, answer, error }) {
  return h("li", {}, `${whole(at)} · ${status ? `answered ${status}` : (error ?? "no answer")} in ${milliseconds} ms`,
    answer ? h("pre", { tabIndex: 0 }, answer) : null);
}

/** What a datetime-local field shows: the clock of who looks, without a zone. */
function local(date) {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
