// What state an animation is in, the ways in which a picture moves, and the button that deletes one.

import { attempt, h } from "../dom.js";
import { drop } from "../net/api.js";

export const WAYS = {
  relative: "Its own pose, moved as the video moves",
  standard: "The video's pose as it is",
  avd: "The video's pose, in the picture's own shape",
};
export const STATES = { queued: "waiting its turn", making: "being made", done: "made", failed: "could not be made" };

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
