// Jobs, as a gallery that keeps itself up to date. It shows previews, never originals.

import { get, listModels, query } from "./api.js";
import { announce, fill, h, often } from "./dom.js";
import { button, choice, empty, field, heading, notice, state } from "./parts.js";
import { age, cost, OPEN, plural, providerName, STATES, stateWords } from "./words.js";

const PAGE = 24;
const FILTERS = ["status", "model", "provider", "tag", "batch"];
const AHEAD = 600; // pixels below the screen
const SECONDS = 4;
const MOST_ASKED = 6; // open jobs further down are asked for one by one

export async function show(main, { query: given, signal }) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, given.get(name) ?? ""]));
  const gallery = new Gallery(wanted, signal);
  const filters = filterForm(wanted, () => {
    history.replaceState(null, "", `#/jobs${query(wanted)}`);
    return gallery.start();
  });
  main.append(
    heading("Jobs", h("a", { className: "button primary", href: "#/new" }, "New job")),
    filters,
    gallery.element,
  );
  await gallery.start();
  often(SECONDS, signal, () => gallery.refresh()).catch(() => {});
}

function filterForm(wanted, changed) {
  const model = choice([["", "Any model"]], "");
  listModels().then((models) => {
    model.append(...models.map((one) => h("option", { value: one.id }, one.title)));
    model.value = wanted.model;
  }).catch(() => {});
  const controls = {
    status: choice([["", "Any state"], ...STATES.map((one) => [one, stateWords(one)])], wanted.status),
    model,
    provider: choice(
      [["", "Any provider"], ...["apixo", "oxen", "aimlapi"].map((one) => [one, providerName(one)])],
      wanted.provider,
    ),
    tag: h("input", { type: "search", placeholder: "Any tag", value: wanted.tag }),
  };
  const labels = { status: "State", model: "Model", provider: "Provider", tag: "Tag" };
  const form = h("form", { className: "filters", "aria-label": "Filter the jobs" },
    Object.entries(controls).map(([name, control]) => field(labels[name], control)));
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    for (const [name, control] of Object.entries(controls)) wanted[name] = control.value.trim();
    changed();
  });
  return form;
}

class Gallery {
  constructor(wanted, signal) {
    this.wanted = wanted;
    this.signal = signal;
    this.tiles = new Map();
    this.list = h("ul", { className: "gallery", "aria-label": "Jobs, newest first" });
    this.more = button("Show more", () => this.next(), "more");
    this.word = h("div");
    this.element = h("section", { "aria-label": "Gallery" }, this.word, this.list, this.more);
    const watcher = new IntersectionObserver(
      ([seen]) => seen.isIntersecting && this.next(),
      { rootMargin: `${AHEAD}px` },
    );
    watcher.observe(this.more);
    signal.addEventListener("abort", () => watcher.disconnect());
  }

  async start() {
    this.round = Symbol("round"); // answers to an older question are not for this list
    this.tiles.clear();
    this.cursor = null;
    this.loading = false;
    fill(this.list);
    this.more.hidden = true;
    await this.next({ first: true });
  }

  async next({ first = false } = {}) {
    if (this.loading || (!first && !this.cursor)) return;
    this.loading = true;
    const round = this.round;
    try {
      const page = await this.ask(this.cursor);
      if (round !== this.round) return;
      for (const job of page.data) this.list.append(this.tile(job).element);
      this.cursor = page.cursor ?? null;
      this.more.hidden = !this.cursor;
      this.say();
    } catch (problem) {
      if (problem.status === 401) throw problem;
      if (!this.signal.aborted) fill(this.word, notice(problem));
    } finally {
      if (round === this.round) this.loading = false;
    }
    // The watcher tells of a change alone: what is still near after a short page goes on by itself.
    const isNear = this.more.getBoundingClientRect().top < innerHeight + AHEAD;
    if (this.cursor && round === this.round && isNear) await this.next();
  }

  async refresh() {
    const round = this.round;
    try {
      const page = await this.ask(null);
      if (round !== this.round) return;
      this.take(page);
      await this.askOpen(new Set(page.data.map((job) => job.id)), round);
      this.say();
    } catch {
      // The next round may work again; what is shown stays.
    }
  }

