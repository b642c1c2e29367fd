// A model that moves pictures, learned from videos that are here already.

import { afresh, attempt, choice, field, h } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { startRun, timeOf } from "./choices.js";
import { clipChip } from "./clip-chips.js";
import { usable } from "./clip-slot.js";

const asked = { method: null, preset: null, name: "", clips: new Set() };
const CAUTION = "It learns what kind of thing your videos show, and how it moves. A few short clips give a rough model of just those clips. A good model takes many videos of many individuals, and a GPU.";

/** Have some clips ticked once they are there. */
export const suggest = (clips) => clips.forEach((clip) => asked.clips.add(clip.id));

/** A folded form; its clips are those that were added anywhere in the studio. */
export function training(signal) {
  const cards = store.about.methods.filter((card) => card.needs === "folder");
  const clips = h("fieldset", { class: "chips clips" });
  const time = h("p", { class: "help", role: "status" });
  const measure = h("button", { class: "plain", type: "button" }, "Measure what it costs here");
  const missing = h("span", { class: "help" }, "Choose at least one video.");
  const go = h("button", { class: "primary", type: "button" }, "Begin learning");
  const name = h("input", { type: "text", maxlength: 80, oninput: () => (asked.name = name.value) });
  const presets = h("div", {});

  const renew = () => {
    const ready = [...asked.clips].every((id) => store.clips.get(id)?.state === "ready");
    go.disabled = measure.disabled = !asked.clips.size || !ready;
    missing.hidden = asked.clips.size > 0;
    const { refused } = card().presets[asked.preset];
    time.textContent = refused ? `Not on this machine: ${refused}.` : timeOf(asked.method, asked.preset);
    if (refused) go.disabled = measure.disabled = true;
  };
  const card = () => cards.find((each) => each.name === asked.method) ?? cards[0];
  const choose = (method) => {
    asked.method = method;
    const offered = Object.entries(card().presets);
    const order = [...Object.values(card().choices), ...Object.keys(card().presets)];
    asked.preset = order.find((preset) => !card().presets[preset].refused) ?? order[0];
    const select = choice(offered.map(([preset, { help }]) => [preset, help ? `${preset}: ${help}` : preset]), asked.preset, (preset) => {
      asked.preset = preset;
      renew();
    });
    presets.replaceChildren(field("Preset", select));
    renew();
  };
  let before = "";
  const list = () => {
    const here = [...store.clips.values()].filter((clip) => usable(clip, "driving") && clip.state === "ready" && clip.frames > 1);
    const now = JSON.stringify(here.map((clip) => [clip.id, clip.name, clip.reads]));
    if (now === before) return;
    before = now;
    // What is still being read stays ticked until it is there.
    for (const id of asked.clips) if (!store.clips.has(id)) asked.clips.delete(id);
    const empty = h("p", { class: "help" }, "No videos yet: add one above, or on the page New pair.");
    afresh(clips, () => clips.replaceChildren(h("legend", {}, "Videos to learn from"), ...(here.length ? here.map((clip) => clipChip(clip, asked.clips, renew)) : [empty])));
    renew();
  };

  const wish = () => ({ method: asked.method, preset: asked.preset, clips: [...asked.clips], name: asked.name, set: {} });
  measure.onclick = () =>
    attempt(async () => {
      time.textContent = "Training for a few steps to measure it…";
      const found = await post("/costs", wish());
      await store.renew();
      time.textContent = timeOf(asked.method, asked.preset, found);
    }, measure).finally(() => (time.textContent.endsWith("…") ? renew() : null));
  go.onclick = () =>
    attempt(async () => {
      const run = await startRun(wish());
      asked.name = name.value = "";
      location.hash = `#/run/${run.id}`;
    }, go);
  choose((cards.find((each) => each.name === "fomm") ?? card()).name);
  list();
  store.listen((kind) => ["clip", "gone", "all"].includes(kind) && list(), signal);
  return h(
    "details",
    { class: "train" },
    h("summary", {}, "Train one here"),
    h("p", { class: "help" }, CAUTION),
    clips,
    h("div", { class: "fields" }, field("Method", choice(cards.map((each) => [each.name, `${each.name}: ${each.title}`]), asked.method, choose)), presets, field("Name of this model", name)),
    h("div", { class: "costs" }, time, measure),
    h("div", { class: "buttons end" }, missing, go),
  );
}
