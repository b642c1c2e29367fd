// Videos of the studio to be ticked, with a small picture each.

import { h } from "../dom.js";
import { frameOf } from "../net/api.js";

/** One of them; `chosen` is the set of numbers that are ticked, `changed` hears of each tick. */
export function clipChip(clip, chosen, changed) {
  const input = h("input", { type: "checkbox", checked: chosen.has(clip.id) });
  input.onchange = () => {
    if (input.checked) chosen.add(clip.id);
    else chosen.delete(clip.id);
    changed();
  };
  return h("label", { class: "chip" }, input, h("img", { src: frameOf(clip, 0, 48), alt: "", loading: "lazy" }), clip.name);
}
