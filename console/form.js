// Fields from the JSON Schema that a model has at a provider.

import { h } from "./dom.js";
import { choice, field } from "./parts.js";
import { titled } from "./words.js";

const OWN = new Set(["prompt", "images"]); // these have places of their own
const FIRST = new Set(["n", "resolution", "aspect_ratio"]);
const LABELS = { n: "Images" };

/** Return the schema of one provider, or what at least one of several can do. */
export function schemaOf(model, provider) {
  const offers = provider === "auto" ? Object.values(model.providers) : [model.providers[provider]];
  const properties = {};
  for (const { schema } of offers) {
    for (const [name, rule] of Object.entries(schema.properties)) {
      properties[name] = properties[name] ? either(properties[name], rule) : rule;
    }
  }
  return { properties };
}

export class SchemaFields {
  constructor(given = {}) {
    this.values = { ...given };
    this.first = h("div", { className: "fields" });
    this.rest = h("div", { className: "fields" });
    this.more = h("details", {}, h("summary", {}, "More choices"), this.rest);
    this.element = h("div", {}, this.first, this.more);
  }

  /** Show the fields of another schema; what was chosen stays where it still can be. */
  show(schema) {
    this.controls = new Map();
    const rules = Object.entries(schema.properties).filter(([name]) => !OWN.has(name));
    const shown = rules.map(([name, rule]) => {
      const { control, hint, read } = controlFor(name, rule, this.values[name]);
      control.dataset.pointer = `/${name}`;
      control.addEventListener("change", () => (this.values[name] = read()));
      this.controls.set(name, read);
      return [name, field(LABELS[name] ?? titled(name), control, hint)];
    });
    const pick = (wanted) => shown.filter(([name]) => FIRST.has(name) === wanted).map(([, made]) => made);
    const seldom = pick(false);
    this.more.hidden = !seldom.length;
    this.first.replaceChildren(...pick(true));
    this.rest.replaceChildren(...seldom);
  }

  read() {
    const entries = [...this.controls].map(([name, read]) => [name, read()]);
    return Object.fromEntries(entries.filter(([, value]) => value !== null));
  }
}

function controlFor(name, rule, value) {
  if (rule.type === "integer") return number(rule, value);
  if (rule.type === "boolean") return flag(rule, value);
  if (rule.enum) return words(rule, value);
  return text(name, rule, value);
}

function number(rule, value) {
  const least = Math.max(rule.minimum, Number.MIN_SAFE_INTEGER);
  const most = Math.min(rule.maximum, Number.MAX_SAFE_INTEGER);
  const control = h("input",
    { type: "number", min: least, max: most, step: 1, value: value ?? rule.default ?? "" },
  );
  const hint = most < 1000 ? `${least} to ${most}` : "Any whole number; the same one gives the same image.";
  return { control, hint, read: () => (control.value === "" ? null : Number(control.value)) };
}

function flag(rule, value) {
  const usual = rule.default === undefined ? "As the provider likes" : `Usual (${rule.default ? "yes" : "no"})`;
  const control = choice(
    [["", usual], ["true", "Yes"], ["false", "No"]],
    value === undefined ? "" : String(value),
  );
  return { control, hint: "", read: () => (control.value === "" ? null : control.value === "true") };
}

function words(rule, value) {
  const usual = rule.default ? `Usual (${rule.default})` : "As the provider likes";
  const control = choice(
    [["", usual], ...rule.enum.map((one) => [one, one])],
    rule.enum.includes(value) ? value : "",
  );
  return { control, hint: "", read: () => control.value || null };
}

function text(name, rule, value) {
  const known = (rule.anyOf ?? []).flatMap((one) => one.enum ?? []);
  const said = (rule.anyOf ?? []).find((one) => one.description)?.description;
  const control = h("input",
    { type: "text", value: value ?? "", placeholder: name === "size" ? "2048x2048" : "", spellcheck: false },
  );
  const hint = [
    known.length ? known.join(", ") : "",
    said ? `or width x height: ${said}` : "",
  ].filter(Boolean).join(", ");
  return {
    control,
    hint: name === "size" ? `${hint}. Instead of resolution and ratio.` : hint,
    read: () => control.value.trim() || null,
  };
}

function either(one, other) {
  const joined = { ...one };
  if (one.enum && other.enum) joined.enum = [...new Set([...one.enum, ...other.enum])];
  if (one.maximum !== undefined) joined.maximum = Math.max(one.maximum, other.maximum);
  if (one.maxItems !== undefined) joined.maxItems = Math.max(one.maxItems, other.maxItems);
  if (one.maxLength !== undefined) joined.maxLength = Math.max(one.maxLength, other.maxLength);
  return joined;
}
