// One job: its pictures, what was asked, and everything that happened to it.

import { call, get, post, query } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { confirmed, copyButton, doing, facts, heading, notice, state, unmade } from "./parts.js";
import { asCurl, asPython, requestOf } from "./snippets.js";
import { history } from "./timeline.js";
import { bytes, cost, measures, money, OPEN, providerName, stateWords, titled, whole } from "./words.js";

const WAIT = 20;
const RETRIED = new Set(["failed", "expired"]);

export async function show(main, { id, signal, reload }) {
  const page = new Page(await get(`jobs/${encodeURIComponent(id)}`, { signal }), signal, reload);
  main.append(page.element);
  page.neighbours();
  page.follow();
}

class Page {
  constructor(job, signal, reload) {
    this.signal = signal;
    this.reload = reload;
    this.state = h("span");
    this.tools = h("div", { className: "actions" });
    this.around = h("nav", { className: "around", "aria-label": "Other jobs" });
    this.trouble = h("div");
    this.pictures = h("div", { className: "pictures" });
    this.asked = h("section", { className: "card" });
    this.account = h("section", { className: "card" });
    this.past = h("section", { className: "card" });
    this.element = h("article", { className: "job" },
      this.around, heading(titleOf(job), this.state), this.trouble,
      h("div", { className: "split" },
        h("div", {}, this.pictures, this.past, this.callbacks(job)),
        h("div", {}, this.tools, this.asked, this.account, this.snippets(job))));
    this.update(job);
  }

  update(job) {
    const moved = this.job && this.job.status !== job.status;
    this.job = job;
    const now = state(job.status);
    this.state.replaceWith(now);
    this.state = now;
    fill(this.trouble, job.error ? notice({ ...job.error, detail: job.error.message }) : null);
    fill(this.tools, this.actions(job));
    fill(this.asked, asked(job));
    fill(this.account, account(job));
    fill(this.past, h("h2", {}, "What happened"), history(job));
    this.paint(job);
    if (moved) announce(`The job is now: ${stateWords(job.status)}`);
  }

  /** Follow an open job by long polls, until it ends or the screen is left. */
  async follow() {
    if (this.following) return;
    this.following = true;
    while (OPEN.has(this.job.status) && !this.signal.aborted) {
      try {
        this.update(await get(`jobs/${this.job.id}?wait=${WAIT}`, { signal: this.signal }));
      } catch (problem) {
        if (!this.signal.aborted) fill(this.trouble, notice(problem), doing("Go on", () => this.reload()));
        return;
      }
    }
    this.following = false;
  }

  paint(job) {
    const shown = `${job.status} ${job.images.map((image) => image.key)}`;
    if (shown === this.shown) return;
    this.shown = shown;
    const waiting = OPEN.has(job.status) ? job.requested_images - job.images.length : 0;
    fill(this.pictures,
      job.images.map((image) => picture(job, image)),
      unmade(waiting),
      !job.images.length && !waiting ? h("p", { className: "empty" }, "This job has no images.") : null);
  }

  actions(job) {
    const move = (text, path) => doing(text, async () => {
      this.update(await post(`jobs/${job.id}/${path}`));
      this.follow();
    });
    return [
      RETRIED.has(job.status) ? move("Retry", "retry") : null,
      OPEN.has(job.status) ? move("Cancel", "cancel") : null,
      h("a", { className: "button", href: `#/new${query({ from: job.id })}` }, "Change and run again"),
      OPEN.has(job.status) ? null : doing("Delete", () => this.remove(job), "danger"),
    ];
  }

  async remove(job) {
    const sure = await confirmed("Delete this job?",
      "Its record and every image of it go away for good. What it cost stays in the books.", "Delete for good");
    if (!sure) return;
    await call("DELETE", `jobs/${job.id}`);
    announce("The job is deleted.");
    location.hash = "#/jobs";
  }