  /** Take in the first page: what is new, what moved, and what is gone from where it would be. */
  take({ data: newest, cursor }) {
    const ids = new Set(newest.map((job) => job.id));
    const oldest = cursor ? (newest.at(-1)?.id ?? "~") : "";
    for (const [id, tile] of this.tiles) if (id >= oldest && !ids.has(id)) this.drop(id, tile);
    let before = this.list.firstElementChild;
    for (const job of newest) {
      const known = this.tiles.get(job.id);
      if (known) {
        known.update(job);
        before = known.element.nextElementSibling;
      } else {
        this.list.insertBefore(this.tile(job).element, before);
        announce(`${short(job.input.prompt)}: ${stateWords(job.status)}`);
      }
    }
    for (const tile of this.tiles.values()) tile.grow();
  }

  async askOpen(fresh, round) {
    const open = [...this.tiles].filter(([id, tile]) => !fresh.has(id) && OPEN.has(tile.job.status));
    for (const [id, tile] of open.slice(0, MOST_ASKED)) {
      const job = await get(`jobs/${id}`, { signal: this.signal });
      if (round === this.round) tile.update(job);
    }
  }

  drop(id, tile) {
    tile.element.remove();
    this.tiles.delete(id);
  }

  ask(cursor) {
    return get(`jobs${query({ ...this.wanted, limit: PAGE, cursor })}`, { signal: this.signal });
  }

  tile(job) {
    const tile = new Tile(job);
    this.tiles.set(job.id, tile);
    return tile;
  }

  say() {
    if (this.tiles.size) return fill(this.word);
    const filtered = Object.values(this.wanted).some(Boolean);
    fill(this.word, filtered
      ? empty("No job is like that.")
      : empty("No jobs yet. ", h("a", { href: "#/new" }, "Make the first one"), "."));
  }
}

class Tile {
  constructor(job) {
    this.picture = h("div", { className: "picture" });
    this.badge = h("span", { className: "count", hidden: true });
    this.title = h("span", { className: "prompt" });
    this.meta = h("span", { className: "meta" });
    this.age = h("time");
    this.state = h("span");
    this.link = h("a", { className: "tile" }, this.picture, this.title,
      h("span", { className: "line" }, this.state, this.age), this.meta);
    this.element = h("li", {}, this.link);
    this.picture.style.setProperty("--hue", hueOf(job.id));
    this.update(job, { silent: true });
  }

  update(job, { silent = false } = {}) {
    const moved = this.job && this.job.status !== job.status;
    this.job = job;
    this.link.href = `#/jobs/${job.id}`;
    this.link.setAttribute("aria-label", spoken(job));
    this.title.textContent = job.input.prompt;
    this.meta.textContent = `${job.model} · ${providerName(job.provider)} · ${cost(job)}`;
    this.age.dateTime = job.created_at;
    const now = state(job.status);
    this.state.replaceWith(now);
    this.state = now;
    this.grow();
    this.paint(job);
    if (moved && !silent) announce(`${short(job.input.prompt)}: ${stateWords(job.status)}`);
  }

  grow() {
    this.age.textContent = age(this.job.created_at);
  }

  /** A link is signed anew in each answer: a picture that is there stays. */
  paint(job) {
    const image = job.images[0];
    this.badge.hidden = job.images.length < 2 || !(image.preview_url || image.placeholder);
    this.badge.textContent = `${job.images.length}`;
    const shown = image ? `${image.key} ${Boolean(image.preview_url)} ${Boolean(image.placeholder)}` : "";
    if (shown === this.shown) return;
    this.shown = shown;
    this.picture.style.backgroundImage = image?.placeholder ? `url("${image.placeholder}")` : "";
    this.picture.classList.toggle("busy", OPEN.has(job.status));
    const preview = image?.preview_url ? h("img",
      { alt: "", loading: "lazy", decoding: "async", src: image.preview_url },
    ) : null;
    preview?.addEventListener("error", () => preview.remove());
    fill(
      this.picture,
      preview ?? (image?.placeholder ? null : h("span", { className: "blank" }, initial(job))),
      this.badge,
    );
  }
}

function initial(job) {
  if (job.images.length) return plural(job.images.length, "image");
  return OPEN.has(job.status) ? "" : stateWords(job.status);
}

const short = (text) => (text.length > 80 ? `${text.slice(0, 80)}…` : text);

function spoken(job) {
  return `${short(job.input.prompt)}. ${stateWords(job.status)}, ${plural(job.images.length, "image")}, ` +
    `${job.model} at ${providerName(job.provider)}, ${cost(job)}, ${age(job.created_at)}`;
}

/** Each job keeps its own colour until a preview is there. */
function hueOf(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return String(sum);
}
