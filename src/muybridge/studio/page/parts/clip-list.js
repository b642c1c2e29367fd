// The clips that are here already: to be taken again, or deleted, those that failed too.

import { afresh, attempt, h, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { drop, frameOf } from "../net/api.js";

/** Delete a clip after a question; one that failed needs none. The studio says so where a run needs it. */
export function discard(clip) {
  const button = h("button", { class: "quiet", type: "button", "aria-label": `Delete ${clip.name}` }, "Delete");
  button.onclick = () => {
    if (clip.state === "failed" || confirm(`Delete ${clip.name}?`)) attempt(() => drop(`/clips/${clip.id}`), button);
  };
  return button;
}

/** What is wrong with a clip, with its name said once. */
export function troubleOf(clip) {
  const said = clip.message ?? "it cannot be used";
  return said.startsWith(clip.name) ? `${clip.name}${said.slice(clip.name.length)}`.replace(/[^.!?…]$/, "$&.") : `${clip.name}: ${sentence(said)}`;
}

/** A folded list of the clips that `fits` lets through; `taken` hears of the one that is chosen. */
export function here(fits, taken) {
  const title = h("summary", {});
  const list = h("ul", {});
  const element = h("details", { class: "here" }, title, list);
  let before = "";
  const renew = () => {
    const clips = [...store.clips.values()].filter(fits);
    const now = JSON.stringify(clips);
    if (now === before) return;
    before = now;
    element.hidden = !clips.length;
    title.textContent = `Or use one that is already here (${clips.length})`;
    afresh(list, () => list.replaceChildren(...clips.map((clip) => row(clip, taken))));
  };
  renew();
  return { element, renew };
}

function row(clip, taken) {
  if (!clip.frames)
    return h("li", {}, h("span", { class: "trouble" }, troubleOf(clip)), discard(clip));
  return h(
    "li",
    {},
    h("img", { src: frameOf(clip, 0, 48), alt: "", loading: "lazy" }),
    h("span", { class: "name" }, clip.name, h("span", { class: "help" }, clip.frames > 1 ? ` ${clip.frames} frames` : "")),
    h("button", { class: "plain", type: "button", "aria-label": `Use ${clip.name}`, onclick: () => taken(clip) }, "Use"),
    discard(clip),
  );
}
