// The list of runs.

import { attempt, duration, h, when } from "./dom.js";
import * as store from "./store.js";
import { drop } from "./talk.js";

export const STATES = {
  queued: "waits for its turn",
  training: "is learning",
  finishing: "writes its results",
  pausing: "is being paused",
  paused: "paused",
  stopping: "is being stopped",
  kept: "stopped and kept",
  finished: "finished",
  failed: "could not go on",
};

export function runsView(main, signal) {
  const list = h("ul", { class: "runs" });
  main.append(h("h1", {}, "Runs"), list);
  const draw = () => {
    const runs = [...store.runs.values()].sort((a, b) => b.created.localeCompare(a.created));
    list.replaceChildren(...runs.map(row));
    if (!runs.length)
      list.replaceChildren(
        h("li", { class: "empty" }, "Nothing has been learnt yet. ", h("a", { href: "#/" }, "Begin with a pair"), "."),
      );
  };
  draw();
  store.listen((kind, value) => {
    if (["run", "gone", "all"].includes(kind)) draw();
    // Only the row that moved, so that nobody loses the place that they are at.
    if (kind === "progress") list.querySelector(`[data-id="${value.id}"]`)?.replaceWith(row(store.runs.get(value.id)));
  }, signal);
}

export function share(run) {
  const { done = 0, total = 0 } = run.progress ?? {};
  return total ? done / total : 0;
}

function row(run) {
  const working = ["training", "finishing", "pausing", "stopping"].includes(run.state);
  const done = ["finished", "kept"].includes(run.state);
  const source = (side, i) =>
    done ? `/api/runs/${run.id}/results/${side}/with/0?height=120&v=${run.finished}` : `/api/clips/${run.clips[i]}/frames/0?height=120`;
  const picture = ["a", "b"].map((side, i) => h("img", { src: source(side, i), alt: "", loading: "lazy" }));
  return h(
    "li",
    { class: `run ${run.state}`, "data-id": run.id },
    h("a", { href: `#/run/${run.id}`, class: "thumb", tabindex: "-1", "aria-hidden": "true" }, picture),
    h(
      "div",
      {},
      h("h2", {}, h("a", { href: `#/run/${run.id}` }, run.name)),
      h("p", { class: "help" }, `${run.method}, ${run.preset ?? "draft"}, ${when(run.created)}`),
      working || run.state === "paused"
        ? h("progress", { max: 1, value: share(run), "aria-label": `${run.name}: share that is learnt` })
        : null,
    ),
    h(
      "p",
      { class: "state" },
      STATES[run.state],
      run.state === "training" && run.progress?.eta ? `, ${duration(run.progress.eta)} left` : "",
    ),
    working || run.state === "queued" ? null : remove(run),
  );
}

function remove(run) {
  const button = h("button", { class: "quiet", "aria-label": `Delete ${run.name}` }, "Delete");
  button.onclick = () => {
    if (confirm(`Delete ${run.name} with everything that it learnt and made?`))
      attempt(() => drop(`/runs/${run.id}`), button);
  };
  return button;
}
