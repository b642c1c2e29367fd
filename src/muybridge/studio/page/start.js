// The first view: two subjects, how they shall learn, and go.

import { attempt, h } from "./dom.js";
import * as store from "./store.js";
import { post } from "./talk.js";
import { slot } from "./slot.js";
import { plan } from "./plan.js";

export function startView(main, signal) {
  const slots = h("div", { class: "pair" });
  const planning = h("section", { class: "panel", "aria-labelledby": "plan-title" });
  main.append(
    h(
      "section",
      { class: "hero" },
      h("h1", {}, "Move one subject the way another moves"),
      h(
        "p",
        { class: "lead" },
        "Drop two short videos, of a cat and a horse, or of two dancers. The studio learns a few keypoints that both bodies share, and gives each the motion of the other.",
      ),
    ),
    slots,
    puppets(),
    planning,
    waiting(),
  );
  const draw = () => {
    const pair = store.pair.get();
    slots.replaceChildren(
      slot("a", "First subject", pair.a, signal),
      h("div", { class: "swap", "aria-hidden": "true" }, "⇄"),
      slot("b", "Second subject", pair.b, signal),
    );
  };
  let before = "";
  const redraw = () => {
    const pair = store.pair.get();
    const now = JSON.stringify([pair.a, pair.b]);
    if (now === before) return;
    before = now;
    draw();
    plan(planning, pair);
  };
  redraw();
  store.listen((kind) => ["clip", "gone", "pair", "all"].includes(kind) && redraw(), signal);
}

function puppets() {
  const scenes = Object.entries(store.about.scenes);
  const select = h(
    "select",
    { id: "scene" },
    scenes.map(([name, what]) => h("option", { value: name }, what.charAt(0).toUpperCase() + what.slice(1))),
  );
  const button = h("button", { class: "plain", type: "button" }, "Take these puppets");
  button.onclick = () =>
    attempt(async () => {
      button.textContent = "Drawing them…";
      try {
        const [a, b] = await post("/clips/puppets", { scene: select.value });
        store.learn("clip", a);
        store.learn("clip", b);
        store.pair.set("a", a);
        store.pair.set("b", b);
      } finally {
        button.textContent = "Take these puppets";
      }
    }, button);
  return h(
    "div",
    { class: "puppets" },
    h("label", { for: "scene" }, "No videos at hand? Take two of our puppets:"),
    select,
    button,
  );
}

/** What is going on elsewhere, in one line. */
function waiting() {
  const going = [...store.runs.values()].filter((run) => ["queued", "training", "finishing"].includes(run.state));
  if (!going.length) return "";
  return h(
    "p",
    { class: "help" },
    going.length === 1 ? "One run is learning: " : `${going.length} runs are learning or wait: `,
    going.flatMap((run, i) => [i ? ", " : "", h("a", { href: `#/run/${run.id}` }, run.name)]),
  );
}

