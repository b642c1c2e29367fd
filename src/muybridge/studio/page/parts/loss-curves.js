// Losses as small charts, one a name; the picture is SVG, so that it is sharp on every screen.

import { h } from "../dom.js";
import { lossWords } from "./loss-names.js";
import { stageWords } from "./run-state.js";

const WIDTH = 260;
const HEIGHT = 84;

const svg = (tag, attributes = {}, ...children) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
};

const short = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : Number(value).toPrecision(3));

/** Put the charts of `found`, {"stage: name": [[done, value], …]}, into a place. */
export function curves(place, found) {
  const names = Object.keys(found).filter((name) => found[name].length > 0);
  if (!names.length) {
    place.replaceChildren(h("p", { class: "help" }, "Curves appear after the first steps."));
    return;
  }
  place.replaceChildren(...names.map((name) => chart(name, found[name])));
}

function chart(name, points) {
  const values = points.map(([, value]) => value).filter(Number.isFinite);
  const sorted = [...values].sort((x, y) => x - y);
  const low = sorted[0];
  // The first steps are far off; they must not flatten all the rest.
  const high = Math.max(sorted[Math.floor(0.98 * (sorted.length - 1))], low + 1e-9);
  const [first] = points[0];
  const [last] = points[points.length - 1];
  const x = (step) => ((step - first) / Math.max(1, last - first)) * WIDTH;
  const y = (value) => HEIGHT - 4 - ((Math.min(value, high) - low) / (high - low)) * (HEIGHT - 10);
  const path = points.map(([step, value], i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const [stage, loss] = name.split(": ");
  const now = points[points.length - 1][1];
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${stageWords(stage)}, ${lossWords(loss)}: from ${short(points[0][1])} to ${short(now)} in ${last} steps` },
    svg("path", { d: `M0 ${HEIGHT - 1}H${WIDTH}`, class: "axis" }),
    svg("path", { d: path, class: "curve" }),
  );
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("strong", { title: loss }, lossWords(loss)), h("span", { class: "help" }, ` ${stageWords(stage)}`), h("span", { class: "value tabular" }, short(now))),
    drawing,
  );
}
