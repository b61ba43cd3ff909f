// Elements, built without markup: whatever a prompt or an answer says stays text.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. `on*` are listeners, `class` and aria names are attributes, the rest properties. */
export function h(tag, given = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-") && name !== "list") element[name] = value;
    else element.setAttribute(name === "className" ? "class" : name, value === true ? "" : value);
  }
  element.append(...present(children));
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...present(children));
  return element;
}

/** Put children in the place of all that an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...present(children));
  return element;
}

/** Tell people who do not look at the screen. */
export function announce(text) {
  document.getElementById("news").textContent = text;
}

/** Wait; ends early, and false, when the screen is left. */
export function pause(seconds, signal) {
  return new Promise((done) => {
    if (signal.aborted) return done(false);
    const timer = setTimeout(() => done(true), seconds * 1000);
    signal.addEventListener("abort", () => (clearTimeout(timer), done(false)), { once: true });
  });
}

/** Work again and again while the screen is there and somebody can see it. */
export async function often(seconds, signal, work) {
  while (await pause(seconds, signal)) {
    if (!document.hidden) await work();
  }
}

function present(children) {
  return children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);
}
