// Silhouettes put right by hand: a box, then brush and eraser on one frame, carried to the others, played.

import { attempt, field, fit, h, notice, sentence } from "./dom.js";
import * as store from "./store.js";
import { ask, frameOf, image, maskOf, post } from "./talk.js";
import { silhouettesOf } from "./slot.js";

const TOOLS = { brush: "Brush", eraser: "Eraser", box: "Box" };
const TINT = "rgba(12, 10, 9, 0.72)";

export function paintView(main, signal, id) {
  const clip = store.clips.get(id);
  if (!clip?.frames) {
    main.append(h("p", { class: "empty" }, "This clip is not here any more. ", h("a", { href: "#/" }, "Back to the start"), "."));
    return;
  }
  new Painting(main, signal, clip);
}

class Painting {
  constructor(main, signal, clip) {
    Object.assign(this, { clip, signal, frame: 0, tool: "brush", size: Math.round(clip.width / 16), changed: false });
    this.mask = h("canvas", { width: clip.width, height: clip.height });
    this.canvas = h("canvas", {
      class: "paint",
      width: clip.width,
      height: clip.height,
      tabindex: 0,
      role: "img",
      "aria-label": "The frame with its silhouette. Draw with the pointer; with the keyboard, give a box below.",
    });
    fit(this.canvas, clip.width, clip.height);
    this.cursor = null;
    this.box = null;
    this.undone = [];
    main.append(h("p", {}, h("a", { href: "#/" }, "← Back to the pair")), h("h1", {}, `Silhouettes of ${clip.name}`));
    this.status = h("p", { class: "lead", role: "status" });
    main.append(
      this.status,
      h("div", { class: "painting" }, h("div", { class: "screen wide" }, this.canvas), this.tools()),
      this.timeline(),
    );
    this.pointer();
    this.tell();
    this.show(0);
    store.listen((kind, value) => {
      if (kind === "clip" && value.id === clip.id) this.renewed(value);
      if (kind === "all") this.renewed(store.clips.get(clip.id));
    }, signal);
    signal.addEventListener("abort", () => clearInterval(this.playing));
  }

  tools() {
    const tools = Object.entries(TOOLS).map(([name, text]) => {
      const input = h("input", { type: "radio", name: "tool", value: name, checked: name === this.tool });
      input.onchange = () => {
        this.tool = name;
        if (name === "box") this.show(0);
      };
      return h("label", { class: "chip" }, input, text);
    });
    const size = h("input", { type: "range", min: 2, max: Math.round(this.clip.width / 4), value: this.size });
    size.oninput = () => (this.size = Number(size.value));
    this.save = h("button", { class: "primary", disabled: true, onclick: () => this.propagate() }, "Carry to the other frames");
    this.back = h("button", { class: "plain", disabled: true, onclick: () => this.undo() }, "Undo the last stroke");
    this.numbers = h("input", { type: "text", class: "code", placeholder: "40,60,300,280", inputmode: "numeric" });
    this.look = h("button", { class: "plain", onclick: () => this.find() }, "Find it in the box");
    const anew = h("button", { class: "quiet", onclick: () => this.find(true) }, "Find anew without a hint");
    return h(
      "div",
      { class: "tools panel" },
      h("fieldset", { class: "chips" }, h("legend", {}, "Tool"), tools),
      field("Size", size),
      this.save,
      this.back,
      h("hr"),
      field("Box round the subject, on the first frame", this.numbers, "left, top, right, bottom in pixels; or draw it."),
      h("div", { class: "buttons" }, this.look, anew),
    );
  }

  timeline() {
    this.slider = h("input", { type: "range", min: 0, max: this.clip.frames - 1, value: 0, "aria-label": "Frame" });
    this.slider.oninput = () => this.leave(() => this.show(Number(this.slider.value)));
    this.number = h("output", { class: "tabular" });
    this.play = h("button", { class: "plain", onclick: () => this.toggle() }, "Play");
    return h("div", { class: "timeline" }, this.play, this.slider, this.number);
  }

  tell() {
    const { clip } = this;
    const busy = clip.state === "reading" || clip.state === "finding";
    const words = busy ? "Working on it: the silhouettes are being found…" : silhouettesOf(clip);
    const more = clip.state === "ready" && !clip.message ? [...(clip.warnings ?? [])].map(sentence).join(" ") : "";
    this.status.replaceChildren(busy ? h("span", { class: "spinner" }) : "", words, " ", more || (busy ? "" : "Step through the frames; where one is wrong, paint it right."));
    this.look.disabled = busy;
    this.save.disabled = busy || !this.changed;
  }

  renewed(clip) {
    if (!clip) return;
    const done = this.clip.state === "finding" && clip.state !== "finding";
    this.clip = clip;
    this.tell();
    if (!done) return;
    if (clip.message) notice(clip.message, clip.hint);
    else notice("the silhouettes are renewed on all frames", "Play them to see.", "good");
    this.changed = false;
    this.show(this.frame);
  }

  /** Leave a frame; what was painted and not carried is asked about. */
  leave(then) {
    if (this.changed && !confirm("What you painted on this frame has not been carried to the others. Leave it?")) {
      this.slider.value = this.frame;
      return;
    }
    this.changed = false;
    then();
  }

  async show(frame) {
    this.frame = frame;
    this.slider.value = frame;
    this.number.textContent = `${frame + 1} of ${this.clip.frames}`;
    this.undone = [];
    this.back.disabled = true;
    const { clip } = this;
    try {
      const [picture, mask] = await Promise.all([
        image(frameOf(clip, frame)),
        clip.version > 0 ? image(maskOf(clip, frame)) : null,
      ]);
      if (this.frame !== frame) return;
      this.picture = picture;
      this.take(mask);
      this.draw();
    } catch (error) {
      notice(error.message, error.hint);
    }
    this.tell();
  }

