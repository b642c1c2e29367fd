// How they shall learn: preset with its measured cost, other settings, and the button.

import { attempt, bytes, choice, duration, field, h, notice } from "./dom.js";
import * as store from "./store.js";
import { post } from "./talk.js";

const asked = { method: null, preset: null, flip: "", name: "", set: "" };
const costs = new Map();

export function plan(panel, pair) {
  const ready = pair.a?.state === "ready" && pair.b?.state === "ready";
  const cards = store.about.methods.filter((card) => card.needs === "pair");
  asked.method ??= cards[0].name;
  const card = cards.find((c) => c.name === asked.method) ?? cards[0];
  if (!(asked.preset in card.presets)) [asked.preset] = Object.keys(card.presets);
  const cost = h("p", { class: "cost", role: "status" }, "");
  const go = h("button", { class: "primary", type: "button", disabled: !ready }, "Begin learning");
  go.onclick = () => attempt(() => begin(pair), go);
  const measure = h("button", { class: "plain", type: "button", disabled: !ready }, "Measure what it costs here");
  const tell = () => told(cost, measure, pair, ready);
  measure.onclick = () => attempt(() => measured(pair, cost, measure), measure).then(tell);
  const presets = Object.entries(card.presets).map(([name, help]) => preset(name, help, tell));
  panel.replaceChildren(
    h("h2", { id: "plan-title" }, "How they learn"),
    h("fieldset", { class: "presets" }, h("legend", { class: "unseen" }, "Preset"), presets),
    h("div", { class: "costs" }, cost, measure),
    more(cards, card, panel, pair, tell),
    h("div", { class: "buttons end" }, ready ? null : h("span", { class: "help" }, "Two subjects are needed first."), go),
  );
  tell();
}

function preset(name, help, tell) {
  const input = h("input", {
    type: "radio",
    name: "preset",
    value: name,
    checked: asked.preset === name,
    onchange: () => {
      asked.preset = name;
      tell();
    },
  });
  return h("label", { class: "card" }, input, h("span", { class: "name" }, name), h("span", { class: "help" }, help));
}

function more(cards, card, panel, pair, tell) {
  const name = h("input", { type: "text", maxlength: 80, value: asked.name, oninput: () => (asked.name = name.value) });
  const settings = h("input", {
    type: "text",
    class: "code",
    placeholder: "shape.steps=3000 keypoints=12",
    value: asked.set,
    oninput: () => {
      asked.set = settings.value;
      tell();
    },
  });
  const methods = choice(
    cards.map((c) => [c.name, `${c.name}: ${c.title}`]),
    card.name,
    (value) => {
      asked.method = value;
      plan(panel, pair);
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

const key = (pair) => JSON.stringify([pair.a?.id, pair.b?.id, asked.method, asked.preset, asked.set]);

function told(cost, measure, pair, ready) {
  const found = costs.get(key(pair));
  measure.hidden = Boolean(found) || !ready;
  if (!found) {
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

async function measured(pair, cost, measure) {
  const asking = key(pair);
  cost.textContent = "Learning for ten steps, to know…";
  measure.hidden = true;
  costs.set(asking, await post("/costs", body(pair)));
}

async function begin(pair) {
  const run = await post("/runs", body(pair));
  store.learn("run", run);
  notice(`${run.name} is learning`, null, "good");
  asked.name = "";
  location.hash = `#/run/${run.id}`;
}
