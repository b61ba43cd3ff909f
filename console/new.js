// A new job: the form comes from the model's schema, the price before the submit, the picture after.

import { get, listModels, post } from "./api.js";
import { announce, fill, h, pause } from "./dom.js";
import { SchemaFields, schemaOf } from "./form.js";
import { choice, doing, field, heading, notice, state, unmade } from "./parts.js";
import { References } from "./references.js";
import { requestOf } from "./snippets.js";
import { cost, measures, money, OPEN, plural, providerName, stateWords } from "./words.js";

const REHEARSE_AFTER = 0.5;

export async function show(main, { query, signal }) {
  const [models, before] = await Promise.all([listModels(), earlier(query.get("from"), signal)]);
  const order = new OrderForm(models, before, signal);
  if (query.get("reference")) order.references.add(query.get("reference"));
  main.append(heading("New job"), h("div", { className: "split" }, order.element, order.outcome));
  order.rehearse();
}

async function earlier(id, signal) {
  return id ? requestOf(await get(`jobs/${encodeURIComponent(id)}`, { signal })) : {};
}

class OrderForm {
  constructor(models, before, signal) {
    this.models = models;
    this.signal = signal;
    this.key = newKey();
    this.asked = 0;
    this.model = choice(models.map((one) => [one.id, one.title]), before.model ?? "seedream-4.5");
    this.provider = choice([["auto", "Automatic"]], "auto");
    this.prompt = h("textarea",
      { rows: 5, required: true, value: before.prompt ?? "", "data-pointer": "/prompt" },
    );
    this.tags = h("input", { type: "text", value: (before.tags ?? []).join(", "), "data-pointer": "/tags" });
    this.rest = before.metadata ? { metadata: before.metadata } : {};
    this.fields = new SchemaFields(before);
    this.references = new References(() => this.changed(), signal);
    this.price = h("p", { className: "price", "aria-live": "polite" });
    this.submit = doing("Make it", () => this.send(), "primary");
    this.result = h("div", { className: "pictures" },
      h("p", { className: "empty" }, "The result appears here while you watch."),
    );
    this.outcome = h("section", { className: "outcome", "aria-label": "Result" }, this.result);
    this.element = this.form();
    this.chooseModel(before.provider);
    for (const name of before.images ?? []) this.references.add(name);
  }

  form() {
    const form = h("form", { className: "card order", noValidate: true },
      field("Prompt", this.prompt), this.references.element,
      h("div", { className: "fields" }, field("Model", this.model), field("Provider", this.provider)),
      this.fields.element,
      field("Tags", this.tags, "Divided by commas. They help to find the job again."),
      this.price, h("div", { className: "actions" }, this.submit));
    this.model.addEventListener("change", () => this.chooseModel(this.provider.value));
    this.provider.addEventListener("change", () => this.chooseProvider());
    form.addEventListener("input", () => this.changed());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit.click();
    });
    return form;
  }

  chooseModel(provider = "auto") {
    this.chosen = this.models.find((one) => one.id === this.model.value) ?? this.models[0];
    const names = Object.keys(this.chosen.providers);
    fill(this.provider, ["auto", ...names].map((name) => h("option", { value: name }, providerName(name))));
    this.provider.value = names.includes(provider) ? provider : "auto";
    this.chooseProvider();
  }

  chooseProvider() {
    const schema = schemaOf(this.chosen, this.provider.value);
    this.fields.show(schema);
    this.prompt.maxLength = schema.properties.prompt.maxLength;
    this.references.allow(schema.properties.images.maxItems);
  }

  /** Another order is another key: the old one would get the old answer. */
  changed() {
    this.key = newKey();
    this.rehearse();
  }

  body() {
    const tags = this.tags.value.split(",").map((tag) => tag.trim()).filter(Boolean);
    return {
      ...this.rest, model: this.model.value, provider: this.provider.value, prompt: this.prompt.value,
      ...(this.references.names.length ? { images: this.references.names } : {}),
      ...(tags.length ? { tags } : {}), ...this.fields.read(),
    };
  }

  /** Ask what it would cost, once the typing rests. */
  async rehearse() {
    const round = ++this.asked;
    if (!this.prompt.value) {
      fill(this.price, "The price is shown here before anything is sent.");
      return this.mark([]);
    }
    if (!(await pause(REHEARSE_AFTER, this.signal)) || round !== this.asked) return;
    try {
      const told = await post("jobs", { ...this.body(), dry_run: true }, { signal: this.signal });
      if (round === this.asked) this.tell(told);
    } catch (problem) {
      if (round === this.asked && !this.signal.aborted) this.blame(problem);
    }
  }

  tell(told) {
    const sum = told.cost.estimated_usd === null ? "Price unknown" : money(told.cost.estimated_usd);
    this.mark([]);
    const free = told.sandbox ? " (sandbox: nothing is charged)" : "";
    fill(
      this.price,
      h("strong", {}, sum),
      ` for ${plural(told.requested_images, "image")}${free}`,
      h("small", {}, told.decision),
    );
  }

  blame(problem) {
    fill(this.price, notice(problem));
    this.mark(problem.errors ?? []);
  }

  mark(errors) {
    const wrong = new Set(errors.map((one) => `/${one.pointer.split("/")[1]}`));
    for (const control of this.element.querySelectorAll("[data-pointer]")) {
      if (wrong.has(control.dataset.pointer)) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }

  async send() {
    if (!this.prompt.value.trim()) {
      this.blame({
        detail: "a prompt is missing",
        who: "client",
        code: "invalid_request",
        errors: [{ pointer: "/prompt", message: "says what the image shows" }],
      });
      return this.prompt.focus();
    }
    ++this.asked; // a rehearsal still under way is old news
    try {
      const job = await post("jobs", this.body(), { headers: { "idempotency-key": this.key } });
      this.key = newKey();
      announce("The job is on its way.");
      this.watch(job);
    } catch (problem) {
      this.blame(problem);
    }
  }

  /** Show the job while it moves. */
  async watch(job) {
    this.watched = job.id;
    this.draw(job);
    this.outcome.scrollIntoView({ block: "nearest" });
    try {
      while (OPEN.has(job.status) && this.watched === job.id) {
        job = await get(`jobs/${job.id}?wait=20`, { signal: this.signal });
        if (this.watched === job.id) this.draw(job);
      }
      announce(`The job is over: ${stateWords(job.status)}`);
    } catch (problem) {
      if (!this.signal.aborted) this.result.append(notice(problem));
    }
  }

  draw(job) {
    const waiting = OPEN.has(job.status) ? job.requested_images - job.images.length : 0;
    fill(this.result,
      h("p", { className: "line" },
        state(job.status),
        h("span", {}, cost(job)),
        h("a", { href: `#/jobs/${job.id}` }, "Open the job"),
      ),
      job.error ? notice({ ...job.error, detail: job.error.message }) : null,
      job.images.map((image) => h("figure", {},
        h("img",
          { src: image.url, alt: `Result ${image.index + 1}`, ...measures(image) },
        ),
      )),
      unmade(waiting));
  }
}

/** A key that nobody else has; without a secure page there is no randomUUID. */
function newKey() {
  const random = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
