// Bars, drawn here. The table beside them says the same to who cannot see them.

import { svg } from "./dom.js";

const ROW = 34;
const WIDTH = 640;
const LABEL = 150;
const VALUE = 90;

/** Horizontal bars for a few named things. */
export function bars(title, rows, { value, label, text }) {
  const most = Math.max(...rows.map(value), Number.MIN_VALUE);
  const room = WIDTH - LABEL - VALUE;
  return figure(title, ROW * rows.length, rows.map((row, index) => {
    const y = index * ROW;
    const width = Math.max((value(row) / most) * room, 2).toFixed(1);
    return svg("g", {},
      svg("text", { x: 0, y: y + 21 }, label(row)),
      svg("rect", { x: LABEL, y: y + 6, width, height: ROW - 12, rx: 5 }),
      svg("text", { x: LABEL + Number(width) + 8, y: y + 21, class: "amount" }, text(row)));
  }));
}

/** Columns over time, one a day. */
export function columns(title, rows, { value, label, text }) {
  const height = 180;
  const most = Math.max(...rows.map(value), Number.MIN_VALUE);
  const step = WIDTH / Math.max(rows.length, 7);
  const every = Math.ceil(rows.length / 8);
  return figure(title, height + 28, rows.map((row, index) => {
    const tall = Math.max((value(row) / most) * (height - 24), value(row) > 0 ? 3 : 1);
    const x = index * step;
    return svg("g", {},
      svg("title", {}, `${label(row)}: ${text(row)}`),
      svg("rect",
        { x: x + step * 0.14, y: height - tall, width: Math.min(step * 0.72, 48), height: tall, rx: 4 },
      ),
      index % every ? null : svg("text", { x: x + step * 0.14, y: height + 20 }, label(row).slice(5)));
  }));
}

function figure(title, height, children) {
  return svg("svg",
    { viewBox: `0 0 ${WIDTH} ${height}`, class: "plot", role: "img", "aria-label": title },
    ...children,
  );
}
