// Two runs side by side: the same result of both, in sync to the frame.

import { attempt, choice, field, h } from "../dom.js";
import * as store from "../net/store.js";
import { get } from "../net/api.js";
import { Player } from "../parts/player.js";
import { rowOf, titleOf } from "../parts/result-row.js";
import { comparable } from "../parts/run-state.js";

const FIGURES = { iou: "Silhouette overlap", cycle_iou: "Overlap, there and back", sharpness: "Sharpness of the result" };
const SUBJECTS = { a: "first subject", b: "second subject" };

export function compareView(main, signal, first, second) {
  const runs = [...store.runs.values()].filter(comparable);
  const [a, b] = [runs.find((run) => run.id === first), runs.find((run) => run.id === second) ?? runs.find((run) => run.id !== first)];
  main.append(h("h1", {}, "Compare two runs"));
  if (!a || !b) {
    main.append(h("p", { class: "empty" }, "To compare, you need two runs with results. ", h("a", { href: "#/runs" }, "All runs"), "."));
    return;
  }
  const body = h("div", { class: "run-body" });
  const names = runs.map((run) => [run.id, run.name]);
  const go = (one, other) => (location.hash = `#/compare/${one}/${other}`);
  const look = { affine: true, background: "contrast", side: "a" };
  const sides = ["a", "b"].map((side) => [side, titleOf(a, side) === titleOf(b, side) ? titleOf(a, side) : `${titleOf(a, side)}, ${titleOf(b, side)}`]);
  main.append(
    h(
      "div",
      { class: "fields" },
      field("On the left", choice(names, a.id, (id) => go(id, b.id))),
      field("On the right", choice(names, b.id, (id) => go(a.id, id))),
      field("Which result", choice(sides, "a", (side) => {
        look.side = side;
        show();
      })),
    ),
    body,
  );
  let part = new AbortController();
  signal.addEventListener("abort", () => part.abort());
  const show = async () => {
    part.abort();
    part = new AbortController();
    const mine = part.signal;
    const times = await attempt(() => Promise.all([a, b].map((run) => get(`/runs/${run.id}/times`))));
    if (!times || mine.aborted) return;
    const rows = [a, b].map((run, i) => rowOf(run, look.side, times[i], run.name));
    body.replaceChildren(new Player(mine, rows, () => look, "results").element, settings(a, b));
  };
  show();
}

/** What the two were told differently. */
function settings(a, b) {
  const row = (what, one, other) => h("tr", { class: one === other ? null : "other" }, h("th", { scope: "row" }, what), h("td", {}, one), h("td", {}, other));
  const said = (run) => Object.entries(run.set ?? {}).map(([name, value]) => `${name}=${value}`).join(" ") || "–";
  const percent = (run, what) => (typeof run.figures[what] === "number" ? `${Math.round(100 * run.figures[what])} %` : "–");
  return h(
    "table",
    { class: "compared" },
    h("caption", { class: "unseen" }, "Settings and figures of the two runs"),
    h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, a.name), h("th", { scope: "col" }, b.name))),
    h(
      "tbody",
      {},
      row("Method", a.method, b.method),
      row("Preset", a.preset ?? "", b.preset ?? ""),
      row("Settings", said(a), said(b)),
      row("Mirrored", a.flip ?? "–", b.flip ?? "–"),
      Object.entries(FIGURES).flatMap(([what, words]) =>
        Object.entries(SUBJECTS).map(([side, subject]) => row(`${words}, ${subject}`, percent(a, `${what}_${side}`), percent(b, `${what}_${side}`))),
      ),
    ),
  );
}
