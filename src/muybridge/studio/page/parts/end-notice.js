// A notice of the browser when a training ends, for whoever asked for it.

import { h, notice, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { STATES, WORKING } from "./run-state.js";

const KEY = "tell-ends";
const possible = "Notification" in window;

/** Whether the person wants to be told, and a training is under way: then a tab that is not seen listens, too. */
export const listens = () => wanted() && [...store.runs.values()].some((run) => !run.sample && WORKING.includes(run.state));
const wanted = () => possible && Notification.permission === "granted" && localStorage.getItem(KEY) === "yes";

/** A box to tick; null where the browser has no notices. */
export function endNotice() {
  if (!possible) return null;
  const box = h("input", { type: "checkbox", checked: wanted() });
  box.onchange = async () => {
    const may = box.checked && (await Notification.requestPermission()) === "granted";
    if (box.checked && !may) notice("the browser blocks notifications from this page", "Allow them in the browser's address bar.");
    box.checked = may;
    localStorage.setItem(KEY, may ? "yes" : "no");
  };
  return h("label", { class: "chip" }, box, "Tell me when it ends");
}

/** Tell of every run that ends, on whatever page one is. */
export function tellEnds() {
  const before = new Map([...store.runs.values()].map((run) => [run.id, run.state]));
  store.listen((kind) => {
    if (!["run", "all"].includes(kind)) return;
    for (const run of store.runs.values()) {
      const ended = WORKING.includes(before.get(run.id)) && ["finished", "kept", "failed"].includes(run.state);
      before.set(run.id, run.state);
      if (!ended || run.sample || !wanted()) continue;
      const told = new Notification(run.name, { body: sentence(run.message ?? STATES[run.state]), tag: run.id, icon: "mark.svg" });
      told.onclick = () => {
        focus();
        location.hash = `#/run/${run.id}`;
      };
    }
  });
}
