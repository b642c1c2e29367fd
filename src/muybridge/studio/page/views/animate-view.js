// A picture that follows a video, or a camera: which model moves it, the two clips, how, and what was made so far.

import { afresh, attempt, choice, field, h, notice, sentence, when } from "../dom.js";
import * as store from "../net/store.js";
import { drop, frameOf, post } from "../net/api.js";
import { STATES, WAYS, discard } from "../parts/animation-state.js";
import { training } from "../parts/folder-training.js";
import { importing } from "../parts/import-form.js";
import { modelSample } from "../parts/model-sample.js";
import { camera } from "../parts/camera.js";
import { Slot, usable } from "../parts/clip-slot.js";

const asked = { model: null, mode: null, best: false };

export function animateView(main, signal) {
  const models = h("div", { class: "presets" });
  const panel = h("section", { class: "panel", "aria-labelledby": "how-title" });
  const filmed = h("div", {});
  const list = h("ul", { class: "runs" });
  const shelf = h("section", { "aria-labelledby": "made-title" }, h("h2", { id: "made-title" }, "Made so far"), list);
  main.append(
    h(
      "section",
      { class: "hero" },
      h("h1", {}, "Let a picture follow a video"),
      h(
        "p",
        { class: "lead" },
        "A model that was trained on many videos of one kind of thing, such as faces or bodies, makes any picture of that kind move like a video, or like you in front of your camera.",
      ),
    ),
    h("section", { class: "panel", "aria-labelledby": "who-title" }, h("h2", { id: "who-title" }, "Which model moves it"), models, training(signal), importing()),
    places(signal),
    modelSample(signal),
    panel,
    filmed,
    shelf,
  );
  const parts = [
    [() => [...store.models.values()], models, () => models.replaceChildren(...chosen(() => draw()))],
    [() => [asked.model, store.still.get(), [...store.models.values()]], panel, () => panel.replaceChildren(...how(filmed, signal))],
    [() => [...store.animations.values()], list, () => made(shelf, list)],
  ].map(([looks, place, show]) => ({ looks, place, show, before: "" }));
  const draw = () => {
    for (const part of parts) {
      const now = JSON.stringify(part.looks());
      if (now !== part.before) afresh(part.place, part.show);
      part.before = now;
    }
  };
  draw();
  store.listen((kind) => ["clip", "gone", "still", "model", "animation", "all"].includes(kind) && draw(), signal);
}

const current = () => {
  const ready = [...store.models.values()].filter((model) => model.state === "ready");
  return ready.find((model) => model.id === asked.model) ?? ready[0] ?? null;
};

function chosen(draw) {
  const models = [...store.models.values()].sort((a, b) => String(b.created).localeCompare(String(a.created)));
  asked.model = current()?.id ?? null;
  if (!models.length)
    return [h("p", { class: "help" }, "There is none yet. Train one here, import a checkpoint of the authors' programs, or train one with the command, into the studio's folder: ", h("span", { class: "code" }, `muybridge fit fomm VIDEOS --out ${store.about.folder}/faces`), ".")];
  return models.map((model) => (model.state === "ready" ? card(model, draw) : coming(model)));
}

function card(model, draw) {
  const input = h("input", {
    type: "radio",
    name: "model",
    value: model.id,
    checked: model.id === asked.model,
    onchange: () => {
      asked.model = model.id;
      draw();
    },
  });
  const from = model.made_by === "import" ? "imported" : model.made_by === "page" ? "trained here" : model.status === "finished" ? "trained by the command" : "not finished yet";
  const words = [model.method, model.size ? `${model.size} px` : null, from].filter(Boolean).join(", ");
  return h(
    "div",
    { class: "model" },
    h("label", { class: "card" }, input, h("span", { class: "name" }, model.name), h("span", { class: "help" }, words)),
    model.made_by === "import" ? away(model) : null,
  );
}

function coming(model) {
  const words = { uploading: "is being uploaded…", reading: "is being read…" }[model.state];
  if (words)
    return h(
      "div",
      { class: "model" },
      h("p", { class: "busy", role: "status" }, h("span", { class: "spinner" }), `${model.name} ${words}`),
      // Perhaps a page that was closed has left it so, and nothing more will come.
      away(model),
    );
  return h(
    "div",
    { class: "trouble model" },
    h("div", {}, h("p", {}, h("strong", {}, sentence(model.message))), model.hint ? h("p", {}, sentence(model.hint)) : null),
    away(model),
  );
}

