// How they shall learn: preset with its measured cost, other settings, and the button.

import { attempt, bytes, choice, duration, field, h, notice } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { WORKING } from "./run-state.js";

const asked = { method: null, preset: null, flip: "", name: "", set: "" };

/** The panel. It is made once, and what depends on the clips is renewed, so that nobody loses the field that they are in. */
export function plan(signal) {
  const cards = store.about.methods.filter((card) => card.needs === "pair");
  asked.method ??= cards[0].name;
  const presets = h("fieldset", { class: "presets" });
  const cost = h("p", { class: "cost", role: "status" });
  const measure = h("button", { class: "plain", type: "button" });
  const missing = h("span", { class: "help" }, "Add two subjects first.");
  const go = h("button", { class: "primary", type: "button" }, "Begin learning");
  const renew = () => {
    const pair = store.pair.get();
    const ready = pair.a?.state === "ready" && pair.b?.state === "ready";
    go.disabled = measure.hidden = !ready;
    missing.hidden = ready;
    for (const label of presets.querySelectorAll("label")) {
      const found = kept.get(key(pair, label.dataset.preset));
      label.querySelector(".of").textContent = found ? `About ${duration(found.seconds)} here` : "";
    }
    told(cost, measure, ready, kept.get(key(pair)));
  };
  const method = () => {
    const card = cards.find((c) => c.name === asked.method) ?? cards[0];
    if (!(asked.preset in card.presets)) [asked.preset] = Object.keys(card.presets);
    const labels = Object.entries(card.presets).map(([name, help]) => preset(name, help, renew));
    presets.replaceChildren(h("legend", { class: "unseen" }, "Preset"), ...labels);
    renew();
    return card;
  };
  go.onclick = () => attempt(() => begin(store.pair.get()), go);
  measure.onclick = () => attempt(() => measured(store.pair.get(), cost), measure).then(renew);
  const card = method();
  store.listen((kind) => ["clip", "gone", "pair", "all"].includes(kind) && renew(), signal);
  return h(
    "section",
    { class: "panel", "aria-labelledby": "plan-title" },
    h("h2", { id: "plan-title" }, "How they learn"),
    presets,
    h("div", { class: "costs" }, cost, measure),
    more(cards, card, method, renew),
    h("div", { class: "buttons end" }, missing, go),
  );
}

function preset(name, help, renew) {
  const input = h("input", {
    type: "radio",
    name: "preset",
    value: name,
    checked: asked.preset === name,
    onchange: () => {
      asked.preset = name;
      renew();
    },
  });
  return h(
    "label",
    { class: "card", "data-preset": name },
    input,
    h("span", { class: "name" }, name),
    h("span", { class: "help" }, help),
    h("span", { class: "help of" }),
  );
}

function more(cards, card, method, renew) {
  const name = h("input", { type: "text", maxlength: 80, value: asked.name, oninput: () => (asked.name = name.value) });
  const settings = h("input", {
    type: "text",
    class: "code",
    placeholder: "shape.steps=3000 keypoints=12",
    value: asked.set,
    oninput: () => {
      asked.set = settings.value;
      renew();
    },
  });
  const methods = choice(
    cards.map((c) => [c.name, `${c.name}: ${c.title}`]),
    card.name,
    (value) => {
      asked.method = value;
      document.getElementById(`${methods.id}-help`).textContent = method().paper;
    },
  );
  const flips = [["", "Neither: both look the same way"], ["a", "The first subject"], ["b", "The second subject"]];
  const others = store.about.methods.filter((c) => c.needs !== "pair");
  return h(
    "details",
    {},
    h("summary", {}, "More settings"),
    h(
      "div",
      { class: "fields" },
      field("Name of this run", name),
      field("Mirror", choice(flips, asked.flip, (v) => (asked.flip = v)), "If the two look opposite ways, mirror one."),
      field("Method", methods, card.paper),
      field("Settings by name", settings, "Any setting of the method, as with --set. Separate them by spaces."),
    ),
    others.length
      ? h("p", { class: "help" }, "Trained from the command: ", others.map((c) => `${c.name} (needs ${c.needs})`).join(", "), ".")
      : null,
  );
}

/** What the request says, as the studio takes it. */
function body(pair) {
  const set = {};
  for (const part of asked.set.split(/[\s,]+/).filter(Boolean)) {
    const [key, value] = part.split("=");
    if (value === undefined) throw Object.assign(new Error(`${part} is not a setting`), { hint: "Write NAME=VALUE." });
    set[key] = value === "true" ? true : value === "false" ? false : Number.isNaN(Number(value)) ? value : Number(value);
  }
  return {
    method: asked.method,
    clips: [pair.a.id, pair.b.id],
    preset: asked.preset,
    flip: asked.flip || null,
    name: asked.name,
    set,
  };
}

/** Costs that were measured, by clips, method, preset and settings; they survive a reload. */
const kept = {
  all: () => JSON.parse(sessionStorage.getItem("costs") ?? "{}"),
  get: (asking) => kept.all()[asking],
  set: (asking, found) => sessionStorage.setItem("costs", JSON.stringify({ ...kept.all(), [asking]: found })),
};
const key = (pair, of = asked.preset) => JSON.stringify([pair.a?.id, pair.b?.id, asked.method, of, asked.set.trim()]);

function told(cost, measure, ready, found) {
  if (measure.hasAttribute("aria-disabled")) return; // it is being measured, and that is said
  measure.textContent = found ? "Measure again" : "Measure what it costs here";
  if (!found || !ready) {
    cost.textContent = ready ? "How long it takes depends on this machine." : "";
    return;
  }
  cost.replaceChildren(
    "About ",
    h("strong", {}, duration(found.seconds)),
    ` here, measured on ${found.measured} of ${found.steps} steps. It needs ${bytes(found.memory)} of memory and ${bytes(found.disk)} of disk.`,
    found.beside ? " Another run was learning meanwhile: alone it is faster." : "",
  );
}

async function measured(pair, cost) {
  const asking = key(pair);
  cost.textContent = "Training for ten steps to measure it…";
  kept.set(asking, await post("/costs", body(pair)));
}

async function begin(pair) {
  const run = await post("/runs", body(pair));
  store.learn("run", run);
  const before = [...store.runs.values()].filter((other) => other.id !== run.id && WORKING.includes(other.state)).length;
  const waits = `${run.name} waits until ${before === 1 ? "the run" : `${before} runs`} before it ${before === 1 ? "is" : "are"} done`;
  notice(before ? waits : `${run.name} begins to learn`, null, "good");
  asked.name = "";
  location.hash = `#/run/${run.id}`;
}
