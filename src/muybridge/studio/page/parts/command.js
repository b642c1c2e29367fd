// The command that does the same as a run of the page, to be copied.

import { attempt, h, notice } from "../dom.js";
import * as store from "../net/store.js";

const PLAIN = /^[\w@%+=:,./-]+$/;
const quote = (word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The words of it: the clips are those that the studio keeps, with the silhouettes that were checked here. */
function commandOf(run) {
  const [a, b] = run.clips.map((id) => `${store.about.folder}/clips/${id}`);
  const words = ["muybridge", "retarget", `${a}/frames`, `${b}/frames`];
  words.push("--masks-a", `${a}/silhouettes`, "--masks-b", `${b}/silhouettes`);
  if (run.method !== "jokr") words.push("--method", run.method);
  if (run.preset) words.push("--preset", run.preset);
  for (const [name, value] of Object.entries(run.set ?? {})) words.push("--set", `${name}=${value}`);
  if (run.flip) words.push("--flip", run.flip.toUpperCase());
  words.push("--out", run.name.replaceAll(/[^\w.-]+/g, "-"));
  return words.map(quote).join(" ");
}

export function command(run) {
  const words = commandOf(run);
  const copy = h("button", { class: "plain", type: "button" }, "Copy");
  copy.onclick = () =>
    attempt(async () => {
      await navigator.clipboard.writeText(words);
      notice("the command is copied", null, "good");
    }, copy);
  return h(
    "details",
    {},
    h("summary", {}, "The command that does the same"),
    h("p", { class: "code command" }, words),
    h("div", { class: "buttons" }, copy),
  );
}
