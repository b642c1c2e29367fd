// One run: learning, result, editing.

import { afresh, attempt, h, sentence } from "./dom.js";
import * as store from "./store.js";
import { drop, post } from "./talk.js";
import { STATES } from "./runs.js";
import { learning } from "./learn.js";
import { result } from "./result.js";
import { editing } from "./edit.js";

const TABS = { learning: "Learning", result: "Result", edit: "Edit" };
const VIEWS = { learning, result, edit: editing };
export const DONE = ["finished", "kept"];

/** Whether a run's method can do something: `editable`, its keypoints can be moved; `affine`, it has learnt a map. */
export const can = (run, what) => store.about.methods.find((card) => card.name === run.method)?.[what] !== false;

export function runView(main, signal, id, tab) {
  const run = store.runs.get(id);
  if (!run) {
    main.append(h("p", { class: "empty" }, "This run is not here any more. ", h("a", { href: "#/runs" }, "All runs"), "."));
    return;
  }
  document.title = `${run.name} · Muybridge studio`;
  const head = h("div", { class: "run-head" });
  const body = h("div", { class: "run-body" });
  main.append(head, body);
  let before = "";
  let shown = null;
  let part = new AbortController();
  signal.addEventListener("abort", () => part.abort());
  const draw = () => {
    const now = store.runs.get(id);
    if (!now) {
      location.hash = "#/runs";
      return;
    }
    const looks = JSON.stringify([now.state, now.message, now.name, now.finished]);
    if (looks === before) return;
    const done = DONE.includes(now.state);
    if (before && !done && ["result", "edit"].includes(tab)) {
      // Whoever lets it go on wants to see how it learns, and then what came of it.
      location.hash = `#/run/${id}`;
      return;
    }
    before = looks;
    const chosen = tab ?? (done ? "result" : "learning");
    afresh(head, () => head.replaceChildren(...title(now, chosen)));
    // How it learns keeps itself up to date.
    if (chosen === shown && chosen === "learning") return;
    shown = chosen;
    part.abort();
    part = new AbortController();
    afresh(body, () => {
      body.replaceChildren();
      VIEWS[chosen](body, part.signal, now);
    });
  };
  draw();
  store.listen((kind) => ["run", "all", "gone"].includes(kind) && draw(), signal);
}

function title(run, chosen) {
  const ready = DONE.includes(run.state);
  const there = Object.entries(TABS).filter(([name]) => name !== "edit" || can(run, "editable"));
  const tabs = there.map(([name, text]) =>
    name === "learning" || ready
      ? h("a", { href: `#/run/${run.id}/${name}`, "aria-current": name === chosen ? "page" : null }, text)
      : h("span", { class: "off", "aria-disabled": "true" }, text),
  );
  return [
    h("div", { class: "name-line" }, h("h1", {}, run.name), h("span", { class: `badge ${run.state}` }, STATES[run.state])),
    run.message
      ? h("div", { class: "trouble" }, h("p", {}, h("strong", {}, sentence(run.message)), run.hint ? ` ${sentence(run.hint)}` : ""))
      : null,
    h("nav", { class: "tabs", "aria-label": "Parts of this run" }, tabs),
  ].filter(Boolean);
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
  const keep = act("keep", "Stop and keep", "plain", "Stop learning here, and keep what has been learnt so far?");
  const remove = h("button", { class: "quiet" }, "Delete");
  remove.onclick = () => {
    if (confirm(`Delete ${run.name} with everything that it learnt and made?`)) attempt(() => drop(`/runs/${run.id}`), remove);
  };
  const sets = {
    queued: [act("pause", "Pause")],
    training: [act("pause", "Pause"), keep],
    paused: [act("resume", "Resume", "primary"), keep, remove],
    failed: [act("resume", "Go on", "primary"), keep, remove],
    kept: [act("resume", "Go on learning"), remove],
    finished: [remove],
  };
  return h("div", { class: "buttons" }, sets[run.state] ?? []);
}
