// What the studio holds, kept up to date by its events; views listen for what they show.

import { get } from "./talk.js";
import { $, notice } from "./dom.js";

export const clips = new Map();
export const runs = new Map();
export let about = null;
const listeners = new Set();

/** Hear of changes until the signal ends: listener(kind, value). */
export function listen(listener, signal) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}

function tell(kind, value) {
  for (const listener of [...listeners]) listener(kind, value);
}

export function learn(kind, value) {
  if (kind === "clip") clips.set(value.id, value);
  if (kind === "run") runs.set(value.id, value);
  if (kind === "progress" && runs.has(value.id)) {
    const { id, kind: what, ...progress } = value;
    runs.set(id, { ...runs.get(id), progress });
  }
  if (kind === "gone") (value.kind === "clips" ? clips : runs).delete(value.id);
  tell(kind, value);
}

/** Everything anew. */
export async function refresh() {
  const [allClips, allRuns, told] = await Promise.all([get("/clips"), get("/runs"), about ?? get("/about")]);
  about = told;
  clips.clear();
  runs.clear();
  for (const clip of allClips) clips.set(clip.id, clip);
  for (const run of allRuns) runs.set(run.id, run);
  tell("all", null);
}

/** Follow the events; after a break everything is asked for again. */
export function follow() {
  const source = new EventSource("/api/events");
  let broken = false;
  for (const kind of ["clip", "run", "progress", "gone"])
    source.addEventListener(kind, (event) => learn(kind, JSON.parse(event.data)));
  source.onerror = () => {
    broken = true;
    $("#away").hidden = false;
    // The browser gives up for good after some answers; then begin anew.
    if (source.readyState === EventSource.CLOSED) {
      source.close();
      setTimeout(follow, 2000);
    }
  };
  source.onopen = () => {
    $("#away").hidden = true;
    if (broken) refresh().catch((error) => notice(error.message, error.hint));
    broken = false;
  };
}

/** The pair that is being put together; it survives a reload. */
export const pair = {
  get() {
    try {
      const kept = JSON.parse(localStorage.getItem("pair") ?? "{}");
      return { a: clips.get(kept.a) ?? null, b: clips.get(kept.b) ?? null };
    } catch {
      return { a: null, b: null };
    }
  },
  set(side, clip) {
    const now = this.get();
    const next = { a: now.a?.id ?? null, b: now.b?.id ?? null, [side]: clip?.id ?? null };
    localStorage.setItem("pair", JSON.stringify(next));
    tell("pair", next);
  },
};
