// What state a run is in, what can be done with it, and the buttons for that.

import { attempt, h } from "../dom.js";
import { drop, post } from "../net/api.js";
import * as store from "../net/store.js";

export const STATES = {
  queued: "waiting its turn",
  training: "learning",
  finishing: "writing its results",
  pausing: "pausing",
  paused: "paused",
  stopping: "stopping",
  kept: "stopped and kept",
  finished: "finished",
  failed: "could not continue",
};

const LEARNED = { shape: "shapes", texture: "colours" };

/** What is learned in a stage, in words. */
export const stageWords = (stage) => LEARNED[stage] ?? stage;

/** A run's state in words; of one that was stopped, what it was learning. */
export function stateOf(run) {
  const { stage } = run.progress ?? {};
  return run.state === "kept" && stage ? `stopped while learning ${stageWords(stage)}, and kept` : STATES[run.state];
}

export const WORKING = ["queued", "training", "finishing", "pausing", "stopping"];
export const DONE = ["finished", "kept"];

/** Whether a run's method can do something: `editable`, its keypoints can be moved; `affine`, it has learnt a map. */
export const can = (run, what) => store.about.methods.find((card) => card.name === run.method)?.[what] !== false;

/** Whether it learned from a pair, and has results; a run of many videos is a model that moves pictures. */
export const ofPair = (run) => store.about.methods.find((card) => card.name === run.method)?.needs !== "folder";
export const comparable = (run) => DONE.includes(run.state) && ofPair(run);

export function share(run) {
  const { done = 0, total = 0 } = run.progress ?? {};
  return total ? done / total : 0;
}

/** The buttons that suit a run's state. */
export function actions(run) {
  const act = (what, text, kind = "plain", sure = null) => {
    const button = h("button", { class: kind }, text);
    button.onclick = () => {
      if (!sure || confirm(sure)) attempt(async () => store.learn("run", await post(`/runs/${run.id}/actions/${what}`)), button);
    };
    return button;
  };
  const keep = act("keep", "Stop and keep", "plain", "Stop learning here, and keep what has been learned so far?");
  const remove = removal(run);
  const sets = {
    queued: [act("pause", "Pause"), remove],
    training: [act("pause", "Pause"), keep],
    paused: [act("resume", "Resume", "primary"), keep, remove],
    failed: [act("resume", "Continue", "primary"), keep, remove],
    kept: [act("resume", "Continue learning"), remove],
    finished: [remove],
  };
  return h("div", { class: "buttons" }, sets[run.state] ?? []);
}

/** The button that deletes a run; `label` says which one, where a page has several. */
export function removal(run, label = null) {
  const button = h("button", { class: "quiet", "aria-label": label }, "Delete");
  button.onclick = () => {
    if (confirm(`Delete ${run.name} and everything it learned and made?`)) attempt(() => drop(`/runs/${run.id}`), button);
  };
  return button;
}
