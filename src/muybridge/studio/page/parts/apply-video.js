// A third video of one of the two subjects drives the other; what comes of it is played beside it.

import { attempt, choice, field, h, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { post } from "../net/api.js";
import { pending } from "./run-files.js";
import { Slot } from "./clip-slot.js";
import { drawFrame } from "./filmstrip.js";

export function third(run, signal, look) {
  const shown = h("div", {});
  let clip = null;
  let side = "a";
  let file = null;
  const go = h("button", { class: "primary" }, "Move it like this");
  const held = () => (clip ? (store.clips.get(clip) ?? null) : null);
  const taken = (chosen) => {
    clip = chosen?.id ?? null;
    ready();
  };
  const ready = () => (go.disabled = held()?.state !== "ready");
  const slot = new Slot("third", "A third video of either subject", signal, { held, taken, alone: true });
  go.onclick = () =>
    attempt(async () => {
      const suffix = look.background === "transparent" ? "webm" : "mp4";
      const wish = { side, suffix, background: look.background, affine: look.affine, driving: clip };
      file = (await post(`/runs/${run.id}/renders`, wish)).file;
      watch();
    }, go);
  let before = "";
  const watch = () => {
    const entry = store.runs.get(run.id)?.made.find((made) => made.file === file);
    const now = JSON.stringify(entry);
    if (!entry || now === before) return;
    before = now;
    if (entry.state === "done") shown.replaceChildren(...duo(run, entry, signal));
    else shown.replaceChildren(h("ul", { class: "files" }, pending(entry)));
  };
  const subjects = run.names.map((name, i) => ["ab"[i], name]);
  store.listen((kind, value) => {
    if (kind !== "progress") ready();
    if (file && ((kind === "run" && value.id === run.id) || kind === "all")) watch();
  }, signal);
  ready();
  return h(
    "details",
    { class: "panel" },
    h("summary", {}, "Apply it to another video"),
    h("p", { class: "help" }, "The run knows its two subjects. A new video of either can drive the other."),
    h("div", { class: "third" }, slot.element),
    h("div", { class: "fields" }, field("Who moves", choice(subjects, side, (v) => (side = v))), h("div", { class: "field end" }, go)),
    shown,
  );
}

/** The result with the browser's own controls, and its driving clip, which shows the frame of the same time. */
function duo(run, entry, signal) {
  const clip = store.clips.get(entry.asked.driving);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const video = h("video", {
    src: `/api/runs/${run.id}/files/${encodeURIComponent(entry.file)}`,
    controls: true,
    loop: true,
    muted: true,
    playsInline: true,
    autoplay: !still,
    class: entry.asked.background === "transparent" ? "screen checks" : "screen",
    "aria-label": entry.label,
  });
  const driving = h("canvas", { class: "screen", width: 16, height: 16, "aria-hidden": "true" });
  let drawn = -1;
  const follow = async () => {
    if (signal.aborted || !clip || (drawn >= 0 && !video.isConnected)) return;
    const now = Math.min(clip.frames - 1, Math.floor(video.currentTime * clip.rate + 1e-3));
    if (now !== drawn) await drawFrame(driving, clip, now, 360, 0).catch(() => {});
    drawn = now;
    requestAnimationFrame(follow);
  };
  requestAnimationFrame(follow);
  const half = (screen, role, name) => h("figure", {}, screen, h("figcaption", {}, h("span", { class: "role" }, role), name));
  return [
    h("div", { class: "duo" }, clip ? half(driving, "driving", clip.name) : null, half(video, "result", entry.file)),
    ...entry.notes.map((note) => h("p", { class: "help" }, sentence(note))),
  ];
}
