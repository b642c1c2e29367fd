// One run: learning, result, editing.

import { attempt, h, sentence } from "./dom.js";
import * as store from "./store.js";
import { drop, post } from "./talk.js";
import { STATES } from "./runs.js";
import { learning } from "./learn.js";
import { result } from "./result.js";
import { editing } from "./edit.js";

const TABS = { learning: "Learning", result: "Result", edit: "Edit" };
const VIEWS = { learning, result, edit: editing };
export const DONE = ["finished", "kept"];

export function runView(main, signal, id, tab) {
  const run = store.runs.get(id);
  if (!run) {
    main.append(h("p", { class: "empty" }, "This run is not here any more. ", h("a", { href: "#/runs" }, "All runs"), "."));
    return;
  }
  document.title = `${run.name} · Muybridge studio`;
  const chosen = tab ?? (DONE.includes(run.state) ? "result" : "learning");
  const head = h("div", { class: "run-head" });
  const body = h("div", { class: "run-body" });
  main.append(head, body);
  let before = "";
  const draw = () => {
    const now = store.runs.get(id);
    if (!now) {
      location.hash = "#/runs";
      return;
    }
    const looks = JSON.stringify([now.state, now.message, now.name]);
    if (looks === before) return;
    const ended = before && DONE.includes(now.state);
    before = looks;
    head.replaceChildren(...title(now, chosen));
    // Whoever watched it learn wants to see what came of it.
    if (ended && chosen === "learning" && tab === undefined) location.hash = `#/run/${id}/result`;
  };
  draw();
  VIEWS[chosen](body, signal, run);
  store.listen((kind) => ["run", "all", "gone"].includes(kind) && draw(), signal);
}

function title(run, chosen) {
  const ready = DONE.includes(run.state);
  const tabs = Object.entries(TABS).map(([name, text]) =>
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
