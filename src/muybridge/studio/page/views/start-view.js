// The first view: two subjects, how they shall learn, and go.

import { afresh, attempt, h } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { Slot } from "../parts/clip-slot.js";
import { sample } from "../parts/sample.js";
import { plan } from "../parts/training-form.js";

export function startView(main, signal) {
  const place = (side, title) =>
    new Slot(side, title, signal, { held: () => store.pair.get()[side], taken: (clip) => store.pair.set(side, clip) });
  const [a, b] = [place("a", "First subject"), place("b", "Second subject")];
  [a.other, b.other] = [b, a];
  main.append(
    h(
      "section",
      { class: "hero beside" },
      h(
        "div",
        {},
        h("h1", {}, "Move one subject the way another moves"),
        h(
          "p",
          { class: "lead" },
          "Drop two short videos, of a cat and a horse, or of two dancers. The studio learns a few keypoints that both bodies share, and gives each the motion of the other.",
        ),
      ),
      sample(signal),
    ),
    h("div", { class: "pair" }, a.element, h("div", { class: "swap", "aria-hidden": "true" }, "⇄"), b.element),
    puppets(),
    plan(signal),
    elsewhere(signal),
  );
}

function puppets() {
  const scenes = Object.entries(store.about.scenes);
  const select = h(
    "select",
    { id: "scene" },
    scenes.map(([name, what]) => h("option", { value: name }, what.charAt(0).toUpperCase() + what.slice(1))),
  );
  const button = h("button", { class: "plain", type: "button" }, "Use these puppets");
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
        button.textContent = "Use these puppets";
      }
    }, button);
  return h(
    "div",
    { class: "puppets" },
    h("label", { for: "scene" }, "No videos at hand? Use two of our puppets:"),
    select,
    button,
  );
}

/** What is going on elsewhere, in one line. */
function elsewhere(signal) {
  const line = h("p", { class: "help elsewhere" });
  const draw = () => {
    const going = [...store.runs.values()].filter((run) => ["queued", "training", "finishing"].includes(run.state));
    line.hidden = !going.length;
    line.replaceChildren(
      going.length === 1 ? "One run is learning: " : `${going.length} runs are learning or waiting: `,
      ...going.flatMap((run, i) => [i ? ", " : "", h("a", { href: `#/run/${run.id}` }, run.name)]),
    );
  };
  draw();
  store.listen((kind) => ["run", "gone", "all"].includes(kind) && afresh(line, draw), signal);
  return line;
}
