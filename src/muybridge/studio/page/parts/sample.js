// What comes out, before anything is uploaded: a small film of it, and the same as a run that can be tried.

import { afresh, attempt, duration, h } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { DONE, ofPair, share } from "./run-state.js";

const FILMS = [
  ["sample-a.webm", "a horse", "a cat, moving like the horse"],
  ["sample-b.webm", "a cat", "a horse, moving like the cat"],
];
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let making = null;

const found = () => [...store.runs.values()].find((run) => run.sample && ofPair(run));

/** The panel; whoever has runs of their own does not need it any more. */
export function sample(signal) {
  const films = FILMS.map(film);
  const place = h("div", { class: "sample-run" });
  const element = h("section", { class: "sample", "aria-label": "A sample" }, h("div", { class: "films" }, films.map((each) => each.figure)), place);
  const button = h("button", { class: "plain small round", type: "button" });
  let playing = !calm.matches;
  const turn = () => {
    for (const { video } of films) playing ? video.play().catch(() => {}) : video.pause();
    button.textContent = playing ? "❚❚" : "▶";
    button.setAttribute("aria-label", playing ? "Stop the sample" : "Play the sample");
  };
  button.onclick = () => {
    playing = !playing;
    turn();
  };
  element.append(button);
  turn();
  const draw = () => {
    element.hidden = [...store.runs.values()].some((run) => !run.sample);
    place.replaceChildren(...words(draw));
  };
  draw();
  store.listen((kind) => ["run", "progress", "gone", "all"].includes(kind) && afresh(place, draw), signal);
  // A new folder has nothing to try yet: it is made behind all that a person asks for.
  if (store.about.sample_is_due && !found()) make(draw);
  return element;
}

function film([file, driving, result]) {
  const video = h("video", { src: file, muted: true, loop: true, playsInline: true, width: 320, height: 160, "aria-label": `Left: ${driving}. Right: ${result}` });
  const caption = (role, words) => h("span", {}, h("span", { class: "role" }, role), ` ${words}`);
  return { video, figure: h("figure", {}, video, h("figcaption", { class: "help" }, caption("driving", driving), caption("result", result))) };
}

function make(draw) {
  making ??= post("/samples")
    .then((run) => store.learn("run", run))
    .finally(() => (making = null));
  draw();
  return making;
}

function words(draw) {
  const run = found();
  if (run && DONE.includes(run.state))
    return [
      h("a", { class: "button primary", href: `#/run/${run.id}/edit` }, "Drag its keypoints"),
      h("a", { class: "button plain", href: `#/run/${run.id}/result` }, "See it large"),
    ];
  if (run?.state === "failed" || run?.state === "paused")
    return [h("p", { class: "help" }, "The sample is not finished. ", h("a", { href: `#/run/${run.id}` }, "See why"), ".")];
  if (run || making) {
    const { eta } = run?.progress ?? {};
    const left = eta ? `about ${duration(eta)} left` : "a few minutes";
    return [
      h("progress", { max: 1, value: run ? share(run) : 0, "aria-label": "The sample" }),
      h("p", { class: "help" }, `The same run is being made here in the background for you to try: ${left}. Anything you start goes first.`),
    ];
  }
  const button = h("button", { class: "plain", type: "button" }, "Make it here and drag its keypoints");
  button.onclick = () => attempt(() => make(draw), button);
  return [button, h("p", { class: "help" }, "This machine makes it once, in a few minutes.")];
}
