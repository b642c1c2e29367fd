// Silhouettes put right by hand: a box, then brush and eraser on one frame, carried to the others, played.

import { attempt, choice, field, h, notice, rest, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { ask, frameOf, image, maskOf, partsOf, post } from "../net/api.js";
import { Brush } from "../parts/brush.js";
import { hold } from "../parts/unsaved.js";
import { silhouettesOf } from "../parts/clip-slot.js";

const TOOLS = { brush: "Brush", eraser: "Eraser", box: "Box", add: "Click to add", take: "Click to remove" };
const OVERLAYS = [["shade", "The bright part"], ["outline", "An outline"], ["fill", "A filled shape"]];
/** Times larger, at most. */
const CLOSEST = 6;
const LEAVE = "What you painted on this frame has not been applied to the others. Leave it anyway?";

export function paintView(main, signal, id) {
  const clip = store.clips.get(id);
  if (!clip?.frames) {
    main.append(h("h1", {}, "Not here any more"), h("p", { class: "empty" }, "This clip is not here any more. ", h("a", { href: "#/" }, "Back to the start"), "."));
    return;
  }
  new Painting(main, signal, clip);
}

class Painting {
  constructor(main, signal, clip) {
    Object.assign(this, { clip, signal, frame: 0, shown: null, sent: 0 });
    this.brush = new Brush(clip, {
      may: () => this.may(),
      painted: () => this.tell(),
      boxed: (box) => (this.numbers.value = box.join(",")),
      parts: () => this.parts(),
    });
    this.status = h("p", { class: "lead", role: "status" });
    main.append(
      h("div", { class: "name-line painting-head" }, h("h1", {}, `Silhouettes of ${clip.name}`), h("a", { href: "#/" }, "← Back to the pair")),
      this.status,
      h("div", { class: "painting" }, this.picture(), this.tools()),
    );
    this.show(0);
    hold(() => this.brush.strokes > 0, LEAVE, signal);
    store.listen((kind, value) => {
      if (kind === "clip" && value.id === clip.id) this.renewed(value);
      if (kind === "all") this.renewed(store.clips.get(clip.id));
      if (kind === "gone" && value.id === clip.id) {
        this.brush.strokes = 0;
        location.hash = "#/";
      }
    }, signal);
    signal.addEventListener("abort", () => clearInterval(this.playing));
  }

  picture() {
    return h(
      "div",
      {},
      (this.window = h("div", { class: "screen wide zoomed" }, this.brush.canvas)),
      this.timeline(),
      h(
        "p",
        { class: "help", id: "paint-keys" },
        "Paint with the pointer, or with the keyboard: the arrow keys move the circle, farther with Shift; the space bar paints or clicks, and keeps painting while it is held down; Ctrl+Z undoes.",
      ),
    );
  }

  tools() {
    const tools = Object.entries(TOOLS).map(([name, text]) => {
      const input = h("input", { type: "radio", name: "tool", value: name, checked: name === "brush" });
      input.onchange = () => this.choose(name);
      return h("label", { class: "chip" }, input, text);
    });
    this.radios = tools.map((label) => label.firstChild);
    const size = h("input", { type: "range", min: 2, max: Math.round(this.clip.width / 4), value: this.brush.size });
    size.oninput = () => (this.brush.size = Number(size.value));
    const reach = h("input", { type: "range", min: 4, max: 80, value: this.brush.reach });
    reach.oninput = () => (this.brush.reach = Number(reach.value));
    const overlay = choice(OVERLAYS, this.brush.overlay, (value) => {
      this.brush.overlay = value;
      this.brush.draw();
    });
    const zoom = h("input", { type: "range", min: 1, max: CLOSEST, step: 0.5, value: 1 });
    zoom.oninput = () => this.zoom(Number(zoom.value));
    this.sized = field("Size", size);
    this.reached = field("How different the colours may be", reach, `${store.about.segments ? "A click selects what the segmentation network sees there; where it sees nothing," : "A click selects"} the connected area of a similar colour.`);
    this.reached.hidden = true;
    this.save = h("button", { class: "primary", onclick: () => this.propagate() }, "Apply to the other frames");
    this.back = h("button", { class: "plain", onclick: () => this.brush.undo() }, "Undo the last stroke");
    this.numbers = h("input", { type: "text", class: "code", placeholder: "40,60,300,280", inputmode: "numeric" });
    this.look = h("button", { class: "plain", onclick: () => this.find() }, "Find it in the box");
    this.subject = h("input", { type: "text", class: "code", placeholder: "dog" });
    const anew = h("button", { class: "quiet", onclick: () => this.find(true) }, "Find again from scratch");
    return h(
      "div",
      { class: "tools panel" },
      h("fieldset", { class: "chips" }, h("legend", {}, "Tool"), tools),
      this.sized,
      this.reached,
      field("Zoom", zoom),
      field("Show the silhouette as", overlay),
      this.save,
      this.back,
      (this.again = h(
        "details",
        { open: matchMedia("(min-height: 1000px)").matches },
        h("summary", {}, "Find the subject again"),
        field("Box round the subject, on the first frame", this.numbers, "Left, top, right and bottom in pixels, or draw it with the tool Box."),
        field("What the subject is, if there are several things in the picture", this.subject, "A name that the segmentation network knows, such as person, dog or animal."),
        h("div", { class: "buttons" }, this.look, anew),
      )),
    );
  }

  timeline() {
    this.slider = h("input", { type: "range", min: 0, max: this.clip.frames - 1, value: 0, "aria-label": "Frame" });
    this.slider.oninput = () => this.leave(() => this.show(Number(this.slider.value)));
    this.number = h("output", { class: "tabular", "aria-live": "off" });
    this.play = h("button", { class: "plain", onclick: () => this.toggle() }, "Play");
    const step = (by, label, text) => h("button", { class: "plain round", "aria-label": label, onclick: () => this.step(by) }, text);
    this.doubt = h("button", { class: "plain", onclick: () => this.step(0) }, "Next doubtful frame");
    return h(
      "div",
      { class: "timeline" },
      this.play,
      step(-1, "One frame back", "◂"),
      step(1, "One frame on", "▸"),
      this.slider,
      this.number,
      this.doubt,
    );
  }

  /** Frames that the notes count, and that were not put right by hand. */
  get doubtful() {
    return this.clip.doubtful ?? [];
  }

  /** So many frames on, or to the next one that is in doubt. */
  step(by) {
    if (this.playing) this.toggle();
    const { frames } = this.clip;
    const next = by ? (this.frame + by + frames) % frames : (this.doubtful.find((at) => at > this.frame) ?? this.doubtful[0]);
    this.leave(() => this.show(next));
  }

  /** A box is one on the first frame, and its tool is out of hand on all others. */
  choose(name) {
    if (name === "box" && this.frame !== 0) this.leave(() => this.show(0));
    this.take(name === "box" && this.frame !== 0 ? this.brush.tool : name);
  }

  take(name) {
    this.brush.tool = name;
    if (name === "box") this.again.open = true;
    const wand = ["add", "take"].includes(name);
    this.reached.hidden = !wand;
    this.sized.hidden = wand || name === "box";
    for (const radio of this.radios) radio.checked = radio.value === name;
    this.brush.draw();
  }

  /** So many times larger, about the middle of what is seen; what does not fit is scrolled to. */
  zoom(times) {
    const { window: place, brush } = this;
    const before = brush.canvas.offsetWidth;
    const at = [place.scrollLeft + place.clientWidth / 2, place.scrollTop + place.clientHeight / 2];
    brush.scale(times);
    const grown = brush.canvas.offsetWidth / before;
    place.scrollLeft = at[0] * grown - place.clientWidth / 2;
    place.scrollTop = at[1] * grown - place.clientHeight / 2;
  }

  /** Whether the frame can be painted on; while it plays, that stops it at the one that is seen. */
  may() {
    if (this.playing) {
      this.toggle();
      this.at(this.shown ?? this.frame);
    }
    return this.clip.state !== "finding" && this.shown === this.frame;
  }

  /** What the segmentation network sees on this frame; null where there is none, or where it fails, which is said. */
  async parts() {
    if (!store.about.segments) return null;
    this.looking = true;
    this.tell();
    const parts = await attempt(() => partsOf(this.clip, this.frame));
    this.looking = false;
    this.tell();
    return parts ?? null;
  }

  tell() {
    const { clip } = this;
    const busy = clip.state === "reading" || clip.state === "finding";
    const words = busy ? "Finding the silhouettes…" : silhouettesOf(clip);
    const more = clip.state === "ready" && !clip.message ? [...(clip.warnings ?? [])].map(sentence).join(" ") : "";
    const wish = more || (busy ? "" : "Step through the frames, and correct any that are wrong.");
    const said = this.looking ? "Looking at what is there…" : `${words} ${wish}`;
    if (this.status.textContent !== said) this.status.replaceChildren(busy || this.looking ? h("span", { class: "spinner" }) : "", said);
    // Who sees at the first look that it is something else need not wait for the end.
    this.doubt.hidden = busy || !this.doubtful.length;
    this.doubt.textContent = `Next doubtful frame (${this.doubtful.length})`;
    rest(this.look, busy && clip.version > 0);
    rest(this.save, busy || !this.brush.strokes);
    rest(this.back, busy || !this.brush.undone.length);
  }

  renewed(clip) {
    if (!clip) return;
    const done = clip.version !== this.clip.version || (this.clip.state === "finding" && clip.state !== "finding");
    this.clip = clip;
    this.tell();
    if (!done) return;
    if (clip.message) {
      notice(clip.message, clip.hint);
      // What was painted is still on the page, and can be sent again.
      this.brush.strokes += this.sent;
    } else notice("the silhouettes of all frames are updated", "Play the clip to check them.", "good");
    this.sent = 0;
    if (this.brush.strokes) this.tell();
    else this.show(this.frame);
  }

  /** Leave a frame; what was painted and not carried is asked about. */
  leave(then) {
    if (!this.mayLose()) {
      this.slider.value = this.frame;
      return;
    }
    this.brush.strokes = 0;
    then();
  }

  mayLose() {
    return !this.brush.strokes || confirm(LEAVE);
  }

  at(frame) {
    this.frame = frame;
    this.slider.value = frame;
    this.number.textContent = `${frame + 1} of ${this.clip.frames}`;
    this.slider.setAttribute("aria-valuetext", this.number.textContent);
  }

  /** Which frame is on the canvas; null while another one is on its way. */
  seen(frame) {
    this.shown = frame;
    this.brush.canvas.dataset.shown = frame ?? "";
  }

  async show(frame) {
    this.at(frame);
    if (!this.playing) this.seen(null);
    if (frame !== 0) {
      this.brush.box = null;
      if (this.brush.tool === "box") this.take("brush");
    }
    const { clip } = this;
    try {
      const [picture, mask] = await Promise.all([
        image(frameOf(clip, frame)),
        clip.version > 0 ? image(maskOf(clip, frame)) : null,
      ]);
      if (this.frame !== frame || this.clip.version !== clip.version) return;
      this.brush.show(picture, mask);
      this.seen(frame);
    } catch (error) {
      notice(error.message, error.hint);
    }
    this.tell();
  }

  propagate() {
    const { strokes } = this.brush;
    attempt(async () => {
      const clip = await ask("PUT", `/clips/${this.clip.id}/silhouettes/${this.frame}`, await this.brush.png());
      // It is kept from here on, unless the studio says that it could not be used.
      this.sent = strokes;
      this.brush.strokes = Math.max(0, this.brush.strokes - strokes);
      store.learn("clip", clip);
    }, this.save).then(() => this.tell());
  }

  find(without = false) {
    attempt(async () => {
      const typed = this.numbers.value.trim();
      const box = without || !typed ? null : typed.split(/[\s,]+/).map(Number);
      if (box && (box.length !== 4 || box.some(Number.isNaN)))
        throw Object.assign(new Error("a box is four numbers"), { hint: "Left, top, right, bottom, in pixels." });
      const subject = this.subject.value.trim().toLowerCase() || null;
      if (!without && !box)
        throw Object.assign(new Error("there is no box yet"), { hint: "Draw one on the first frame, or type it." });
      if (!this.mayLose()) return;
      const clip = await post(`/clips/${this.clip.id}/silhouettes`, { box, subject });
      this.brush.strokes = 0;
      this.brush.box = null;
      store.learn("clip", clip);
    }, this.look).then(() => this.tell());
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
      this.playing = setInterval(() => this.next(), 1000 / Math.min(25, this.clip.rate));
    });
  }

  /** One frame on while it plays. One at a time: a frame that came late would be drawn over a new stroke. */
  next() {
    if (this.shown === this.frame) this.show((this.frame + 1) % this.clip.frames);
  }
}
