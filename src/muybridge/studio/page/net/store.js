// What the studio holds, kept up to date by its events; views listen for what they show.

import { get } from "./api.js";
import { $, notice, sentence } from "../dom.js";

export const clips = new Map();
export const runs = new Map();
export const models = new Map();
export const animations = new Map();
export let about = null;
const listeners = new Set();

/** Hear of changes until the signal ends, if there is one: listener(kind, value). */
export function listen(listener, signal = null) {
  listeners.add(listener);
  signal?.addEventListener("abort", () => listeners.delete(listener));
}

function tell(kind, value) {
  for (const listener of [...listeners]) listener(kind, value);
}

export function learn(kind, value) {
  for (const heard of asking) heard.push([kind, value]);
  put(kind, value);
  tell(kind, value);
}

function put(kind, value) {
  if (kind === "clip") clips.set(value.id, value);
  if (kind === "run") runs.set(value.id, value);
  if (kind === "run" && models.has(value.id)) models.set(value.id, { ...models.get(value.id), name: value.name });
  if (kind === "model") models.set(value.id, value);
  if (kind === "animation") animations.set(value.id, value);
  if (kind === "progress" && runs.has(value.id)) {
    const { id, kind: what, ...progress } = value;
    runs.set(id, { ...runs.get(id), progress });
  }
  if (kind === "gone") ({ clips, runs, imports: models, animations })[value.kind].delete(value.id);
  // A run that moves pictures is a model, too.
  if (kind === "gone" && value.kind === "runs") models.delete(value.id);
}

/** For each time that everything is asked for, what happens until the answer is there: it may be older than that. */
const asking = new Set();

/** Everything anew. */
export async function refresh() {
  const kinds = { clips, runs, models, animations };
  const heard = [];
  asking.add(heard);
  try {
    const [told, ...all] = await Promise.all([about ?? get("/about"), ...Object.keys(kinds).map((kind) => get(`/${kind}`))]);
    about = told;
    Object.values(kinds).forEach((held, i) => {
      held.clear();
      for (const each of all[i]) held.set(each.id, each);
    });
    for (const [kind, value] of heard) put(kind, value);
  } finally {
    asking.delete(heard);
  }
  tell("all", null);
}

/** What is used of the disk, anew. */
export async function renew() {
  about = await get("/about");
}

/** Say that the studio is away, and why; nothing once it is back. */
export function away(error) {
  const box = $("#away");
  box.hidden = !error;
  if (!error) return;
  const why = error.status ? [error.message, error.hint] : ["the studio does not answer", "this page goes on by itself once the studio runs again"];
  const said = why.filter(Boolean).map(sentence).join(" ");
  if (box.textContent !== said) box.textContent = said;
}

const PAUSE = 2000;
let line = null;

/** Follow the events while the page is seen: a browser has six lines to one place, and hidden tabs need none, unless
    `listens()` says so when they are hidden. */
export function follow(listens) {
  document.addEventListener("visibilitychange", () => {
    if (line && listens()) return;
    line?.close();
    line = null;
    if (!document.hidden) open();
  });
  if (!document.hidden) open();
}

/** A line of events; what may have been missed before it was open, or while it was broken, is asked for again. */
function open() {
  let missed = true;
  const mine = (line = new EventSource("/api/events"));
  for (const kind of ["clip", "run", "model", "animation", "progress", "gone"])
    mine.addEventListener(kind, (event) => learn(kind, JSON.parse(event.data)));
  mine.onopen = () => {
    away(null);
    if (missed) refresh().catch((error) => notice(error.message, error.hint));
    missed = false;
  };
  mine.onerror = async () => {
    missed = true;
    if (mine.readyState !== EventSource.CLOSED) {
      away({});
      return;
    }
    // The browser has given up for good. Why, only another request tells.
    away(await get("/about").then(() => null, (error) => error));
    setTimeout(() => mine === line && open(), PAUSE);
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