  /** White on black to white on nothing. */
  take(mask) {
    const pen = this.mask.getContext("2d", { willReadFrequently: true });
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, this.mask.width, this.mask.height);
    if (!mask) return;
    pen.drawImage(mask, 0, 0, this.mask.width, this.mask.height);
    const pixels = pen.getImageData(0, 0, this.mask.width, this.mask.height);
    for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
    pen.putImageData(pixels, 0, 0);
  }

  draw() {
    const { width, height } = this.canvas;
    const pen = this.canvas.getContext("2d");
    const shade = (this.shade ??= h("canvas", { width, height }));
    const dark = shade.getContext("2d");
    dark.globalCompositeOperation = "source-over";
    dark.clearRect(0, 0, width, height);
    dark.fillStyle = TINT;
    dark.fillRect(0, 0, width, height);
    dark.globalCompositeOperation = "destination-out";
    dark.drawImage(this.mask, 0, 0);
    pen.drawImage(this.picture, 0, 0, width, height);
    pen.drawImage(shade, 0, 0);
    if (this.box) {
      pen.strokeStyle = "#ffb38f";
      pen.lineWidth = Math.max(2, width / 200);
      const [x0, y0, x1, y1] = this.box;
      pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
    if (this.cursor && this.tool !== "box") {
      pen.strokeStyle = this.tool === "brush" ? "#fff" : "#ff8a5c";
      pen.lineWidth = Math.max(1, width / 400);
      pen.beginPath();
      pen.arc(...this.cursor, this.size / 2, 0, 7);
      pen.stroke();
    }
  }

  pointer() {
    const { canvas } = this;
    const place = (event) => {
      const area = canvas.getBoundingClientRect();
      return [
        ((event.clientX - area.left) / area.width) * canvas.width,
        ((event.clientY - area.top) / area.height) * canvas.height,
      ];
    };
    let last = null;
    canvas.onpointerdown = (event) => {
      if (this.clip.state === "finding" || !this.picture) return;
      canvas.setPointerCapture(event.pointerId);
      last = place(event);
      if (this.tool === "box") this.box = [...last, ...last];
      else {
        this.remember();
        this.stroke(last, last);
      }
    };
    canvas.onpointermove = (event) => {
      const now = place(event);
      this.cursor = now;
      if (last && this.tool === "box") this.box = [this.box[0], this.box[1], ...now];
      else if (last) this.stroke(last, now);
      if (last) last = now;
      if (this.picture) this.draw();
    };
    canvas.onpointerup = canvas.onpointercancel = () => {
      if (last && this.tool === "box") this.boxed();
      last = null;
    };
    canvas.onpointerleave = () => {
      this.cursor = null;
      if (this.picture) this.draw();
    };
  }

  boxed() {
    const [x0, y0, x1, y1] = this.box.map(Math.round);
    this.box = [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
    this.numbers.value = this.box.join(",");
    this.draw();
  }

  stroke(from, to) {
    const pen = this.mask.getContext("2d");
    pen.globalCompositeOperation = this.tool === "brush" ? "source-over" : "destination-out";
    pen.strokeStyle = "#fff";
    pen.lineCap = "round";
    pen.lineWidth = this.size;
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
    this.changed = true;
    this.save.disabled = false;
    this.draw();
  }

  remember() {
    const pen = this.mask.getContext("2d", { willReadFrequently: true });
    this.undone.push(pen.getImageData(0, 0, this.mask.width, this.mask.height));
    if (this.undone.length > 20) this.undone.shift();
    this.back.disabled = false;
  }

  undo() {
    const before = this.undone.pop();
    if (!before) return;
    const pen = this.mask.getContext("2d");
    pen.putImageData(before, 0, 0);
    this.back.disabled = !this.undone.length;
    this.draw();
  }

  propagate() {
    const { width, height } = this.mask;
    const flat = h("canvas", { width, height });
    const pen = flat.getContext("2d");
    pen.fillRect(0, 0, width, height);
    pen.drawImage(this.mask, 0, 0);
    attempt(async () => {
      const picture = await new Promise((done) => flat.toBlob(done, "image/png"));
      store.learn("clip", await ask("PUT", `/clips/${this.clip.id}/silhouettes/${this.frame}`, picture));
    }, this.save);
  }

  find(without = false) {
    attempt(async () => {
      const typed = this.numbers.value.trim();
      const box = without || !typed ? null : typed.split(/[\s,]+/).map(Number);
      if (box && (box.length !== 4 || box.some(Number.isNaN)))
        throw Object.assign(new Error("a box is four numbers"), { hint: "Left, top, right, bottom, in pixels." });
      if (!without && !box)
        throw Object.assign(new Error("there is no box yet"), { hint: "Draw one on the first frame, or type it." });
      store.learn("clip", await post(`/clips/${this.clip.id}/silhouettes`, { box }));
      this.box = null;
    }, this.look);
  }

  toggle() {
    if (this.playing) {
      clearInterval(this.playing);
      this.playing = null;
      this.play.textContent = "Play";
      return;
    }
    this.leave(() => {
      this.play.textContent = "Pause";
      this.playing = setInterval(() => this.show((this.frame + 1) % this.clip.frames), 1000 / Math.min(25, this.clip.rate));
    });
  }
}
