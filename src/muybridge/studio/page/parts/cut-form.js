// Less of a clip: from which frame to which, a part of the picture, another speed.

import { attempt, choice, field, h } from "../dom.js";
import * as store from "../net/store.js";
import { frameOf, image, post } from "../net/api.js";

const SPEEDS = [["0.25", "¼ speed"], ["0.5", "½ speed"], ["1", "As it is"], ["2", "Double speed"], ["4", "Four times as fast"]];

/** A folded form under a clip that was uploaded; it is made when it is opened. */
export function cutting(clip) {
  const place = h("div", { class: "cut" });
  const element = h("details", {}, h("summary", {}, "Trim, crop, speed"), place);
  element.ontoggle = () => element.open && !place.firstChild && place.append(...new Cutting(clip).parts());
  return element;
}

class Cutting {
  constructor(clip) {
    Object.assign(this, { clip, shown: 0, speed: 1, drawn: null });
    this.canvas = h("canvas", { class: "screen", width: clip.width, height: clip.height, role: "img", "aria-label": "The frame, with the part that is kept" });
    this.first = this.range("First frame", 0);
    this.last = this.range("Last frame", clip.frames - 1);
    this.box = h("input", { type: "text", class: "code", placeholder: `0,0,${clip.width},${clip.height}`, inputmode: "numeric", oninput: () => this.show() });
    this.pointer();
    this.show();
  }

  range(label, value) {
    const input = h("input", { type: "range", min: 0, max: this.clip.frames - 1, value });
    const number = h("output", { class: "help tabular" });
    const tell = () => {
      number.textContent = `${Number(input.value) + 1} of ${this.clip.frames}`;
      input.setAttribute("aria-valuetext", number.textContent);
    };
    input.oninput = () => {
      tell();
      this.show(Number(input.value));
    };
    tell();
    const element = field(label, input);
    element.append(number);
    return { input, element };
  }

  parts() {
    const cut = h("button", { class: "primary", type: "button", onclick: () => this.send({ ...this.wish() }, cut) }, "Cut it");
    const whole = h("button", { class: "quiet", type: "button", onclick: () => this.send({ whole: true }, whole) }, "Use the whole clip again");
    const speed = choice(SPEEDS, "1", (value) => (this.speed = Number(value)));
    return [
      this.canvas,
      h("div", { class: "fields" }, this.first.element, this.last.element),
      h("div", { class: "fields" }, field("Part of the picture", this.box, "Left, top, right, bottom in pixels; or draw it."), field("Speed", speed)),
      h("p", { class: "help" }, "The silhouettes are found again afterwards."),
      h("div", { class: "buttons" }, cut, this.clip.cut?.last !== undefined ? whole : null),
    ];
  }

  numbers() {
    const typed = this.box.value.trim();
    const box = typed ? typed.split(/[\s,]+/).map(Number) : null;
    return box && (box.length !== 4 || box.some((v) => !(v >= 0))) ? undefined : box;
  }

  wish() {
    return { first: Number(this.first.input.value), last: Number(this.last.input.value), box: this.numbers(), speed: this.speed };
  }

  send(wish, button) {
    return attempt(async () => {
      if (wish.box === undefined && !wish.whole) throw Object.assign(new Error("a part is four numbers"), { hint: "Left, top, right, bottom, in pixels." });
      if (wish.first > wish.last) throw Object.assign(new Error("the last frame is before the first one"), { hint: "Move one of the two." });
      store.learn("clip", await post(`/clips/${this.clip.id}/cut`, wish));
    }, button);
  }

  async show(frame = this.shown) {
    this.shown = frame;
    const picture = await image(frameOf(this.clip, frame)).catch(() => null);
    if (!picture || this.shown !== frame) return;
    const pen = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    pen.drawImage(picture, 0, 0, width, height);
    const box = this.numbers();
    if (!box) return;
    const [x0, y0, x1, y1] = box;
    // What is left out lies in the dark.
    pen.fillStyle = "rgba(12, 10, 9, 0.72)";
    pen.beginPath();
    pen.rect(0, 0, width, height);
    pen.rect(x0, y0, x1 - x0, y1 - y0);
    pen.fill("evenodd");
  }

  pointer() {
    let from = null;
    const at = (event) => {
      const place = this.canvas.getBoundingClientRect();
      const scale = Math.min(place.width / this.canvas.width, place.height / this.canvas.height);
      const x = (event.clientX - place.left - (place.width - this.canvas.width * scale) / 2) / scale;
      const y = (event.clientY - place.top - (place.height - this.canvas.height * scale) / 2) / scale;
      return [Math.min(this.canvas.width, Math.max(0, x)), Math.min(this.canvas.height, Math.max(0, y))].map(Math.round);
    };
    this.canvas.onpointerdown = (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      from = at(event);
    };
    this.canvas.onpointermove = (event) => {
      if (!from) return;
      const to = at(event);
      this.box.value = [Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[0], to[0]), Math.max(from[1], to[1])].join(",");
      this.show();
    };
    this.canvas.onpointerup = () => (from = null);
  }
}
