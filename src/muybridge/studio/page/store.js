// What the studio holds, kept up to date by its events; views listen for what they show.

import { get } from "./talk.js";
import { $, notice } from "./dom.js";

export const clips = new Map();
export const runs = new Map();
export const movers = new Map();
export const animations = new Map();
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
  if (kind === "mover") movers.set(value.id, value);
  if (kind === "animation") animations.set(value.id, value);
  if (kind === "progress" && runs.has(value.id)) {
    const { id, kind: what, ...progress } = value;
    runs.set(id, { ...runs.get(id), progress });
  }
  if (kind === "gone") ({ clips, runs, imports: movers, animations })[value.kind].delete(value.id);
  tell(kind, value);
}

/** Everything anew. */
export async function refresh() {
  const kinds = { clips, runs, movers, animations };
  const [told, ...all] = await Promise.all([about ?? get("/about"), ...Object.keys(kinds).map((kind) => get(`/${kind}`))]);
  about = told;
  Object.values(kinds).forEach((held, i) => {
    held.clear();
    for (const each of all[i]) held.set(each.id, each);
  });
  tell("all", null);
}

/** Follow the events; after a break everything is asked for again. */
export function follow() {
  const source = new EventSource("/api/events");
  let broken = false;
  for (const kind of ["clip", "run", "mover", "animation", "progress", "gone"])
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

/** Clips that are being put together, by the names of their places; they survive a reload. */
function kept(key, places) {
  return {
    get() {
      let numbers = {};
      try {
        numbers = JSON.parse(localStorage.getItem(key) ?? "{}");
      } catch {
        localStorage.removeItem(key);
      }
      return Object.fromEntries(places.map((place) => [place, clips.get(numbers[place]) ?? null]));
    },
    set(place, clip) {
      const now = Object.entries({ ...this.get(), [place]: clip }).map(([name, held]) => [name, held?.id ?? null]);
      localStorage.setItem(key, JSON.stringify(Object.fromEntries(now)));
      tell(key, null);
    },
  };
}

export const pair = kept("pair", ["a", "b"]);
export const still = kept("still", ["picture", "driving"]);