  /** The jobs made just before and after this one. */
  async neighbours() {
    const { id, created_at: at } = this.job;
    const listed = (given) => get(`jobs${query(given)}`, { signal: this.signal }).catch(() => ({ data: [] }));
    const [older, newer] = await Promise.all([
      listed({ until: at, limit: 1 }),
      listed({ since: at, limit: 100 }),
    ]);
    // Newest first: the next one stands last, if the page goes that far.
    const next = newer.cursor ? null : newer.data.filter((job) => job.id > id).at(-1);
    const link = (job, text) => (job ? h("a", { href: `#/jobs/${job.id}` }, text) : null);
    fill(
      this.around,
      h("a", { href: "#/jobs" }, "All jobs"),
      link(next, "← Newer"),
      link(older.data[0], "Older →"),
    );
  }

  callbacks(job) {
    const box = h("div");
    const load = async () => {
      const { data } = await get(`jobs/${job.id}/callbacks`, { signal: this.signal });
      fill(
        box,
        data.length ? data.map(callback) : h("p", { className: "faint" }, "No provider has called back."),
      );
    };
    const details = h("details", { className: "card" }, h("summary", {}, "Raw callbacks"), box);
    details.addEventListener("toggle", () => {
      if (details.open) load().catch((problem) => fill(box, notice(problem)));
    });
    return details;
  }

  snippets(job) {
    const request = requestOf(job);
    return h("section", { className: "card" }, h("h2", {}, "The same again, by program"),
      h("div", { className: "actions" },
        copyButton("Copy as curl", () => asCurl(request)), copyButton("Copy as Python", () => asPython(request))),
      h("details", {}, h("summary", {}, "Look at it"), h("pre", { tabIndex: 0 }, asCurl(request))));
  }
}

const titleOf = (job) => (job.input.prompt.length > 90 ? `${job.input.prompt.slice(0, 90)}…` : job.input.prompt);

function picture(job, image) {
  const seen = h("img", {
    src: image.url, alt: `Image ${image.index + 1} of ${job.images.length}: ${titleOf(job)}`,
    ...measures(image), decoding: "async",
  });
  if (image.placeholder) seen.style.backgroundImage = `url("${image.placeholder}")`;
  const caption = h("figcaption", {},
    h("span", {}, `${image.width ? `${image.width} × ${image.height}` : image.content_type} · ${bytes(image.bytes)}`,
      image.verified === false ? h("strong", {}, " · could not be decoded") : null),
    doing("Download", () => download(job, image), "quiet"),
    h("a", { href: `#/new${query({ reference: `job:${job.id}/${image.index}` })}` }, "Use as reference"));
  seen.addEventListener("error",
    () => seen.replaceWith(h("p", { className: "empty" },
      "The link has run out, or this is no image. Load the page again.",
    )),
  );
  return h("figure", {}, seen, caption);
}

/** A link is signed for minutes, and this page may be open for hours. */
async function download(job, { index }) {
  const { data } = await get(`jobs/${job.id}/images`);
  location.assign(data.find((image) => image.index === index).url);
}

function asked(job) {
  const { prompt, images, ...rest } = job.input;
  const references = images.length ? h("ol", { className: "plain" },
    images.map((one) => h("li", {}, h("code", {}, one))),
  ) : null;
  return [
    h("h2", {}, "Asked for"), h("p", { className: "full-prompt" }, prompt),
    facts([
      ...Object.entries(rest).filter(([, value]) => value !== null).map(([name, value]) => [
        name === "n" ? "Images" : titled(name),
        String(value),
      ]),
      ["References", references],
      ["Tags", job.tags.join(", ")],
      ...Object.entries(job.metadata),
    ]),
  ];
}

function account(job) {
  return [
    h("h2", {}, "Account"),
    facts([
      ["Cost", cost(job)],
      ["Estimated", money(job.cost.estimated_usd)],
      ["Model", job.model],
      ["Provider", `${providerName(job.provider)}, by ${job.delivery}${job.sandbox ? " (sandbox)" : ""}`],
      ["Delivered", `${job.delivered_images} of ${job.requested_images}`],
      ["Late", job.late ? "yes: images came after the job had ended" : null],
      ["Made", whole(job.created_at)],
      ["Ended", whole(job.completed_at)],
      ["Id", h("code", {}, job.id)],
    ]),
  ];
}

function callback(one) {
  return h("figure", { className: "callback" },
    h("figcaption", {}, `Attempt ${one.attempt} · ${whole(one.at)} · ${bytes(one.bytes)}`),
    h("pre", { tabIndex: 0 }, readable(one.body)));
}

function readable(body) {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
