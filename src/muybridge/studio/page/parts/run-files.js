// What can be fetched of a run, and what is being made of it.

import { attempt, bytes, h, sentence } from "../dom.js";
import { get } from "../net/api.js";
import * as store from "../net/store.js";

export const FORMATS = [
  ["mp4", "MP4, plays everywhere"],
  ["gif", "GIF"],
  ["webm", "WebM, may be transparent"],
  ["mov", "MOV, for video editing"],
  ["zip", "PNG frames in a ZIP"],
];
const CLEAR = ["gif", "webm", "mov", "zip"];

/** Refuse what cannot be kept in a format. */
export function refuseOpaque(background, suffix) {
  if (background === "transparent" && !CLEAR.includes(suffix))
    throw Object.assign(new Error("MP4 cannot be transparent"), { hint: "Choose WebM, GIF, MOV or PNG frames, or another background." });
}

/** The list of what can be fetched, kept up to date. */
export async function files(place, run, signal, fits) {
  const draw = async () => {
    const now = store.runs.get(run.id);
    if (!now) return;
    const sizes = await attempt(() => get(`/runs/${run.id}/files`));
    if (!sizes) return;
    const made = now.made.filter(fits);
    const others = now.made.filter((entry) => !fits(entry)).map((entry) => entry.file);
    const done = Object.entries(sizes).filter(([name]) => /\.(mp4|gif|webm|mov|zip)$/.test(name) && !others.includes(name));
    const busy = made.filter((entry) => entry.state !== "done");
    const own = fits.made ? done.filter(([name]) => made.some((entry) => entry.file === name)) : done;
    place.replaceChildren(...busy.map(pending), ...own.map(([name, size]) => link(run, name, size)));
  };
  let before = "";
  store.listen((kind, value) => {
    const now = JSON.stringify(store.runs.get(run.id)?.made);
    if ((kind === "run" && value.id === run.id && now !== before) || kind === "all") draw();
    before = now;
  }, signal);
  await draw();
}

export function pending(entry) {
  if (entry.state === "failed")
    return h("li", { class: "trouble" }, `${entry.file}: ${sentence(entry.message)} ${entry.hint ? sentence(entry.hint) : ""}`);
  return h("li", { role: "status" }, h("span", { class: "spinner" }), `${entry.file} is being made…`);
}

function link(run, name, size) {
  const address = `/api/runs/${run.id}/files/${encodeURIComponent(name)}`;
  return h(
    "li",
    {},
    h("a", { href: `${address}?download=true`, download: name }, name),
    h("span", { class: "help" }, bytes(size)),
    name.endsWith(".zip") ? null : h("a", { href: address, target: "_blank", rel: "noopener", class: "look" }, "Open", h("span", { class: "unseen" }, ` ${name}`)),
  );
}
