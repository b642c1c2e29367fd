// What came of it: both results, downloads, the report, and a third video.

import { attempt, choice, field, h, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { get, post } from "../net/api.js";
import { lookControls } from "../parts/look-form.js";
import { Player } from "../parts/player.js";
import { rowOf, titleOf } from "../parts/result-row.js";
import { FORMATS, files, refuseOpaque } from "../parts/run-files.js";
import { DONE, actions, can, comparable } from "../parts/run-state.js";
import { third } from "../parts/apply-video.js";
import { better } from "../parts/choices.js";
import { command } from "../parts/command.js";
import { again } from "../parts/training-form.js";

const MEANS = {
  iou: "drawn again from its own keypoints. Its silhouette overlaps the true one by",
  cycle_iou: "turned into the other one and back again. Its silhouette overlaps by",
  sharpness: "moving like the other one. Its sharpness, compared with its own frames:",
};

export async function result(body, signal, run) {
  if (!DONE.includes(run.state)) {
    body.append(h("p", { class: "empty" }, "There is no result yet. ", h("a", { href: `#/run/${run.id}/learning` }, "See how far it is"), "."));
    return;
  }
  const look = { affine: true, background: "contrast" };
  const mapped = can(run, "affine");
  const times = await attempt(() => get(`/runs/${run.id}/times`));
  if (!times || signal.aborted) return;
  const rows = ["a", "b"].map((side) => rowOf(run, side, times));
  const player = new Player(signal, rows, () => look, "large");
  body.append(
    player.element,
    better(run) ?? "",
    h("section", { class: "panel", "aria-label": "How it looks" }, lookControls(look, mapped, () => player.draw(true))),
    downloads(run, signal, look),
    third(run, signal, look),
    facts(run),
    command(run),
    h("section", { class: "buttons", "aria-label": "This run" }, again(run), beside(run), actions(run)),
  );
}

/** The way to two runs side by side, where there is another one. */
function beside(run) {
  const others = [...store.runs.values()].some((other) => other.id !== run.id && comparable(other));
  return others ? h("a", { class: "button plain", href: `#/compare/${run.id}` }, "Compare with another run") : "";
}

function downloads(run, signal, look) {
  const place = h("ul", { class: "files" });
  const wish = { side: "a", suffix: "mp4", motion_smoothing: null, strength: 1 };
  const sides = ["a", "b"].map((each) => [each, titleOf(run, each)]);
  const make = h("button", { class: "primary" }, "Make the file");
  make.onclick = () =>
    attempt(async () => {
      refuseOpaque(look.background, wish.suffix);
      await post(`/runs/${run.id}/renders`, { ...wish, background: look.background, affine: look.affine });
    }, make);
  const side = choice(sides, "a", (value) => (wish.side = value));
  const format = choice(FORMATS, "mp4", (value) => (wish.suffix = value));
  const steady = choice([["", "As it is"], ["savgol", "Steadier"], ["one-euro", "Steadier in slow parts"]], "", (value) => (wish.motion_smoothing = value || null));
  const strength = h("input", { type: "number", min: 0, max: 150, step: 10, value: 100 });
  strength.oninput = () => (wish.strength = Math.min(150, Math.max(0, Number(strength.value))) / 100);
  // Methods without keypoints have no motion that could be changed.
  const motion = can(run, "editable") ? [field("Motion", steady), field("Strength, in percent", strength)] : [];
  files(place, run, signal, (entry) => !entry.asked?.keys);
  return h(
    "section",
    { "aria-labelledby": "take" },
    h("h2", { id: "take" }, "Download"),
    h("div", { class: "panel fields" }, field("Which result", side), field("Format", format), ...motion, h("div", { class: "field end" }, make)),
    h("p", { class: "help" }, "New files use the look chosen above. The two original results are already here, with sound if their videos have any."),
    place,
  );
}

function facts(run) {
  const figures = Object.entries(MEANS)
    .flatMap(([what, words]) => run.names.map((name, i) => [name, words, run.figures[`${what}_${"ab"[i]}`]]))
    .filter(([, , value]) => typeof value === "number");
  const report = `/api/runs/${run.id}/files/report.html`;
  return h(
    "section",
    { "aria-labelledby": "good" },
    h("h2", { id: "good" }, "How good it is"),
    h(
      "dl",
      { class: "figures", hidden: !figures.length },
      figures.map(([name, words, value]) => h("div", {}, h("dt", {}, `${name}, ${words}`), h("dd", { class: "tabular" }, `${Math.round(100 * value)} %`))),
    ),
    h("p", {}, h("a", { href: report, target: "_blank", rel: "noopener" }, "The whole report"), " opens in a new tab. ", h("a", { href: `${report}?download=true`, download: "report.html" }, "Download it"), " to send it to somebody."),
    run.notes.length ? h("ul", { class: "notes" }, run.notes.map((note) => h("li", {}, sentence(note)))) : null,
  );
}
