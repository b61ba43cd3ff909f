// Which screen is shown, and for whom.

import { forgetModels } from "./api.js";
import { announce, fill, h } from "./dom.js";
import { notice } from "./parts.js";
import { apiKey, forgetKeys } from "./session.js";
import { show as showJobs } from "./jobs.js";

// Only the first screen comes with the page; the others when they are wanted.
const SCREENS = {
  jobs: ["Jobs", async () => showJobs],
  new: ["New", async () => (await import("./new.js")).show],
  batches: ["Batches", async () => (await import("./batches.js")).show],
  deliveries: ["Deliveries", async () => (await import("./deliveries.js")).show],
  usage: ["Usage", async () => (await import("./usage.js")).show],
  keys: ["Keys", async () => (await import("./keys.js")).show],
  providers: ["Providers", async () => (await import("./providers.js")).show],
};
const main = document.getElementById("main");
const leave = document.getElementById("leave");
let left = new AbortController();

function place() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [screen, id = null] = path.split("/").map(decoded);
  return { screen: screen in SCREENS ? screen : "jobs", id: id || null, query: new URLSearchParams(search) };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

async function showPlace({ focus = true } = {}) {
  left.abort();
  left = new AbortController();
  const { signal } = left;
  const wanted = place();
  showFrame(wanted.screen);
  try {
    const screen = await screenFor(wanted);
    if (signal.aborted) return;
    main.replaceChildren();
    await screen(main, { ...wanted, signal, reload: showPlace });
  } catch (problem) {
    if (signal.aborted) return;
    if (problem.status === 401) return signOut(problem);
    main.append(notice(problem));
    if (!problem.who) throw problem; // an error of this page
  }
  if (!signal.aborted) arrive(focus);
}

async function screenFor({ screen, id }) {
  if (!apiKey()) return (await import("./welcome.js")).show;
  if (screen === "jobs" && id) return (await import("./job.js")).show;
  return SCREENS[screen][1]();
}

function showFrame(current) {
  const nav = document.getElementById("nav");
  leave.hidden = nav.hidden = !apiKey();
  fill(nav, Object.entries(SCREENS).map(([name, [title]]) =>
    h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null }, title)));
  nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

/** Whoever cannot see the screen change lands on its heading. */
function arrive(focus) {
  const title = main.querySelector("h1");
  document.title = title ? `${title.textContent} · Seedhook` : "Seedhook";
  if (focus && !main.contains(document.activeElement)) (title ?? main).focus({ preventScroll: true });
}

async function signOut(problem) {
  forgetKeys();
  forgetModels();
  await showPlace();
  if (problem) main.querySelector("form")?.append(notice(problem));
}

leave.addEventListener("click", async () => {
  await signOut(null);
  announce("The key is forgotten.");
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", () => {
  window.scrollTo(0, 0);
  showPlace();
});
showPlace({ focus: false });
