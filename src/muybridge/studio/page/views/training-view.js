// A run while it learns: how far, how long still, the losses, and what it draws now.

import { afresh, duration, h, notice, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { get } from "../net/api.js";
import { curves } from "../parts/loss-curves.js";
import { endNotice } from "../parts/end-notice.js";
import { DONE, WORKING, actions, can, ofPair, share, stageWords } from "../parts/run-state.js";

export function learning(body, signal, run) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const words = h("p", { class: "lead tabular", role: "status" });
  const stages = h("ol", { class: "stages" });
  const buttons = h("div", {});
  const picture = h("img", { class: "sheet", alt: "", hidden: true });
  const caption = h("figcaption", { class: "help" });
  const charts = h("div", { class: "charts" });
  const notes = h("ul", { class: "notes" });
  body.append(
    h("section", { class: "panel going" }, words, bar, stages, buttons),
    h(
      "section",
      { "aria-labelledby": "now" },
      h("h2", { id: "now" }, "What it draws now"),
      h("figure", { class: "now" }, picture, caption),
    ),
    h("section", { "aria-labelledby": "losses" }, h("h2", { id: "losses" }, "Losses"), h("p", { class: "help" }, "How wrong it still is, part by part. Most of them fall while it learns; the discriminator's go up and down."), charts),
    h("section", { "aria-label": "Notes" }, notes),
  );
  let state = "";
  let said = 0;
  const draw = () => {
    const now = store.runs.get(run.id);
    if (!now) return;
    const progress = now.progress ?? {};
    bar.value = now.state === "finished" ? 1 : share(now);
    // A screen reader is told every ten seconds, not four times in one.
    if (state !== now.state || Date.now() - said > 10000 || !progress.eta) {
      words.setAttribute("aria-live", "polite");
      said = Date.now();
    } else words.setAttribute("aria-live", "off");
    words.textContent = told(now, progress);
    stages.replaceChildren(...(progress.stages ?? []).map((stage) => stageOf(stage, progress, now)));
    if (state !== now.state) afresh(buttons, () => buttons.replaceChildren(...beyond(now, actions(now))));
    state = now.state;
    if (progress.preview !== null && progress.preview !== undefined) {
      const source = `/api/runs/${run.id}/previews/${progress.preview}`;
      if (picture.getAttribute("src") !== source) picture.src = source;
      picture.hidden = false;
      const shown = !ofPair(now) ? "frames of the videos, and how they are drawn again" : can(now, "editable") ? "each subject with its keypoints, then drawn again from them, then the other one moving like it" : "each subject, then the other one moving like it";
      picture.alt = `After ${progress.preview} steps: ${shown}`;
      const [a, b] = now.names;
      const who = ofPair(now) ? ` A is ${a}, B is ${b}.` : "";
      caption.textContent = `${picture.alt}.${who}${can(now, "editable") ? " While it learns shapes, it draws silhouettes only." : ""}`;
    } else if (["paused", "kept", "failed", "finished"].includes(now.state)) {
      caption.textContent = now.state === "finished" ? "No picture was kept while it learned." : "It stopped before the first picture.";
    } else caption.textContent = "The first picture comes after half a minute of learning.";
    notes.replaceChildren(...(now.notes ?? []).map((note) => h("li", {}, sentence(note))));
  };
  const load = async () => {
    try {
      curves(charts, await get(`/runs/${run.id}/curves`));
    } catch (error) {
      notice(error.message, error.hint);
    }
  };
  draw();
  load();
  let due = 0;
  store.listen((kind, value) => {
    if (kind === "all" || (value && value.id === run.id)) draw();
    if (kind === "progress" && value.id === run.id && Date.now() > due) {
      due = Date.now() + 2000;
      load();
    }
    if (kind === "run" && value.id === run.id) load();
  }, signal);
}

/** What one may want while it learns, or once a model has learned. */
function beyond(run, buttons) {
  const box = WORKING.includes(run.state) ? endNotice() : null;
  if (box) buttons.append(box);
  if (!ofPair(run) && DONE.includes(run.state)) buttons.prepend(h("a", { class: "button primary", href: "#/animate" }, "Use it to move a picture"));
  return [buttons];
}

function told(run, progress) {
  const { done = 0, total = 0, rate = 0, eta } = progress;
  const steps = total ? `${done.toLocaleString()} of ${total.toLocaleString()} steps` : "";
  switch (run.state) {
    case "queued":
      // The sample steps aside by itself, as soon as it has saved what it learned.
      return isBehind(run) ? "Waiting for the run before it." : "About to begin…";
    case "training":
      if (!total) return "Preparing the videos…";
      return `${steps}${rate ? `, ${rate.toPrecision(2)} a second, about ${duration(eta)} left` : ""}`;
    case "finishing":
      return "Trained. Writing the results…";
    case "pausing":
      return "Saving before it pauses…";
    case "stopping":
      return "Saving before it stops…";
    case "paused":
      return steps ? `Paused after ${steps}. Nothing is lost.` : "Paused before it began.";
    case "failed":
      return steps ? `Ended after ${steps}; the last checkpoint is kept.` : "Nothing has been learned yet.";
    case "kept":
      return `Stopped after ${steps}, and kept.`;
    default:
      return steps ? `Finished: ${steps}.` : "Finished.";
  }
}

/** Whether another run that somebody asked for goes first. */
const isBehind = (run) => [...store.runs.values()].some((other) => other.id !== run.id && !other.sample && WORKING.includes(other.state));

function stageOf([name, steps], progress, run) {
  const all = progress.stages ?? [];
  const index = all.findIndex(([other]) => other === name);
  const before = all.slice(0, index).reduce((sum, [, n]) => sum + n, 0);
  const done = Math.min(steps, Math.max(0, (progress.done ?? 0) - before));
  const here = progress.stage === name && run.state === "training";
  return h(
    "li",
    { class: done === steps ? "done" : here ? "here" : "", "aria-current": here ? "step" : null },
    `${stageWords(name)} `,
    h("span", { class: "help tabular" }, `${done.toLocaleString()} / ${steps.toLocaleString()}`),
  );
}
