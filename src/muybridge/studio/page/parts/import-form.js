// A checkpoint of the authors' program becomes a run.

import { attempt, bytes, field, h } from "../dom.js";
import * as store from "../net/store.js";
import { post, refuseLarge, send } from "../net/api.js";

/** A folded form: the file, the YAML of its options where there is one, and a name. */
export function importing() {
  const file = h("input", { type: "file", accept: ".pth,.tar,.pt,.ckpt" });
  const options = h("input", { type: "file", accept: ".yaml,.yml" });
  const name = h("input", { type: "text", maxlength: 80 });
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload of the checkpoint" });
  const go = h("button", { class: "plain", type: "button", disabled: true }, "Import it");
  file.onchange = () => (go.disabled = !file.files.length);
  go.onclick = () =>
    attempt(async () => {
      await sent(file.files[0], options.files[0], name.value, bar);
      for (const input of [file, options, name]) input.value = "";
    }, go).finally(() => {
      bar.hidden = true;
      go.disabled = !file.files.length;
    });
  return h(
    "details",
    {},
    h("summary", {}, "Import a checkpoint"),
    h(
      "p",
      { class: "help" },
      "A checkpoint written by the authors' programs (Monkey-Net, FOMM or articulated animation), with its YAML if you have it. Only its weights are read; nothing in it is run.",
    ),
    h(
      "div",
      { class: "fields" },
      field("Checkpoint", file, `Usually .pth.tar; up to ${bytes(store.about.limits.checkpoint_bytes)}.`),
      field("Options (YAML), if there are any", options),
      field("Name of this run", name),
    ),
    bar,
    h("div", { class: "buttons" }, go),
  );
}

async function sent(file, options, name, bar) {
  refuseLarge(file, store.about.limits.checkpoint_bytes);
  if (options && options.size > 100_000)
    throw Object.assign(new Error(`${options.name} is too large for a YAML of options`), { hint: "Choose the YAML that the program was started with." });
  const config = options ? await options.text() : "";
  const model = await post("/models", { name: name.trim().slice(0, 80), file: file.name.slice(-200), config });
  store.learn("model", { ...model, made_by: "import" });
  bar.hidden = false;
  const now = await send("PUT", `/models/${model.id}/checkpoint`, file, (share) => (bar.value = share));
  // The events may have told more by now.
  if (store.models.get(model.id)?.state === "uploading") store.learn("model", { ...now, made_by: "import" });
}
