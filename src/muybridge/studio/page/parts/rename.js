// A title that can be written anew in its place.

import { attempt, h } from "../dom.js";
import { ask } from "../net/api.js";
import * as store from "../net/store.js";

/** A heading with a button that makes a field of it. `kind` is what the store calls it, `path` where it is kept. */
export function renamable(name, kind, path) {
  const place = h("div", { class: "title" });
  const show = () => {
    const button = h("button", { class: "quiet", type: "button", onclick: edit }, "Rename");
    place.replaceChildren(h("h1", {}, name), button);
    return button;
  };
  const edit = () => {
    const field = h("input", { type: "text", maxlength: 80, value: name, "aria-label": "Name" });
    const keep = h("button", { class: "primary", type: "submit" }, "Keep");
    const form = h("form", { class: "title" }, field, keep);
    form.onsubmit = (event) => {
      event.preventDefault();
      if (field.value.trim()) attempt(async () => store.learn(kind, await ask("PATCH", path, { name: field.value })), keep);
    };
    form.onkeydown = (event) => event.key === "Escape" && show().focus();
    place.replaceChildren(form);
    field.select();
  };
  show();
  return place;
}
