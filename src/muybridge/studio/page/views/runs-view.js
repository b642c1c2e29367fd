// The list of runs.

import { afresh, duration, h, when } from "../dom.js";
import * as store from "../net/store.js";
import { comparable, removal, share, stateOf } from "../parts/run-state.js";

export function runsView(main, signal) {
  const list = h("ul", { class: "runs" });
  const batches = h("a", { class: "button plain", href: "#/batches" }, "Batches");
  const compare = h("a", { class: "button plain" }, "Compare two");
  main.append(h("div", { class: "name-line" }, h("h1", {}, "Runs"), h("div", { class: "buttons" }, compare, batches)), list);
  const rows = new Map();
  const draw = () => {
    const runs = [...store.runs.values()].sort((a, b) => b.created.localeCompare(a.created));
    const done = runs.filter(comparable);
    compare.hidden = done.length < 2;
    if (done.length > 1) compare.href = `#/compare/${done[1].id}/${done[0].id}`;
    afresh(list, () => list.replaceChildren(...runs.map((run) => rowOf(run, rows).element)));
    if (!runs.length)
      list.replaceChildren(
        h("li", { class: "empty" }, "No runs yet. ", h("a", { href: "#/" }, "Start with a pair"), "."),
      );
  };
  draw();
  store.listen((kind, value) => {
    if (["run", "gone", "all"].includes(kind)) draw();
    // Several times a second: what has changed, in place.
    if (kind === "progress") rows.get(value.id)?.renew(store.runs.get(value.id));
  }, signal);
}

/** A run's row; the one that is there, unless more than its progress has changed. */
function rowOf(run, rows) {
  const looks = JSON.stringify({ ...run, progress: null });
  if (rows.get(run.id)?.looks !== looks) rows.set(run.id, { ...row(run), looks });
  const here = rows.get(run.id);
  here.renew(run);
  return here;
}

function row(run) {
  const working = ["training", "finishing", "pausing", "stopping"].includes(run.state);
  const done = comparable(run);
  const source = (side, i) =>
    done ? `/api/runs/${run.id}/results/${side}/with/0?height=120&v=${run.finished}` : `/api/clips/${run.clips[i]}/frames/0?height=120`;
  const picture = ["a", "b"].slice(0, run.clips.length).map((side, i) => h("img", { src: source(side, i), alt: "", loading: "lazy" }));
  const bar = h("progress", { max: 1, value: 0, "aria-label": `${run.name}: progress` });
  const state = h("p", { class: "state" });
  const renew = (now) => {
    bar.value = share(now);
    const left = now.state === "training" && now.progress?.eta ? `, ${duration(now.progress.eta)} left` : "";
    state.textContent = stateOf(now) + left;
  };
  const element = h(
    "li",
    { class: `run ${run.state}` },
    h("a", { href: `#/run/${run.id}`, class: "thumb", tabindex: "-1", "aria-hidden": "true" }, picture),
    h(
      "div",
      {},
      h("h2", {}, h("a", { href: `#/run/${run.id}` }, run.name)),
      h("p", { class: "help" }, `${run.method}, ${run.preset ?? "draft"}, ${when(run.created)}`),
      working || run.state === "paused" ? bar : null,
    ),
    state,
    working ? null : removal(run, `Delete ${run.name}`),
  );
  return { element, renew };
}