function away(model) {
  const button = h("button", { class: "quiet", "aria-label": `Delete ${model.name}` }, "Delete");
  button.onclick = () => {
    if (model.state === "failed" || confirm(`Delete ${model.name}?`)) attempt(() => drop(`/models/${model.id}`), button);
  };
  return button;
}

function places(signal) {
  const place = (side, title) =>
    new Slot(side, title, signal, { held: () => store.still.get()[side], taken: (clip) => store.still.set(side, clip), use: side });
  const [picture, driving] = [place("picture", "Source picture"), place("driving", "Driving video")];
  [picture.other, driving.other] = [driving, picture];
  return h("div", { class: "pair" }, picture.element, h("div", { class: "swap", "aria-hidden": "true" }, "←"), driving.element);
}

function how(filmed, signal) {
  const model = current();
  const { picture, driving } = store.still.get();
  const seen = usable(picture, "picture");
  const ready = model && seen && usable(driving, "driving");
  if (!model?.modes.includes(asked.mode)) asked.mode = model?.modes[0] ?? null;
  const best = h("input", { type: "checkbox", checked: asked.best, onchange: () => (asked.best = best.checked) });
  const search = h("label", { class: "chip" }, best, "Start at the frame whose pose is closest to the picture's");
  search.hidden = !model?.searches || asked.mode !== "relative";
  const modes = choice(
    model?.modes.length ? model.modes.map((mode) => [mode, WAYS[mode] ?? mode]) : [["", model ? "This model has only one mode" : "–"]],
    asked.mode,
    (mode) => {
      asked.mode = mode;
      search.hidden = !model.searches || mode !== "relative";
    },
  );
  modes.disabled = !model?.modes.length;
  const go = h("button", { class: "primary", type: "button", disabled: !ready }, "Animate");
  go.onclick = () => attempt(() => begin(model, picture, driving), go);
  const film = h("button", { class: "plain", type: "button", disabled: !model?.live || !seen }, "Use the camera");
  film.onclick = () => camera(filmed, signal, { model, picture, mode: asked.mode }, film);
  const missing = !model ? "Choose or import a trained model first." : !seen ? "Choose a picture first." : !ready ? "Add a driving video, or use the camera." : null;
  return [
    h("h2", { id: "how-title" }, "How it moves"),
    h("div", { class: "fields" }, field("What carries over", modes), h("div", { class: "chips end" }, search)),
    h("div", { class: "buttons end" }, missing ? h("span", { class: "help" }, missing) : null, film, go),
  ];
}

async function begin(model, picture, driving) {
  const wish = { model: model.id, picture: picture.id, driving: driving.id, mode: asked.mode };
  const made = await post("/animations", { ...wish, best_frame: asked.best && asked.mode === "relative" });
  store.learn("animation", made);
  notice(`${made.name} is being made`, null, "good");
  location.hash = `#/animation/${made.id}`;
}

function made(shelf, list) {
  const all = [...store.animations.values()].sort((a, b) => b.created.localeCompare(a.created));
  shelf.hidden = !all.length;
  list.replaceChildren(...all.map(row));
}

function row(made) {
  const at = `#/animation/${made.id}`;
  const still = made.state === "done" ? `/api/animations/${made.id}/frames/0?height=120` : frameOf({ id: made.picture }, 0, 120);
  const pictures = [still, frameOf({ id: made.driving }, 0, 120)].map((src) => h("img", { src, alt: "", loading: "lazy" }));
  return h(
    "li",
    { class: `run ${made.state}` },
    h("a", { href: at, class: "thumb", tabindex: "-1", "aria-hidden": "true" }, pictures),
    h("div", {}, h("h3", {}, h("a", { href: at }, made.name)), h("p", { class: "help" }, `${made.model_name}, ${made.method}, ${when(made.created)}`)),
    h("p", { class: "state" }, STATES[made.state]),
    discard(made),
  );
}
