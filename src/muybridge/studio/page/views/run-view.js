// One run: learning, result, editing.

import { afresh, h, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { renamable } from "../parts/rename.js";
import { DONE, can, ofPair, stateOf } from "../parts/run-state.js";
import { learning } from "./training-view.js";
import { result } from "./result-view.js";
import { editing } from "./edit-view.js";

const TABS = { learning: "Learning", result: "Result", edit: "Edit" };
const VIEWS = { learning, result, edit: editing };
export function runView(main, signal, id, tab) {
  const run = store.runs.get(id);
  if (!run) {
    main.append(h("h1", {}, "Not here any more"), h("p", { class: "empty" }, "This run is not here any more. ", h("a", { href: "#/runs" }, "All runs"), "."));
    return;
  }
  document.title = `${run.name} · Muybridge studio`;
  const head = h("div", { class: "run-head" });
  const body = h("div", { class: "run-body" });
  main.append(head, body);
  let before = "";
  let stood = "";
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
    const stands = JSON.stringify([now.state, now.message, now.finished]);
    const renamed = stands === stood;
    stood = stands;
    const chosen = ofPair(now) ? (tab ?? (done ? "result" : "learning")) : "learning";
    afresh(head, () => head.replaceChildren(...title(now, chosen)));
    // How it learns keeps itself up to date.
    if (chosen === shown && (chosen === "learning" || renamed)) return;
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
  const there = Object.entries(TABS).filter(([name]) => name === "learning" || (ofPair(run) && (name !== "edit" || can(run, "editable"))));
  const tabs = there.map(([name, text]) =>
    name === "learning" || ready
      ? h("a", { href: `#/run/${run.id}/${name}`, "aria-current": name === chosen ? "page" : null }, text)
      : h("span", { class: "off", "aria-disabled": "true" }, text),
  );
  return [
    h(
      "div",
      { class: "name-line" },
      renamable(run.name, "run", `/runs/${run.id}`),
      h("span", { class: `badge ${run.state}` }, stateOf(run)),
      h("nav", { class: "tabs", "aria-label": "Parts of this run" }, tabs),
    ),
    run.message
      ? h("div", { class: "trouble" }, h("p", {}, h("strong", {}, sentence(run.message)), run.hint ? ` ${sentence(run.hint)}` : ""))
      : null,
  ].filter(Boolean);
}
