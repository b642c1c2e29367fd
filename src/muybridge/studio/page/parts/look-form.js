// How a result looks: its background, and whose turn, size and place it has.

import { choice, field, h } from "../dom.js";

/** Controls for background and, where there is one, affine map; `changed` hears of each change. */
export function lookControls(look, mapped, changed) {
  const set = (name, value) => {
    look[name] = value;
    changed();
  };
  const colour = h("input", { type: "color", value: "#2f6f6b", "aria-label": "Own colour" });
  colour.hidden = true;
  colour.oninput = () => set("background", colour.value);
  const backgrounds = [
    ["contrast", "A contrasting grey"],
    ["black", "Black"],
    ["white", "White"],
    ["source", "The subject's own"],
    ["transparent", "Transparent"],
    ["own", "A colour…"],
  ];
  const background = choice(backgrounds, look.background, (value) => {
    colour.hidden = value !== "own";
    set("background", value === "own" ? colour.value : value);
  });
  const affine = choice([["with", "Its own"], ["without", "The other's"]], "with", (v) => set("affine", v === "with"));
  return h(
    "div",
    { class: "fields" },
    h("div", {}, field("Background", background), colour),
    mapped ? field("Turn, size and place", affine, "“Its own” keeps how the subject itself is turned, how large it is and where it is. “The other's” takes that from the driving clip.") : null,
  );
}
