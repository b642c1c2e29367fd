// What is being done for a clip: what it waits for, how long it still takes, and a first look at its subject.

import { duration, h, notice } from "../dom.js";
import * as store from "../net/store.js";

const WORK = { uploading: "Uploading", reading: "Reading the video", finding: "Finding the silhouettes" };
const SOON = 5;
/** Seconds; what was done sooner needs no notice. */

/** The clips that one waits for: those that a worker has, and that want the same. */
export function waitsFor(clip) {
  if (!clip?.waits) return "";
  const before = [...store.clips.values()].filter((other) => other.id !== clip.id && other.state === clip.state && !other.waits);
  return before.map((other) => other.name).join(" and ") || "others";
}

/** Words, a bar, and what is left, which counts down by itself. */
export function work(clip) {
  const waiting = waitsFor(clip);
  const words = waiting ? `waiting for ${waiting}` : `${WORK[clip.state].toLowerCase()}…`;
  const said = h("p", { role: "status" }, h("span", { class: "spinner" }), `${clip.name}: ${words}`);
  if (clip.state !== "finding" || waiting || !clip.began) return [said];
  const bar = h("progress", { max: 1, "aria-label": `Silhouettes of ${clip.name}` });
  const left = h("span", { class: "help tabular" });
  const begun = Date.parse(clip.began);
  let seen = false;
  const tick = () => {
    // Drawn anew, it has another bar.
    if (seen && !bar.isConnected) return;
    seen = bar.isConnected;
    if (clip.expected) {
      const passed = Math.max(0, Date.now() - begun) / 1000;
      bar.value = Math.min(0.97, passed / clip.expected);
      left.textContent = passed < clip.expected ? `About ${duration(clip.expected - passed)} left.` : "Nearly done.";
    }
    setTimeout(tick, 500);
  };
  tick();
  return [said, h("div", { class: "left" }, bar, left)];
}

/** The few frames on which the subject was looked for first, or before that the first frame alone, where nothing else
    is `seen` of the clip; null where there are none. */
export function glance(clip, seen) {
  if (!clip.glance || clip.version) return null;
  const of = clip.glance.length;
  if (of === 1) return seen ? null : h("img", { class: "screen", src: `/api/clips/${clip.id}/glance/0?of=1`, alt: `The first frame of ${clip.name}` });
  const cells = clip.glance.map((number, i) =>
    h(
      "div",
      { class: "cell" },
      h("img", { src: `/api/clips/${clip.id}/glance/${i}?of=${of}`, alt: "" }),
      h("span", { class: "number", "aria-hidden": "true" }, String(number + 1)),
    ),
  );
  return h(
    "figure",
    {},
    h("div", { class: "strip", role: "img", "aria-label": `The subject of ${clip.name} as seen at a first look, on ${cells.length} frames` }, cells),
    h("figcaption", { class: "help" }, "A first look: is the bright part the subject? ", clip.frames ? h("a", { href: `#/clip/${clip.id}` }, "No, show where it is") : null),
  );
}

/** Say when silhouettes that took a while are there; whoever looks at them sees it anyway. */
export function announce() {
  const before = new Map();
  store.listen((kind, clip) => {
    if (kind !== "clip") return;
    const was = before.get(clip.id);
    before.set(clip.id, clip);
    const done = was?.state === "finding" && was.version === 0 && clip.state === "ready" && clip.version === 1;
    if (!done || location.hash === `#/clip/${clip.id}` || Date.now() - Date.parse(was.began) < 1000 * SOON) return;
    notice(`the silhouettes of ${clip.name} are found`, "Check that they are right.", "good");
  });
}
