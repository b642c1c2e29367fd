// How they shall learn: preset with its measured cost, other settings, and the button.

import { attempt, bytes, choice, duration, field, h, notice, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { CHOICES, startRun, timeOf } from "./choices.js";
import { WORKING } from "./run-state.js";

const asked = { method: null, preset: null, flip: "", name: "", set: "" };

/** The panel. It is made once, and what depends on the clips is renewed, so that nobody loses the field that they are in. */
export function plan(signal) {
  const cards = store.about.methods.filter((card) => card.needs === "pair");
  asked.method ??= cards[0].name;
  const presets = h("fieldset", { class: "choices" });
  const cost = h("p", { class: "cost", role: "status" });
  const measure = h("button", { class: "plain", type: "button" });
  const missing = h("span", { class: "help" }, "Add two subjects first.");
  const go = h("button", { class: "primary", type: "button" }, "Begin learning");
  const renew = () => {
    const pair = store.pair.get();
    const ready = pair.a?.state === "ready" && pair.b?.state === "ready";
    go.disabled = measure.hidden = !ready;
    missing.hidden = ready;
    for (const label of presets.querySelectorAll("label"))
      label.querySelector(".of").textContent = timeOf(asked.method, label.dataset.preset, kept.get(key(pair, label.dataset.preset)));
    told(cost, measure, ready, kept.get(key(pair)));
    if (ready) measureAhead(pair, signal).then((measured) => measured && !signal.aborted && renew(), () => {});
  };
  const method = () => {
    const card = cards.find((c) => c.name === asked.method) ?? cards[0];
    if (!(asked.preset in card.presets)) asked.preset = usual(card);
    presets.replaceChildren(h("legend", { class: "unseen" }, "Preset"), ...offered(card, (name) => {
      asked.preset = name;
      renew();
    }));
    renew();
    return card;
  };
  go.onclick = () => attempt(() => begin(body(store.pair.get())), go);
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

/** The preset that is chosen as long as nobody has: the first in a person's order that can be done here. */
const usual = (card) => [...Object.values(card.choices), ...Object.keys(card.presets)].find((name) => !card.presets[name].refused);

/** A method's presets: those that a person looks for, and the others folded away. */
function offered(card, chosen) {
  const taken = Object.entries(card.choices);
  const others = Object.keys(card.presets).filter((name) => !Object.values(card.choices).includes(name));
  const main = taken.map(([choice, name]) => preset(card, name, CHOICES[choice], chosen));
  const rest = others.map((name) => preset(card, name, null, chosen));
  if (!main.length) return [h("div", { class: "presets" }, rest)];
  const folded = h("details", { open: others.includes(asked.preset) }, h("summary", {}, "For researchers"), h("div", { class: "presets" }, rest));
  return [h("div", { class: "presets" }, main), rest.length ? folded : ""];
}

function preset(card, name, words, chosen) {
  const { help, refused } = card.presets[name];
  const input = h("input", {
    type: "radio",
    name: "preset",
    value: name,
    checked: asked.preset === name,
    disabled: Boolean(refused),
    onchange: () => chosen(name),
  });
  return h(
    "label",
    { class: refused ? "card off" : "card", "data-preset": name },
    input,
    h("span", { class: "name" }, words ? words[0] : name),
    h("span", { class: "help" }, words ? words[1] : sentence(help), words ? h("span", { class: "code" }, ` ${name}`) : ""),
    refused ? h("span", { class: "help refused" }, "Not on this machine: ", sentence(refused).replace(/^It/, "it")) : null,
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
  const flips = [["", "Neither"], ["a", "The first subject"], ["b", "The second subject"]];
  const [folders, others] = [store.about.methods.filter((c) => c.needs === "folder"), store.about.methods.filter((c) => !["pair", "folder"].includes(c.needs))];
  return h(
    "details",
    { open: Boolean(asked.set || asked.flip || asked.name) },
    h("summary", {}, "More settings"),
    h(
      "div",
      { class: "fields" },
      field("Name of this run", name),
      field("Mirror", choice(flips, asked.flip, (v) => (asked.flip = v)), "If they face opposite ways, mirror one of them."),
      field("Method", methods, card.paper),
      field("Settings by name", settings, "Any setting of the method, as for --set, separated by spaces."),
    ),
    h(
      "p",
      { class: "help" },
      folders.length ? [folders.map((c) => c.name).join(", "), " learn from many videos: ", h("a", { href: "#/animate" }, "train one on the page Animate"), ". "] : null,
      others.length ? `Only with the command: ${others.map((c) => `${c.name} (needs ${c.needs})`).join(", ")}.` : null,
    ),
  );
}

/** A button that lays a run's pair and settings into the form, to be changed and learned once more. */
export function again(run) {
  const button = h("button", { class: "plain", type: "button" }, "Duplicate");
  button.onclick = () =>
    attempt(async () => {
      const pair = run.clips.map((id) => store.clips.get(id));
      if (!pair.every(Boolean)) throw Object.assign(new Error("a video of this run is not here any more"), { hint: "Add it again, and take the settings from the run's command." });
      pair.forEach((clip, i) => store.pair.set("ab"[i], clip));
      const set = Object.entries(run.set ?? {}).map(([name, value]) => `${name}=${value}`).join(" ");
      Object.assign(asked, { method: run.method, preset: run.preset, flip: run.flip ?? "", name: `${run.name}, again`.slice(0, 80), set });
      location.hash = "#/";
      notice("the pair and its settings are in the form again", "Change what you like, and begin.", "good");
    }, button);
  return button;
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

/** Costs that were measured on these clips with these settings; they survive a reload. */
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

let ahead = null;
/** What was tried since the page was loaded: what cannot be measured now is not asked for again and again. */
const tried = new Set();

/** Measure what a person is likely to choose, one after the other, once a machine; true where anything was measured. */
async function measureAhead(pair, signal) {
  if (!store.about.background || ahead || asked.set.trim()) return false;
  const card = store.about.methods.find((c) => c.name === asked.method);
  const unknown = Object.values(card.choices).filter((name) => !card.presets[name].refused && card.presets[name].seconds === null && !tried.has(`${card.name} ${name}`));
  if (!unknown.length || [...store.runs.values()].some((run) => WORKING.includes(run.state))) return false;
  ahead = (async () => {
    for (const name of unknown) {
      if (signal.aborted) return;
      tried.add(`${card.name} ${name}`);
      await post("/costs", { ...body(pair), preset: name, ahead: true });
    }
    await store.renew();
  })();
  try {
    await ahead;
  } finally {
    ahead = null;
  }
  return true;
}

async function begin(wish) {
  const run = await startRun(wish);
  asked.name = "";
  location.hash = `#/run/${run.id}`;
}
