// A new batch: which videos, how well each pair is learned, and go.

import { afresh, attempt, choice, duration, field, h } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { CHOICES } from "./choices.js";
import { clipChip } from "./clip-chips.js";
import { usable } from "./clip-slot.js";

const METHOD = "jokr";
/** That a batch takes at once. */
const MOST = 12;
const asked = { preset: null, clips: new Set() };

const cardOf = () => store.about.methods.find((card) => card.name === METHOD);

export function newBatch(signal) {
  const card = cardOf();
  const choices = Object.entries(card.choices).filter(([, preset]) => !card.presets[preset].refused);
  asked.preset ??= choices[0]?.[1] ?? null;
  const clips = h("fieldset", { class: "chips clips" });
  const words = h("p", { class: "help", role: "status" });
  const go = h("button", { class: "primary", type: "button" }, "Begin the batch");
  const name = h("input", { type: "text", maxlength: 80 });
  const renew = () => {
    const count = asked.clips.size;
    go.disabled = count < 2 || count > MOST || !asked.preset;
    words.textContent = told(count);
  };
  let before = "";
  const list = () => {
    const here = [...store.clips.values()].filter((clip) => usable(clip, "pair") && clip.state === "ready" && clip.version > 0);
    const now = JSON.stringify(here.map((clip) => [clip.id, clip.name, clip.reads]));
    if (now === before) return;
    before = now;
    for (const id of asked.clips) if (!here.some((clip) => clip.id === id)) asked.clips.delete(id);
    const empty = h("p", { class: "help" }, "No videos with silhouettes yet. ", h("a", { href: "#/" }, "Add some"), ".");
    afresh(clips, () => clips.replaceChildren(h("legend", {}, "Videos to pair with each other"), ...(here.length ? here.map((clip) => clipChip(clip, asked.clips, renew)) : [empty])));
    renew();
  };
  go.onclick = () =>
    attempt(async () => {
      const batch = await post("/batches", { method: METHOD, preset: asked.preset, clips: [...asked.clips], name: name.value });
      asked.clips.clear();
      location.hash = `#/batch/${encodeURIComponent(batch.name)}`;
    }, go);
  const presets = choice(choices.map(([which, preset]) => [preset, CHOICES[which][0]]), asked.preset, (preset) => {
    asked.preset = preset;
    renew();
  });
  list();
  store.listen((kind) => ["clip", "gone", "all"].includes(kind) && list(), signal);
  return h(
    "section",
    { class: "panel", "aria-labelledby": "new-batch" },
    h("h2", { id: "new-batch" }, "A new batch"),
    clips,
    h("div", { class: "fields" }, field("How well each pair is learned", presets), field("Name of this batch", name)),
    h("div", { class: "buttons end" }, words, go),
  );
}

/** How many pairs, and how long they take here. */
function told(count) {
  if (count < 2) return "Choose at least two videos.";
  if (count > MOST) return `Choose at most ${MOST} videos.`;
  const pairs = (count * (count - 1)) / 2;
  const { seconds } = cardOf().presets[asked.preset] ?? {};
  const time = seconds ? `, about ${duration(seconds * pairs)} here` : "";
  return `${pairs === 1 ? "1 pair" : `${pairs} pairs`}${time}.`;
}
