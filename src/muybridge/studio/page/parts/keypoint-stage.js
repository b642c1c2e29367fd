// A frame with its keypoints as dots: take one or several, drag, nudge.

import { h } from "../dom.js";

const COLOURS = 12;
const inside = (share) => Math.min(1, Math.max(0, share));

export class Stage {
  /** hooks: begin(), moved(which, dx, dy, stamp), ended(), chosen(); the frame spans 2 in each direction.
      picture: what the dots lie on, unless it is an image that `show` is told of. */
  constructor(count, size, hooks, picture = h("img", { alt: "", draggable: "false" })) {
    Object.assign(this, { size, hooks, picked: new Set(), places: [] });
    this.picture = picture;
    this.area = h("div", { class: "marquee", hidden: true });
    this.dots = [...Array(count).keys()].map((i) => this.dot(i));
    this.element = h("div", { class: "stage", role: "group", tabindex: "-1", "aria-label": "The frame with its keypoints" }, this.picture, this.dots, this.area);
    this.element.onpointerdown = (event) => this.down(event);
    this.element.onkeydown = (event) => this.key(event);
  }

  dot(i) {
    const made = h("button", { class: `dot c${i % COLOURS}`, type: "button", "aria-pressed": "false", "data-point": String(i) }, h("span", {}, String(i)));
    // Space and Enter choose; pointers are heard by the stage.
    made.onclick = (event) => event.detail === 0 && this.toggle(i, true);
    return made;
  }

  show(address, words) {
    if (this.picture.getAttribute("src") !== address) this.picture.src = address;
    this.picture.alt = words;
  }

  /** Put the dots where they belong: [[x, y], …] in [-1, 1], the centres of the corner pixels. */
  place(points) {
    this.places = points;
    const [height, width] = this.size;
    points.forEach(([x, y], i) => {
      const dot = this.dots[i];
      const left = (((x + 1) / 2) * (width - 1) + 0.5) / width;
      const top = (((y + 1) / 2) * (height - 1) + 0.5) / height;
      // One that lies outside waits at the border, where it can be taken hold of.
      dot.style.left = `${inside(left) * 100}%`;
      dot.style.top = `${inside(top) * 100}%`;
      dot.classList.toggle("outside", left !== inside(left) || top !== inside(top));
      dot.setAttribute("aria-label", `Keypoint ${i}, at ${x.toFixed(2)}, ${y.toFixed(2)}`);
    });
  }

  pick(which) {
    this.picked = new Set(which);
    this.dots.forEach((dot, i) => dot.setAttribute("aria-pressed", String(this.picked.has(i))));
    this.hooks.chosen(this.picked);
  }

  toggle(i, alone = false) {
    const next = new Set(this.picked);
    if (!next.delete(i)) next.add(i);
    this.pick(alone && !this.picked.has(i) && next.size === 1 ? [i] : next);
  }

  /** A way in pixels of the screen, as the frame measures it. */
  way(dx, dy) {
    // Of the stage, which has its size before the picture is there.
    const area = this.element.getBoundingClientRect();
    const [height, width] = this.size;
    return [((dx / area.width) * 2 * width) / (width - 1), ((dy / area.height) * 2 * height) / (height - 1)];
  }

  down(event) {
    if (event.button !== 0) return;
    const dot = event.target.closest(".dot");
    event.preventDefault();
    if (!dot) {
      // Arrow keys move what a rectangle chooses.
      this.element.focus({ preventScroll: true });
      this.sweep(event);
      return;
    }
    const i = Number(dot.dataset.point);
    dot.focus();
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      this.toggle(i);
      return;
    }
    if (!this.picked.has(i)) this.pick([i]);
    this.drag(event);
  }

  drag(event) {
    let [x, y] = [event.clientX, event.clientY];
    let begun = false;
    const move = (next) => {
      if (next.clientX === x && next.clientY === y) return;
      if (!begun) this.hooks.begin();
      begun = true;
      const [dx, dy] = this.way(next.clientX - x, next.clientY - y);
      [x, y] = [next.clientX, next.clientY];
      this.hooks.moved([...this.picked], dx, dy, next.timeStamp);
    };
    this.follow(event, move, () => begun && this.hooks.ended());
  }

  /** A rectangle over empty ground chooses what lies in it. */
  sweep(event) {
    const frame = this.element.getBoundingClientRect();
    const [x0, y0] = [event.clientX - frame.left, event.clientY - frame.top];
    const keep = event.shiftKey ? [...this.picked] : [];
    this.pick(keep);
    const move = (next) => {
      const [x1, y1] = [next.clientX - frame.left, next.clientY - frame.top];
      const [left, top] = [Math.min(x0, x1), Math.min(y0, y1)];
      const [wide, high] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
      Object.assign(this.area.style, { left: `${left}px`, top: `${top}px`, width: `${wide}px`, height: `${high}px` });
      this.area.hidden = false;
      const inside = this.dots.flatMap((dot, i) => {
        const at = dot.getBoundingClientRect();
        const [x, y] = [at.left + at.width / 2 - frame.left, at.top + at.height / 2 - frame.top];
        return x >= left && x <= left + wide && y >= top && y <= top + high ? [i] : [];
      });
      this.pick([...new Set([...keep, ...inside])]);
    };
    this.follow(event, move, () => (this.area.hidden = true));
  }

  follow(event, move, end) {
    const { element } = this;
    element.setPointerCapture(event.pointerId);
    const stop = () => {
      element.onpointermove = element.onpointerup = element.onpointercancel = null;
      end();
    };
    element.onpointermove = move;
    element.onpointerup = element.onpointercancel = stop;
  }

  key(event) {
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key === "Escape") this.pick([]);
    else if (event.key === "a" && (event.ctrlKey || event.metaKey)) this.pick(this.dots.keys());
    else if (ways[event.key]) {
      const here = event.target.closest(".dot");
      if (here && !this.picked.size) this.pick([Number(here.dataset.point)]);
      if (!this.picked.size) return;
      const [dx, dy] = this.way(...ways[event.key].map((w) => w * (event.shiftKey ? 10 : 2)));
      if (!event.repeat) this.hooks.begin();
      this.hooks.moved([...this.picked], dx, dy, event.timeStamp);
      this.hooks.ended();
    } else return;
    event.preventDefault();
  }
}
