// A picture that follows a video, or a camera: who has learnt it, the two clips, how, and what was made so far.

import { afresh, attempt, choice, field, h, notice, sentence, when } from "./dom.js";
import * as store from "./store.js";
import { drop, frameOf, post } from "./talk.js";
import { importing } from "./importing.js";
import { camera } from "./live.js";
import { Slot, usable } from "./slot.js";

export const WAYS = {
  relative: "Its own pose, moved as the video moves",
  standard: "The video's pose as it is",
  avd: "The video's pose, in the picture's own shape",
};
export const STATES = { queued: "waits for its turn", making: "is being made", done: "made", failed: "could not be made" };
const asked = { mover: null, mode: null, best: false };

export function animateView(main, signal) {
  const movers = h("div", { class: "presets" });
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
        "A run that has seen many videos of one kind of thing, of faces or of bodies, moves any picture of that kind as a video moves, or as you do before your camera.",
      ),
    ),
    h("section", { class: "panel", "aria-labelledby": "who-title" }, h("h2", { id: "who-title" }, "Who has learnt it"), movers, importing()),
    places(signal),
    panel,
    filmed,
    shelf,
  );
  const parts = [
    [() => [...store.movers.values()], movers, () => movers.replaceChildren(...chosen(() => draw()))],
    [() => [asked.mover, store.still.get(), [...store.movers.values()]], panel, () => panel.replaceChildren(...how(filmed, signal))],
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
  store.listen((kind) => ["clip", "gone", "still", "mover", "animation", "all"].includes(kind) && draw(), signal);
}

const current = () => {
  const ready = [...store.movers.values()].filter((mover) => mover.state === "ready");
  return ready.find((mover) => mover.id === asked.mover) ?? ready[0] ?? null;
};

function chosen(draw) {
  const movers = [...store.movers.values()].sort((a, b) => String(b.created).localeCompare(String(a.created)));
  asked.mover = current()?.id ?? null;
  if (!movers.length)
    return [h("p", { class: "help" }, "Nobody yet. Import a checkpoint of the authors' program here, or train one by the command into the studio's folder: ", h("span", { class: "code" }, "muybridge fit fomm VIDEOS --out FOLDER/faces"), ".")];
  return movers.map((mover) => (mover.state === "ready" ? card(mover, draw) : coming(mover)));
}

function card(mover, draw) {
  const input = h("input", {
    type: "radio",
    name: "mover",
    value: mover.id,
    checked: mover.id === asked.mover,
    onchange: () => {
      asked.mover = mover.id;
      draw();
    },
  });
  const from = mover.made_by === "import" ? "imported" : mover.status === "finished" ? "trained by the command" : "not finished yet";
  const words = [mover.method, mover.size ? `${mover.size} px` : null, from].filter(Boolean).join(", ");
  return h(
    "div",
    { class: "mover" },
    h("label", { class: "card" }, input, h("span", { class: "name" }, mover.name), h("span", { class: "help" }, words)),
    mover.made_by === "import" ? away(mover) : null,
  );
}

function coming(mover) {
  const words = { uploading: "is being uploaded…", reading: "is being read…" }[mover.state];
  if (words)
    return h(
      "div",
      { class: "mover" },
      h("p", { class: "busy", role: "status" }, h("span", { class: "spinner" }), `${mover.name} ${words}`),
      // Perhaps a page that was closed has left it so, and nothing more will come.
      away(mover),
    );
  return h(
    "div",
    { class: "trouble mover" },
    h("div", {}, h("p", {}, h("strong", {}, sentence(mover.message))), mover.hint ? h("p", {}, sentence(mover.hint)) : null),
    away(mover),
  );
}

function away(mover) {
  const button = h("button", { class: "quiet", "aria-label": `Delete ${mover.name}` }, "Delete");
  button.onclick = () => {
    if (mover.state === "failed" || confirm(`Delete ${mover.name}?`)) attempt(() => drop(`/movers/${mover.id}`), button);
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
  const mover = current();
  const { picture, driving } = store.still.get();
  const seen = usable(picture, "picture");
  const ready = mover && seen && usable(driving, "driving");
  if (!mover?.modes.includes(asked.mode)) asked.mode = mover?.modes[0] ?? null;
  const best = h("input", { type: "checkbox", checked: asked.best, onchange: () => (asked.best = best.checked) });
  const search = h("label", { class: "chip" }, best, "Begin at the frame posed most like the picture");
  search.hidden = !mover?.searches || asked.mode !== "relative";
  const modes = choice(
    mover?.modes.length ? mover.modes.map((mode) => [mode, WAYS[mode] ?? mode]) : [["", mover ? "It has one way" : "–"]],
    asked.mode,
    (mode) => {
      asked.mode = mode;
      search.hidden = !mover.searches || mode !== "relative";
    },
  );
  modes.disabled = !mover?.modes.length;
  const go = h("button", { class: "primary", type: "button", disabled: !ready }, "Animate");
  go.onclick = () => attempt(() => begin(mover, picture, driving), go);
  const film = h("button", { class: "plain", type: "button", disabled: !mover?.live || !seen }, "Use the camera");
  film.onclick = () => camera(filmed, signal, { mover, picture, mode: asked.mode }, film);
  const missing = !mover ? "Somebody who has learnt it is needed first." : !seen ? "A picture is needed first." : !ready ? "Add a driving video, or use the camera." : null;
  return [
    h("h2", { id: "how-title" }, "How it moves"),
    h("div", { class: "fields" }, field("What is taken over", modes), h("div", { class: "chips end" }, search)),
    h("div", { class: "buttons end" }, missing ? h("span", { class: "help" }, missing) : null, film, go),
  ];
}

async function begin(mover, picture, driving) {
  const wish = { mover: mover.id, picture: picture.id, driving: driving.id, mode: asked.mode };
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
    h("div", {}, h("h3", {}, h("a", { href: at }, made.name)), h("p", { class: "help" }, `${made.mover_name}, ${made.method}, ${when(made.created)}`)),
    h("p", { class: "state" }, STATES[made.state]),
    discard(made),
  );
}

/** The button that deletes an animation, and stops what is under way for it. */
export function discard(made, after = () => {}) {
  const button = h("button", { class: "quiet", "aria-label": `Delete ${made.name}` }, "Delete");
  button.onclick = () => {
    if (confirm(`Delete ${made.name}?`))
      attempt(async () => {
        await drop(`/animations/${made.id}`);
        after();
      }, button);
  };
  return button;
}
