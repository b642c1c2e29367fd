// What presets take on this machine, how a run begins, and what comes after a quick look.

import { attempt, bytes, duration, h, notice } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { WORKING } from "./run-state.js";

/** The presets that a person looks for, with the words on their cards. */
export const CHOICES = {
  quick: ["A quick look", "Small and rough: shows whether the pair works."],
  good: ["A good one", "Good enough to keep. Start it and do something else meanwhile."],
  best: ["The best", "As large and sharp as this method gets."],
};

const cardOf = (method) => store.about.methods.find((card) => card.name === method);

/** "About 4 minutes here"; `found` was measured on these very clips, else it is what this machine is known for. */
export function timeOf(method, preset, found = null) {
  const known = cardOf(method)?.presets[preset];
  const { seconds, memory } = found ?? known ?? {};
  if (!seconds) return "";
  return `About ${duration(seconds)} here${memory ? `, ${bytes(memory)} of memory` : ""}.`;
}

/** Have something learned, and say what it waits for. */
export async function startRun(wish) {
  const run = await post("/runs", wish);
  store.learn("run", run);
  // The sample steps back by itself.
  const before = [...store.runs.values()].filter((other) => other.id !== run.id && !other.sample && WORKING.includes(other.state)).length;
  const waits = `${run.name} waits until ${before === 1 ? "the run" : `${before} runs`} before it ${before === 1 ? "is" : "are"} done`;
  notice(before ? waits : `${run.name} begins to learn`, null, "good");
  return run;
}

/** After a quick look: the same pair, with the same silhouettes, better; null where there is nothing better here. */
export function better(run) {
  const card = cardOf(run.method);
  const order = Object.entries(card?.choices ?? {});
  const at = order.findIndex(([, name]) => name === run.preset);
  const next = at < 0 ? null : order.slice(at + 1).find(([, name]) => !card.presets[name].refused);
  if (!next || run.clips.some((id) => !store.clips.has(id))) return null;
  const [choice, preset] = next;
  const time = timeOf(run.method, preset);
  const go = h("button", { class: "primary", type: "button" }, choice === "best" ? "Now the best one" : "Now the good one");
  go.onclick = () =>
    attempt(async () => {
      const made = await startRun({ method: run.method, clips: run.clips, preset, flip: run.flip, name: `${run.name}, ${choice}`, set: {} });
      location.hash = `#/run/${made.id}`;
    }, go);
  return h(
    "section",
    { class: "panel next", "aria-label": "What comes next" },
    h("p", {}, at ? "Want it better?" : "This was a quick look.", ` The next one uses the same clips and silhouettes. ${time}`),
    go,
  );
}
