// What came of it: both results, downloads, the report, and a third video.

import { attempt, bytes, choice, field, h, sentence } from "./dom.js";
import * as store from "./store.js";
import { get, post } from "./talk.js";
import { HEIGHT, Player, clock, lookControls } from "./player.js";
import { actions, can, DONE } from "./run.js";
import { third } from "./third.js";

export const FORMATS = [
  ["mp4", "MP4, plays everywhere"],
  ["gif", "GIF"],
  ["webm", "WebM, may be transparent"],
  ["mov", "MOV, for cutting"],
  ["zip", "PNG frames in a ZIP"],
];
const CLEAR = ["gif", "webm", "mov", "zip"];

/** Refuse what cannot be kept in a format. */
export function refuseOpaque(background, suffix) {
  if (background === "transparent" && !CLEAR.includes(suffix))
    throw Object.assign(new Error("MP4 cannot be transparent"), { hint: "Take WebM, GIF, MOV or PNG frames, or another background." });
}

const MEANS = {
  iou: "drawn again from its own keypoints. Its silhouette overlaps the true one by",
  cycle_iou: "made the other one, and back again. It overlaps by",
};

export async function result(body, signal, run) {
  if (!DONE.includes(run.state)) {
    body.append(h("p", { class: "empty" }, "There is no result yet. ", h("a", { href: `#/run/${run.id}/learning` }, "See how far it is"), "."));
    return;
  }
  const look = { affine: true, background: "black" };
  const mapped = can(run, "affine");
  const [a, b] = run.clips.map((id) => store.clips.get(id));
  const times = await attempt(() => get(`/runs/${run.id}/times`));
  if (!times || signal.aborted) return;
  const [nameA, nameB] = run.names;
  const stamp = encodeURIComponent(run.finished ?? "");
  const row = (side, title, driving) => ({
    title,
    driving,
    clock: clock(times[side]),
    made: (affine, at) =>
      `/api/runs/${run.id}/results/${side}/${affine ? "with" : "without"}/${at}?height=${HEIGHT}&v=${stamp}`,
    plate: `/api/runs/${run.id}/files/background-${side}.png`,
  });
  const rows = [row("a", `${nameA} moving like ${nameB}`, b), row("b", `${nameB} moving like ${nameA}`, a)];
  const player = new Player(signal, rows, () => look);
  body.append(
    player.element,
    h("section", { class: "panel", "aria-label": "How it looks" }, lookControls(look, mapped, () => player.draw(true))),
    downloads(run, signal, look),
    third(run, signal, look),
    facts(run),
    h("section", { "aria-label": "This run" }, actions(run)),
  );
}

function downloads(run, signal, look) {
  const place = h("ul", { class: "files" });
  const [nameA, nameB] = run.names;
  const wish = { side: "a", suffix: "mp4" };
  const sides = [["a", `${nameA} moving like ${nameB}`], ["b", `${nameB} moving like ${nameA}`]];
  const make = h("button", { class: "primary" }, "Make it");
  make.onclick = () =>
    attempt(async () => {
      refuseOpaque(look.background, wish.suffix);
      await post(`/runs/${run.id}/renders`, { ...wish, background: look.background, affine: look.affine });
    }, make);
  const side = choice(sides, "a", (value) => (wish.side = value));
  const format = choice(FORMATS, "mp4", (value) => (wish.suffix = value));
  files(place, run, signal, (entry) => !entry.asked?.keys);
  return h(
    "section",
    { "aria-labelledby": "take" },
    h("h2", { id: "take" }, "Take it with you"),
    h("div", { class: "panel fields" }, field("Which", side), field("As", format), h("div", { class: "field end" }, make)),
    h("p", { class: "help" }, "It looks as chosen above. The results on black, made with sound where there is some, are here already."),
    place,
  );
}

/** The list of what can be fetched, kept up to date. */
export async function files(place, run, signal, fits) {
  const draw = async () => {
    const now = store.runs.get(run.id);
    if (!now) return;
    const sizes = await attempt(() => get(`/runs/${run.id}/files`));
    if (!sizes) return;
    const made = now.made.filter(fits);
    const others = now.made.filter((entry) => !fits(entry)).map((entry) => entry.file);
    const done = Object.entries(sizes).filter(([name]) => /\.(mp4|gif|webm|mov|zip)$/.test(name) && !others.includes(name));
    const busy = made.filter((entry) => entry.state !== "done");
    const own = fits.made ? done.filter(([name]) => made.some((entry) => entry.file === name)) : done;
    place.replaceChildren(...busy.map(pending), ...own.map(([name, size]) => link(run, name, size)));
  };
  let before = "";
  store.listen((kind, value) => {
    const now = JSON.stringify(store.runs.get(run.id)?.made);
    if ((kind === "run" && value.id === run.id && now !== before) || kind === "all") draw();
    before = now;
  }, signal);
  await draw();
}

export function pending(entry) {
  if (entry.state === "failed")
    return h("li", { class: "trouble" }, `${entry.file}: ${sentence(entry.message)} ${entry.hint ? sentence(entry.hint) : ""}`);
  return h("li", { role: "status" }, h("span", { class: "spinner" }), `${entry.file} is being made…`);
}

function link(run, name, size) {
  const address = `/api/runs/${run.id}/files/${encodeURIComponent(name)}`;
  return h(
    "li",
    {},
    h("a", { href: `${address}?download=true`, download: name }, name),
    h("span", { class: "help" }, bytes(size)),
    name.endsWith(".zip") ? null : h("a", { href: address, target: "_blank", rel: "noopener", class: "look" }, "look", h("span", { class: "unseen" }, ` at ${name}`)),
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
    h("p", {}, h("a", { href: report, target: "_blank", rel: "noopener" }, "The whole report"), " opens in a tab of its own. ", h("a", { href: `${report}?download=true`, download: "report.html" }, "Keep it"), " to send it."),
    run.notes.length ? h("ul", { class: "notes" }, run.notes.map((note) => h("li", {}, sentence(note)))) : null,
  );
}
