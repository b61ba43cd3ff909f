// The pieces that screens are made of.

import { h } from "./dom.js";
import { explained, stateWords } from "./words.js";

export function heading(text, ...beside) {
  return h("div", { className: "heading" },
    h("h1", { tabIndex: -1 }, text),
    h("div", { className: "actions" }, beside),
  );
}

export const state = (status) => h("span", { className: `state ${status}` }, stateWords(status));

export function notice(problem) {
  const { what, who, todo } = explained(problem);
  const fields = problem.errors?.length
    ? h("ul", {},
      problem.errors.map((one) => h("li", {}, h("code", {}, one.pointer || "/"), ` ${one.message}`)),
    )
    : null;
  const trace = problem.request_id ? h("p", { className: "faint" }, `Request ${problem.request_id}`) : null;
  return h("div", { className: "notice", role: "alert" },
    h("p", {},
      h("strong", {}, problem.errors?.length ? "Some fields cannot stay as they are." : what),
    ), fields,
    h("p", {}, [who, todo].filter(Boolean).join(" ")), trace);
}

export const empty = (...said) => h("p", { className: "empty" }, said);

let fields = 0;

/** Label a control; a hint is read out with it. */
export function field(label, control, hint = "") {
  control.id ||= `field-${++fields}`;
  const note = hint ? h("small", { id: `${control.id}-hint` }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { className: "field" }, h("label", { htmlFor: control.id }, label), control, note);
}

export function choice(options, value = "", given = {}) {
  const select = h("select", given, options.map(([key, text]) => h("option", { value: key }, text)));
  select.value = value;
  return select;
}

export function button(text, onclick, className = "") {
  return h("button", { type: "button", className, onclick }, text);
}

/** A button that works once at a time, and tells of problems beside itself. */
export function doing(text, work, className = "") {
  const made = button(text, async () => {
    if (made.getAttribute("aria-busy") === "true") return;
    made.setAttribute("aria-busy", "true");
    made.parentElement?.querySelector(":scope > .notice")?.remove();
    try {
      await work();
    } catch (problem) {
      if (!problem.who) throw problem; // an error of this page
      made.after(notice(problem));
    } finally {
      made.removeAttribute("aria-busy");
    }
  }, className);
  return made;
}

/** Ask before something that cannot be undone; the browser keeps the focus inside. */
export function confirmed(title, text, action) {
  return new Promise((answered) => {
    const close = (yes) => (dialog.close(), answered(yes));
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" },
      h("h2", { id: "dialog-title" }, title), h("p", {}, text),
      h("div", { className: "actions" }, button("Keep", () => close(false)), button(action, () => close(true), "danger")));
    dialog.addEventListener("cancel", () => answered(false));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function copyButton(text, content) {
  const made = doing(text, async () => {
    if (!navigator.clipboard) throw {
      detail: "only a page behind https may copy; mark the text instead",
      who: "network",
    };
    await navigator.clipboard.writeText(content());
    made.textContent = "Copied";
    setTimeout(() => (made.textContent = text), 2000);
  });
  return made;
}

/** Places for the images that are still to come. */
export function unmade(count) {
  const words = { role: "img", "aria-label": "An image in the making" };
  return Array.from({ length: Math.max(count, 0) }, () => h("div", { className: "picture busy", ...words }));
}

export function table(caption, columns, rows) {
  return h("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": caption },
    h("table", {}, h("caption", { className: "unseen" }, caption),
      h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell)))))));
}

export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return h("dl", { className: "facts" },
    shown.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]),
  );
}

export function meter(label, part, total) {
  const share = total > 0 ? Math.min(1, part / total) : 0;
  const bar = h("div", { className: share >= 0.9 ? "bar full" : "bar" });
  bar.style.width = `${(share * 100).toFixed(1)}%`;
  return h("div",
    { className: "meter", role: "img", "aria-label": `${label}: ${Math.round(share * 100)} %` },
    bar,
  );
}
