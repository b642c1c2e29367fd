// One animation: beside its driving clip, to be taken along.

import { attempt, bytes, choice, field, h, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { get, post } from "../net/api.js";
import { renamable } from "../parts/rename.js";
import { clock } from "../parts/clock.js";
import { HEIGHT, Player } from "../parts/player.js";
import { STATES, WAYS, discard } from "../parts/animation-state.js";

const FORMATS = [
  ["gif", "GIF"],
  ["mp4", "MP4, plays everywhere"],
  ["webm", "WebM"],
  ["zip", "PNG frames in a ZIP"],
];

export function movedView(main, signal, id) {
  const head = h("div", { class: "run-head" });
  const body = h("div", { class: "run-body" });
  const files = h("ul", { class: "files" });
  main.append(head, body);
  let before = "";
  let named = "";
  const draw = () => {
    const made = store.animations.get(id);
    if (!made) {
      const back = h("a", { href: "#/animate" }, "Make another one");
      main.replaceChildren(h("h1", {}, "Not here any more"), h("p", { class: "empty" }, "This animation was deleted. ", back, "."));
      return;
    }
    document.title = `${made.name} · Muybridge studio`;
    if (named !== made.name) {
      named = made.name;
      head.replaceChildren(...title(made));
    }
    if (before !== made.state) {
      before = made.state;
      head.replaceChildren(...title(made));
      if (made.state === "done") done(body, files, signal, made);
      else body.replaceChildren(...pending(made));
    }
    if (made.state === "done") list(files, made);
  };
  draw();
  const mine = (kind, value) => kind === "all" || (["animation", "gone"].includes(kind) && value.id === id);
  store.listen((kind, value) => mine(kind, value) && draw(), signal);
}

function title(made) {
  const way = made.mode ? `, ${(WAYS[made.mode] ?? made.mode).toLowerCase()}` : "";
  return [
    h("div", { class: "name-line" }, renamable(made.name, "animation", `/animations/${made.id}`), h("span", { class: `badge ${made.state}` }, STATES[made.state])),
    h("p", { class: "help" }, `By ${made.model_name} (${made.method})${way}.`),
  ];
}

function pending(made) {
  const back = discard(made, () => (location.hash = "#/animate"));
  if (made.state === "failed")
    return [
      h("div", { class: "trouble" }, h("p", {}, h("strong", {}, sentence(made.message)), made.hint ? ` ${sentence(made.hint)}` : "")),
      h("div", { class: "buttons" }, h("a", { class: "button plain", href: "#/animate" }, "Try it another way"), back),
    ];
  const words = made.state === "queued" ? "Waiting its turn…" : "Drawing every frame. You can leave this page meanwhile…";
  return [h("p", { class: "busy", role: "status" }, h("span", { class: "spinner" }), words), h("div", { class: "buttons" }, back)];
}

async function done(body, files, signal, made) {
  const times = await attempt(() => get(`/animations/${made.id}/times`));
  if (!times || signal.aborted) return;
  const driving = store.clips.get(made.driving);
  const at = (affine, index) => `/api/animations/${made.id}/frames/${index}?height=${HEIGHT}&v=${encodeURIComponent(made.created)}`;
  const player = new Player(signal, [{ title: made.name, driving, clock: clock(times), made: at }], () => ({ affine: true, background: null }));
  let suffix = "gif";
  const go = h("button", { class: "primary" }, "Make the file");
  go.onclick = () => attempt(async () => store.learn("animation", await post(`/animations/${made.id}/files`, { suffix })), go);
  body.replaceChildren(
    player.element,
    h(
      "section",
      { "aria-labelledby": "take" },
      h("h2", { id: "take" }, "Download"),
      h("div", { class: "panel fields" }, field("Format", choice(FORMATS, suffix, (value) => (suffix = value))), h("div", { class: "field end" }, go)),
      files,
    ),
    ...made.notes.map((note) => h("p", { class: "help" }, sentence(note))),
    h("div", { class: "buttons" }, h("a", { class: "button plain", href: "#/animate" }, "Make another one"), discard(made, () => (location.hash = "#/animate"))),
  );
}

async function list(place, made) {
  const sizes = await attempt(() => get(`/animations/${made.id}/files`));
  if (!sizes) return;
  place.replaceChildren(...made.files.map((file) => line(made, file, sizes)));
}

function line(made, file, sizes) {
  const name = `${made.file}.${file.suffix}`;
  if (file.state === "failed")
    return h("li", { class: "trouble" }, `${name}: ${sentence(file.message)} ${file.hint ? sentence(file.hint) : ""}`);
  if (file.state === "making" || !(name in sizes))
    return h("li", { role: "status" }, h("span", { class: "spinner" }), `${name} is being made…`);
  const address = `/api/animations/${made.id}/files/${encodeURIComponent(name)}`;
  return h(
    "li",
    {},
    h("a", { href: `${address}?download=true`, download: name }, name),
    h("span", { class: "help" }, bytes(sizes[name])),
    file.suffix === "zip" ? null : h("a", { href: address, target: "_blank", rel: "noopener", class: "look" }, "Open", h("span", { class: "unseen" }, ` ${name}`)),
  );
}
