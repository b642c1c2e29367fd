// One of the two places for a subject: drop, choose, look, correct.

import { attempt, h, notice, sentence } from "./dom.js";
import * as store from "./store.js";
import { post, upload } from "./talk.js";
import { running, strip } from "./strip.js";

/** What a clip is wanted for: which of those that are here will do, and what the place says. */
const VIDEO = "video/*,image/gif,image/png,image/webp,.mkv,.mov,.webm";
const USES = {
  pair: {
    accept: VIDEO,
    big: "Drop a video or GIF here",
    help: () => `A few seconds are best; up to ${store.about.limits.frames} frames are used.`,
    fits: (clip) => clip.use !== "picture" && (clip.state === "ready" || !clip.version),
  },
  driving: {
    accept: VIDEO,
    big: "Drop a video or GIF here",
    help: () => `It gives the motion; up to ${store.about.limits.frames} frames are used.`,
    fits: (clip) => clip.use !== "picture",
  },
  picture: {
    accept: `image/*,${VIDEO}`,
    big: "Drop a picture here",
    help: () => "Of a video, the first frame is taken.",
    fits: (clip) => clip.use === "picture",
  },
};

/** Whether a clip can be used: a pair needs silhouettes, everything else the frames alone. */
export const usable = (clip, use = "pair") =>
  use === "pair" ? clip?.state === "ready" : Boolean(clip?.frames) && !["uploading", "reading"].includes(clip.state);

/** A place for a clip. `side` names it in the pair; `taken` is told of a chosen clip instead, where it is given. */
export function slot(side, title, clip, signal, taken = (chosen) => store.pair.set(side, chosen), use = "pair") {
  const made = h("section", { class: "slot", "aria-label": title });
  if (clip === null) made.append(h("h2", {}, title), empty(side, taken, use));
  else if (usable(clip, use)) made.append(...filled(title, clip, signal, taken, use));
  else made.append(h("h2", {}, title), waiting(clip, taken));
  return made;
}

function empty(side, taken, use) {
  const file = h("input", {
    type: "file",
    id: `file-${side}`,
    class: "file",
    accept: USES[use].accept,
    onchange: () => file.files[0] && send(file.files[0]),
  });
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
  const label = h(
    "label",
    { for: file.id, class: "drop" },
    h("span", { class: "big" }, USES[use].big),
    h("span", {}, "or ", h("u", {}, "choose a file")),
    h("span", { class: "help" }, USES[use].help()),
    bar,
  );
  const send = (chosen) =>
    attempt(async () => {
      bar.hidden = false;
      try {
        const clip = await upload(chosen, (share) => (bar.value = share), use);
        store.learn("clip", clip);
        taken(clip);
      } finally {
        bar.hidden = true;
        file.value = "";
      }
    });
  label.ondragover = (event) => {
    event.preventDefault();
    label.classList.add("over");
  };
  label.ondragleave = () => label.classList.remove("over");
  label.ondrop = (event) => {
    event.preventDefault();
    label.classList.remove("over");
    const [chosen] = event.dataTransfer.files;
    if (chosen) send(chosen);
    else notice("what was dropped is no file", "Drop a video or a GIF.");
  };
  return h("div", { class: "empty-slot" }, file, label, earlier(taken, use));
}

function earlier(taken, use) {
  const ready = [...store.clips.values()].filter((clip) => usable(clip, "driving") && USES[use].fits(clip));
  if (!ready.length) return null;
  const take = (clip) => {
    taken(clip);
    // It was uploaded where its frames were enough.
    if (use === "pair" && !clip.version)
      attempt(async () => store.learn("clip", await post(`/clips/${clip.id}/silhouettes`, {})));
  };
  const select = h(
    "select",
    { "aria-label": "Those that are here already", onchange: () => take(store.clips.get(select.value)) },
    h("option", { value: "" }, "or take one that is here already…"),
    ready.map((clip) =>
      h("option", { value: clip.id }, use === "picture" ? clip.name : `${clip.name} (${clip.frames} frames)`),
    ),
  );
  return select;
}

function waiting(clip, taken) {
  const other = h("button", { class: "plain", onclick: () => taken(null) }, "Take another video");
  if (clip.state === "failed")
    return h(
      "div",
      { class: "trouble" },
      h("p", {}, h("strong", {}, `${clip.name}: ${clip.message ? sentence(clip.message) : "It cannot be used."}`)),
      clip.hint ? h("p", {}, sentence(clip.hint)) : null,
      h(
        "div",
        { class: "buttons" },
        clip.frames ? h("a", { class: "button", href: `#/clip/${clip.id}` }, "Show it where the subject is") : null,
        other,
      ),
    );
  const words = { uploading: "Uploading…", reading: "Reading the video…", finding: "Finding the silhouettes…" }[clip.state];
  return h("div", { class: "busy", role: "status" }, h("span", { class: "spinner" }), `${clip.name}: ${words}`);
}

function filled(title, clip, signal, taken, use) {
  const size = `${clip.width} × ${clip.height} px`;
  const facts = use === "picture" ? size : `${clip.frames} frames, ${size}, ${clip.seconds.toFixed(1)} s`;
  const dim = use === "pair" ? 0.72 : 0;
  const notes = [...(clip.notes ?? []), ...(clip.warnings ?? [])];
  return [
    h("h2", {}, h("span", { class: "role" }, title), h("span", { class: "name" }, clip.name)),
    h("div", { class: "screen" }, running(clip, 300, signal, dim && 0.55)),
    use === "picture" ? null : strip(clip, 6, dim),
    h("p", { class: "help" }, facts, ". ", use === "pair" ? silhouettesOf(clip) : ""),
    notes.length ? h("ul", { class: "notes" }, notes.map((note) => h("li", {}, sentence(note)))) : null,
    h(
      "div",
      { class: "buttons" },
      use === "pair" ? h("a", { class: "button plain", href: `#/clip/${clip.id}` }, "Check the silhouettes") : null,
      h("button", { class: "quiet", onclick: () => taken(null) }, "Take another"),
    ),
  ].filter(Boolean);
}

export function silhouettesOf(clip) {
  const ways = {
    given: "The silhouettes came with it.",
    alpha: "The silhouettes are its own transparency.",
    threshold: "Silhouettes found against its flat background.",
    grabcut: "Silhouettes found by colour and movement.",
    saliency: "Silhouettes found by the saliency network.",
    corrected: "Silhouettes corrected by hand.",
  };
  return ways[clip.how] ?? "";
}
