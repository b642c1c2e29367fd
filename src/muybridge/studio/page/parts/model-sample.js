// Something to try Animate with: a picture of one puppet, a video of another, and a small model that learns from both.

import { afresh, attempt, duration, h, notice, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { get, post } from "../net/api.js";
import { suggest } from "./folder-training.js";
import { WORKING, ofPair, share } from "./run-state.js";

const found = () => [...store.runs.values()].find((run) => run.sample && !ofPair(run));
const ready = () => [...store.models.values()].some((model) => model.state === "ready");

/** The line with its button. Where a model is here already, the puppets alone are needed. */
export function modelSample(signal) {
  const place = h("div", { class: "puppets model-sample" });
  const draw = () => place.replaceChildren(...words());
  draw();
  store.listen((kind) => ["run", "progress", "model", "gone", "all"].includes(kind) && afresh(place, draw), signal);
  return place;
}

function words() {
  const run = found();
  if (run && run.state === "failed") return [h("p", { class: "trouble" }, sentence(run.message), " ", h("a", { href: `#/run/${run.id}` }, "See why"))];
  if (run && run.state === "paused") return [h("p", {}, "The sample model is not finished. ", h("a", { href: `#/run/${run.id}` }, "Let it continue"), ".")];
  if (run && WORKING.includes(run.state) && !ready()) return learning(run);
  const text = ready() ? "Use two puppets" : "Try it with two puppets";
  const button = h("button", { class: "plain", type: "button" }, text);
  button.onclick = () => attempt(ready() ? puppets : () => begin(button, text), button);
  const why = ready() ? "Nothing at hand? Use a picture of one of our puppets and a video of another:" : "Nothing at hand? A small, rough model can learn from two of our puppets here, in a few minutes:";
  return [h("span", {}, why), button];
}

function learning(run) {
  const { eta } = run.progress ?? {};
  const left = eta ? `about ${duration(eta)} left` : "a few minutes";
  return [
    h("progress", { max: 1, value: share(run), "aria-label": "The sample model" }),
    h("p", { class: "help" }, "The ", h("a", { href: `#/run/${run.id}` }, "sample model"), ` is learning from two puppets: ${left}. Then press “Animate”.`),
  ];
}

/** Everything that is needed: both places are filled, and the model learns. */
async function begin(button, text) {
  button.textContent = "Drawing the puppets…";
  try {
    const run = await post("/samples?kind=model");
    for (const clip of await Promise.all(run.clips.map((id) => get(`/clips/${id}`)))) store.learn("clip", clip);
    store.learn("run", run);
    fill(run.clips.map((id) => store.clips.get(id)));
  } finally {
    button.textContent = text;
  }
}

/** One puppet as the picture, the other one as the driving video, and both to learn from. */
async function puppets() {
  const drawn = await post("/clips/puppets", { scene: Object.keys(store.about.scenes)[0] });
  for (const clip of drawn) store.learn("clip", clip);
  fill(drawn);
  notice("two puppets are being drawn", null, "good");
}

function fill([picture, driving]) {
  store.still.set("picture", picture);
  store.still.set("driving", driving);
  suggest([picture, driving]);
}
