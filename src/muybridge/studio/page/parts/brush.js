// A frame with its silhouette that is painted on: brush, eraser and box, with the pointer or the keyboard.

import { fit, h } from "../dom.js";
import { partAt, regionAt } from "./wand.js";

const TINT = "rgba(12, 10, 9, 0.72)";
const FILL = "rgba(46, 160, 120, 0.55)";
/** The frames' line below the picture has to be in the same window. */
const HIGH = "max(240px, 100vh - 262px)";
const WANDS = ["add", "take"];
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Brush {
  /** hooks: may() whether it can be painted on now, painted() after each change, boxed(box) with one that was drawn,
      parts() a promise of what the segmentation network sees on this frame, or of null. */
  constructor({ width, height }, hooks) {
    Object.assign(this, { hooks, tool: "brush", size: Math.round(width / 16), reach: 24, overlay: "shade", undone: [], cursor: null, box: null });
    /** How many strokes there are that only this page knows. */
    this.strokes = 0;
    this.mask = h("canvas", { width, height });
    this.shade = h("canvas", { width, height });
    this.canvas = h("canvas", {
      class: "paint",
      width,
      height,
      tabindex: 0,
      role: "application",
      "aria-roledescription": "painting",
      "aria-label": "The frame with its silhouette",
      "aria-describedby": "paint-keys",
    });
    fit(this.canvas, width, height, HIGH);
    this.pointer();
    this.canvas.onkeydown = (event) => this.key(event);
    this.canvas.onkeyup = (event) => {
      if (event.key === " ") this.held = false;
    };
    this.canvas.onblur = () => {
      this.held = false;
      this.move(null);
    };
  }

  /** Show a frame and its silhouette, white on black, or null; what was painted before is forgotten. */
  show(picture, mask) {
    this.picture = picture;
    this.undone = [];
    this.strokes = 0;
    const { width, height } = this.mask;
    const pen = this.mask.getContext("2d", { willReadFrequently: true });
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, width, height);
    if (mask) {
      pen.drawImage(mask, 0, 0, width, height);
      // White on black to white on nothing.
      const pixels = pen.getImageData(0, 0, width, height);
      for (let i = 0; i < pixels.data.length; i += 4) pixels.data[i + 3] = pixels.data[i];
      pen.putImageData(pixels, 0, 0);
    }
    this.draw();
  }

  /** So many times larger on the screen. */
  scale(times) {
    const { canvas } = this;
    // What it measures when it is not enlarged decides how large the window onto it stays.
    if (times > 1 && !canvas.parentElement.style.height) canvas.parentElement.style.height = `${canvas.offsetHeight}px`;
    if (times === 1) canvas.parentElement.style.height = "";
    if (times === 1) fit(canvas, canvas.width, canvas.height, HIGH);
    else canvas.style.width = `${(canvas.parentElement.offsetHeight * times * canvas.width) / canvas.height}px`;
  }

  draw() {
    if (!this.picture) return;
    const { width, height } = this.canvas;
    const pen = this.canvas.getContext("2d");
    const dark = this.shade.getContext("2d");
    dark.globalCompositeOperation = "source-over";
    dark.clearRect(0, 0, width, height);
    if (this.overlay === "outline") this.outline(dark);
    else {
      dark.fillStyle = this.overlay === "fill" ? FILL : TINT;
      dark.fillRect(0, 0, width, height);
      dark.globalCompositeOperation = this.overlay === "fill" ? "destination-in" : "destination-out";
      dark.drawImage(this.mask, 0, 0);
    }
    pen.drawImage(this.picture, 0, 0, width, height);
    pen.drawImage(this.shade, 0, 0);
    // Each line twice, so that it is seen on light and on dark.
    const thin = Math.max(0.5, width / 400);
    for (const [colour, wide] of [["#000", 3 * thin], [this.tool === "eraser" ? "#ff8a5c" : "#fff", thin]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = wide;
      pen.beginPath();
      if (this.box) pen.rect(this.box[0], this.box[1], this.box[2] - this.box[0], this.box[3] - this.box[1]);
      if (this.cursor && this.tool !== "box") {
        const round = WANDS.includes(this.tool) ? 4 * thin : this.size / 2;
        pen.moveTo(this.cursor[0] + round, this.cursor[1]);
        pen.arc(...this.cursor, round, 0, 7);
      }
      pen.stroke();
    }
  }

  /** The silhouette's edge alone: what the mask, moved by a line's width to each side, has beyond itself. */
  outline(pen) {
    const wide = Math.max(1, Math.round(this.canvas.width / 320));
    for (const [dx, dy] of [[wide, 0], [-wide, 0], [0, wide], [0, -wide]]) pen.drawImage(this.mask, dx, dy);
    pen.globalCompositeOperation = "destination-out";
    pen.drawImage(this.mask, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = "#ffd23e";
    pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Put the circle somewhere, or away. */
  move(cursor) {
    this.cursor = cursor;
    this.draw();
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
      if (event.button !== 0 || !this.hooks.may()) return;
      canvas.setPointerCapture(event.pointerId);
      last = place(event);
      if (this.tool === "box") this.box = [...last, ...last];
      else this.begin(last);
    };
    canvas.onpointermove = (event) => {
      const now = place(event);
      if (last && this.tool === "box") this.box = [this.box[0], this.box[1], ...now];
      else if (last) this.stroke(last, now);
      if (last) last = now;
      this.move(now);
    };
    canvas.onpointerup = canvas.onpointercancel = () => {
      if (last && this.tool === "box") this.boxed();
      last = null;
    };
    canvas.onpointerleave = () => this.move(null);
  }

  key(event) {
    const way = WAYS[event.key];
    const back = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey);
    if (back) this.undo();
    else if (this.tool !== "box" && event.key === " ") this.press(event.repeat);
    else if (this.tool !== "box" && way) this.walk(way, (event.shiftKey ? 2 : 0.25) * this.size);
    else return;
    event.preventDefault();
  }

  get place() {
    return this.cursor ?? [this.canvas.width / 2, this.canvas.height / 2];
  }

  press(repeated) {
    this.move(this.place);
    if (repeated || !this.hooks.may()) return;
    this.held = true;
    this.begin(this.place);
  }

  walk([dx, dy], by) {
    const [x, y] = this.place;
    const inside = (v, most) => Math.min(most, Math.max(0, v));
    const next = [inside(x + dx * by, this.canvas.width), inside(y + dy * by, this.canvas.height)];
    if (this.held) this.stroke([x, y], next);
    this.move(next);
  }

  boxed() {
    const [x0, y0, x1, y1] = this.box.map(Math.round);
    this.box = [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
    this.hooks.boxed(this.box);
    this.draw();
  }

  /** A new stroke, which can be taken back. */
  begin(at) {
    if (WANDS.includes(this.tool)) this.touch(at, this.tool === "add" ? 255 : 0);
    else {
      this.remember();
      this.stroke(at, at);
    }
  }

  /** What is there now can be had again. */
  remember() {
    const pen = this.mask.getContext("2d", { willReadFrequently: true });
    this.undone.push(pen.getImageData(0, 0, this.mask.width, this.mask.height));
    if (this.undone.length > 20) this.undone.shift();
    this.strokes += 1;
  }

  /** Add what the segmentation network sees at a place, or else what hangs together with it by its colour; or take it away. */
  async touch(at, value) {
    const { picture } = this;
    const { width, height } = this.mask;
    const parts = await this.hooks.parts();
    // It may show another frame by now.
    if (this.picture !== picture) return;
    const [x, y] = at.map((v, axis) => Math.min([width, height][axis] - 1, Math.max(0, Math.floor(v))));
    const found = (parts && partAt(this.read(parts), x, y)) ?? regionAt(this.read(picture), x, y, this.reach);
    this.remember();
    const pen = this.mask.getContext("2d", { willReadFrequently: true });
    const pixels = pen.getImageData(0, 0, width, height);
    for (let i = 0; i < found.length; i += 1) if (found[i]) pixels.data.fill(value, 4 * i, 4 * i + 4);
    pen.putImageData(pixels, 0, 0);
    this.draw();
    this.hooks.painted();
  }

  /** The pixels of a picture at the frame's size. */
  read(picture) {
    const { width, height } = this.mask;
    const pen = h("canvas", { width, height }).getContext("2d");
    pen.drawImage(picture, 0, 0, width, height);
    return pen.getImageData(0, 0, width, height);
  }

  stroke(from, to) {
    // A click is all that they take.
    if (WANDS.includes(this.tool)) return;
    const pen = this.mask.getContext("2d");
    pen.globalCompositeOperation = this.tool === "brush" ? "source-over" : "destination-out";
    pen.strokeStyle = "#fff";
    pen.lineCap = "round";
    pen.lineWidth = this.size;
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(to[0] + 0.01, to[1]);
    pen.stroke();
    this.draw();
    this.hooks.painted();
  }

  undo() {
    const before = this.hooks.may() && this.undone.pop();
    if (!before) return;
    this.mask.getContext("2d").putImageData(before, 0, 0);
    this.strokes = Math.max(0, this.strokes - 1);
    this.draw();
    this.hooks.painted();
  }

  /** The silhouette as a picture, white on black. */
  png() {
    const { width, height } = this.mask;
    const flat = h("canvas", { width, height });
    const pen = flat.getContext("2d");
    pen.fillRect(0, 0, width, height);
    pen.drawImage(this.mask, 0, 0);
    return new Promise((done) => flat.toBlob(done, "image/png"));
  }
}
