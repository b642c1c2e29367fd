// Keypoints moved by hand: the generated frame follows, keyframes make a clip of it.

import { attempt, choice, field, fit, h, notice, rest } from "../dom.js";
import * as store from "../net/store.js";
import { OUTLIVES, frameOf, get, post, put } from "../net/api.js";
import { Drawing } from "../net/pose-socket.js";
import { Keys, refine } from "../parts/keyframes.js";
import { Stage } from "../parts/keypoint-stage.js";
import { FORMATS, files, refuseOpaque } from "../parts/run-files.js";
import { DONE, can } from "../parts/run-state.js";

/** The line of frames below the pictures has to be in the same window. */
const HIGH = "max(240px, 100vh - 372px)";

export async function editing(body, signal, run) {
  if (!can(run, "editable")) {
    body.append(h("p", { class: "empty" }, `${run.method} has no keypoints to move.`));
    return;
  }
  if (!DONE.includes(run.state)) {
    body.append(h("p", { class: "empty" }, "Keypoints can be moved once the run is finished, or stopped and kept."));
    return;
  }
  const waiting = h("p", { class: "busy", role: "status" }, h("span", { class: "spinner" }), "Finding the keypoints…");
  body.append(waiting);
  const found = await attempt(() => Promise.all([get(`/runs/${run.id}/handles`), get(`/runs/${run.id}/edits`)]));
  waiting.remove();
  if (!found || signal.aborted) return;
  new Editor(body, signal, run, ...found);
}

class Editor {
  constructor(body, signal, run, handles, kept) {
    // What one wants to repair is the result; its subject's own clip comes second.
    const first = handles.ab ? "ab" : "a";
    Object.assign(this, { signal, run, handles, side: first, frame: 0, background: "contrast", revision: kept.revision });
    this.delays = [];
    this.waits = [];
    this.keys = new Keys(kept, () => this.altered());
    this.drawing = new Drawing(run, signal, (...drawn) => this.drawn(...drawn));
    this.canvas = h("canvas", { class: "screen", width: 16, height: 16, role: "img", "aria-label": "The frame as it is drawn from the keypoints" });
    this.left = h("figure", { class: "edit-left" });
    this.delay = h("output", { class: "delay tabular", id: "delay", "aria-live": "off" });
    this.sources = h("div", { class: "sources" });
    body.append(
      this.head(first),
      h(
        "div",
        { class: "editor" },
        this.left,
        h("figure", {}, h("div", { class: "frame" }, this.canvas), h("figcaption", {}, h("span", { class: "role" }, "drawn"), this.delay)),
      ),
      this.timeline(),
      h("div", { class: "under" }, this.tools(), this.sources),
      h("p", { class: "help" }, "Drag a dot and the picture follows. Shift-click adds to the selection, a rectangle selects several, the arrow keys nudge, Ctrl+Z undoes."),
      this.motion(),
      this.rendering(),
    );
    body.addEventListener("keydown", (event) => this.shortcut(event), { signal });
    addEventListener("pagehide", () => this.keeping && this.save(true), { signal });
    // What is too much to be sent on after the page is gone has to be waited for, and only the browser can ask for that.
    const ask = (event) => {
      if (!this.keeping || JSON.stringify(this.keys.now).length < OUTLIVES) return;
      this.save();
      event.preventDefault();
    };
    addEventListener("beforeunload", ask, { signal });
    signal.addEventListener("abort", () => {
      this.playing = false;
      if (this.keeping) this.save();
    });
    this.subject(first);
  }

  head(first) {
    const [a, b] = this.run.names;
    const words = { ab: `${a} moving like ${b}`, ba: `${b} moving like ${a}`, a: `${a}, its own clip`, b: `${b}, its own clip` };
    const names = Object.entries(words).filter(([side]) => this.handles[side]);
    const backgrounds = [["contrast", "A contrasting grey"], ["black", "Black"], ["white", "White"], ["source", "Its own"], ["transparent", "Transparent (grey while you edit)"]];
    return h(
      "div",
      { class: "edit-head" },
      field("What is moved", choice(names, first, (side) => this.subject(side))),
      field("Background", choice(backgrounds, "contrast", (value) => {
        this.background = value;
        this.wish(true);
      })),
    );
  }

  timeline() {
    this.slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "Frame", oninput: () => this.to(Number(this.slider.value)) });
    this.marks = h("div", { class: "marks" });
    this.number = h("output", { class: "tabular", "aria-live": "off" });
    this.play = h("button", { class: "plain", onclick: () => this.toggle() }, "Play");
    return h("div", { class: "timeline" }, this.play, h("div", { class: "track" }, this.slider, this.marks), this.number);
  }

  tools() {
    const button = (text, act, kind = "plain") => h("button", { class: kind, onclick: act }, text);
    this.back = button("Undo", () => this.keys.undo());
    this.forth = button("Redo", () => this.keys.redo());
    this.add = button("Keyframe here", () => {
      this.keys.mark();
      this.keys.set(this.side, this.frame, this.keys.at(this.side, this.frame));
    });
    this.away = button("Remove this keyframe", () => this.keys.remove(this.side, this.frame));
    this.reset = button("Reset everything", () => this.keys.clear(this.side), "quiet");
    return h("div", { class: "buttons" }, this.back, this.forth, this.add, this.away, this.reset);
  }

  /** How it moves between and under the keyframes: sliders that the picture follows. */
  motion() {
    const ways = choice([["straight", "In straight lines"], ["ease", "Start and end slowly"]], "straight", (way) => this.keys.setMotion(this.side, { ease: way === "ease" }));
    const slider = (name, most, label) => {
      const percent = h("output", { class: "tabular" });
      const input = h("input", { type: "range", min: 0, max: most, step: 5 });
      let begun = false;
      input.oninput = (event) => {
        this.stamp = event.timeStamp;
        this.dragging = true;
        this.keys.setMotion(this.side, { [name]: Number(input.value) / 100 }, begun);
        begun = true;
      };
      input.onchange = () => {
        begun = this.dragging = false;
        this.wish(true);
        this.keep();
      };
      const show = (value) => {
        input.value = Math.round(100 * value);
        percent.textContent = `${input.value} %`;
        input.setAttribute("aria-valuetext", `${input.value} percent`);
      };
      const made = field(label, input);
      made.firstChild.append(" ", percent);
      return { made, show };
    };
    const [strength, smoothing] = [slider("strength", 150, "Strength of the motion"), slider("smoothing", 100, "Smoothing")];
    this.showMotion = (motion) => {
      ways.value = motion.ease ? "ease" : "straight";
      strength.show(motion.strength);
      smoothing.show(motion.smoothing);
    };
    return h("div", { class: "fields motion" }, field("Between keyframes", ways), strength.made, smoothing.made);
  }

  rendering() {
    let suffix = "mp4";
    const place = h("ul", { class: "files" });
    const go = h("button", { class: "primary" }, "Render the edited clip");
    go.onclick = () =>
      attempt(async () => {
        refuseOpaque(this.background, suffix);
        const { side, background } = this;
        await post(`/runs/${this.run.id}/renders`, { side, suffix, background, keys: this.keys.now[side], ...this.keys.motion(side) });
      }, go);
    const edited = Object.assign((entry) => Boolean(entry.asked?.keys), { made: true });
    files(place, this.run, this.signal, edited);
    return h(
      "section",
      { class: "panel", "aria-label": "The edited clip" },
      h("div", { class: "fields" }, field("Format", choice(FORMATS, suffix, (value) => (suffix = value))), h("div", { class: "field end" }, go)),
      place,
    );
  }

  /** The clip whose frames are counted: of a result, the one that drives it. */
  get clip() {
    return store.clips.get(this.run.clips["ab".indexOf(this.side[this.side.length - 1])]);
  }

  get isResult() {
    return this.side.length > 1;
  }

  /** What the dots lie on: the subject's own frame, or the result as it was before anything was moved. */
  address(frame) {
    if (!this.isResult) return frameOf(this.clip, frame);
    return `/api/runs/${this.run.id}/results/${this.side[0]}/with/${frame}?v=${encodeURIComponent(this.run.finished ?? "")}`;
  }

  subject(side) {
    this.side = side;
    const { points, size } = this.handles[side];
    this.stage = new Stage(points[0].length, size, {
      begin: () => {
        if (this.playing) this.toggle();
        this.keys.mark();
      },
      moved: (which, dx, dy, stamp) => {
        this.stamp = stamp;
        this.dragging = true;
        this.keys.move(this.side, this.frame, which, dx, dy);
      },
      ended: () => {
        this.dragging = false;
        this.wish(true);
        this.keep();
      },
      chosen: (picked) => (this.count.textContent = picked.size ? `${picked.size} selected` : "none selected"),
    });
    this.count = h("span", { class: "help" }, "none selected");
    this.left.replaceChildren(h("div", { class: "frame" }, this.stage.element), h("figcaption", {}, h("span", { class: "role" }, "keypoints"), this.count));
    for (const each of [this.stage.element, this.canvas]) {
      fit(each, size[1], size[0], HIGH);
      // What is said below a picture is no wider than it.
      each.closest("figure").querySelector("figcaption").style.width = each.style.width;
    }
    this.slider.max = points.length - 1;
    this.to(Math.min(this.frame, points.length - 1));
  }

  to(frame) {
    this.frame = frame;
    this.slider.value = frame;
    this.number.textContent = `${frame + 1} of ${this.handles[this.side].points.length}`;
    this.slider.setAttribute("aria-valuetext", this.number.textContent);
    const of = this.isResult ? "the result, before it was moved" : this.clip?.name;
    if (this.clip || this.isResult) this.stage.show(this.address(frame), `Frame ${frame + 1} of ${of}`);
    this.show();
    this.wish(true);
  }

  /** After any change of the keyframes. */
  altered() {
    this.show();
    this.wish(!this.dragging, this.stamp);
    if (!this.dragging) this.keep();
  }

  /** The keypoints of the frame that is shown: where they are, and where they lie once the motion and they are changed. */
  places() {
    const handles = this.handles[this.side];
    const motion = this.keys.motion(this.side);
    const key = JSON.stringify([this.side, motion]);
    // Of all frames, and asked for with each move of the pointer.
    if (this.refined?.key !== key) this.refined = { key, points: refine(handles, motion) };
    const moves = this.keys.at(this.side, this.frame);
    const there = this.refined.points[this.frame].map(([x, y], i) => [x + (moves[i]?.[0] ?? 0), y + (moves[i]?.[1] ?? 0)]);
    return { points: handles.points, there };
  }

  show() {
    const { points, there } = this.places();
    this.stage.place(there);
    this.showMotion(this.keys.motion(this.side));
    const frames = this.keys.frames(this.side);
    this.mark(frames, Math.max(1, points.length - 1));
    rest(this.back, !this.keys.past.length);
    rest(this.forth, !this.keys.future.length);
    rest(this.away, !frames.includes(this.frame));
    rest(this.add, frames.includes(this.frame));
    rest(this.reset, !this.keys.touched(this.side));
  }

  /** A mark for each keyframe; those that stay are left where they are, for one of them may have the focus. */
  mark(frames, span) {
    const there = new Map([...this.marks.children].map((mark) => [mark.dataset.frame, mark]));
    for (const at of frames) {
      let mark = there.get(String(at));
      if (!there.delete(String(at))) {
        mark = h("button", { class: "mark", "data-frame": String(at), "aria-label": `Keyframe on frame ${at + 1}`, onclick: () => this.to(at) });
        const next = [...this.marks.children].find((other) => Number(other.dataset.frame) > at);
        this.marks.insertBefore(mark, next ?? null);
      }
      mark.style.left = `${(at / span) * 100}%`;
      if (at === this.frame) mark.setAttribute("aria-current", "true");
      else mark.removeAttribute("aria-current");
    }
    for (const gone of there.values()) gone.remove();
  }

  wish(full, stamp = performance.now()) {
    const { points, there } = this.places();
    const moved = there.map(([x, y], i) => [i, [x - points[this.frame][i][0], y - points[this.frame][i][1]]]);
    const moves = Object.fromEntries(moved.filter(([, [x, y]]) => x || y));
    const background = this.background === "transparent" ? "contrast" : this.background;
    this.drawing.send({ side: this.side, frame: this.frame, moves, full, background }, stamp);
  }

  drawn(bitmap, { full, milliseconds, waited, newest, sources }) {
    const [height, width] = this.handles[this.side].size;
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.canvas.getContext("2d").drawImage(bitmap, 0, 0, width, height);
    this.canvas.dataset.full = String(full);
    if (full) this.tellSources(sources);
    if (!full) {
      this.delays.push(milliseconds);
      this.waits.push(waited);
      for (const kept of [this.delays, this.waits]) if (kept.length > 60) kept.shift();
      const sorted = [...this.delays].sort((x, y) => x - y);
      this.delay.textContent = `${Math.round(sorted[sorted.length >> 1])} ms from pointer to picture`;
      this.canvas.dataset.delays = this.delays.map(Math.round).join(" ");
      this.canvas.dataset.waits = this.waits.map(Math.round).join(" ");
    }
    if (full && newest && this.playing) {
      const wait = Math.max(0, 1000 / (this.clip?.rate ?? 25) - (performance.now() - this.shownAt));
      setTimeout(() => this.playing && this.next(), wait);
    }
  }

  /** The subject's own frames that the picture is made of. */
  tellSources(frames) {
    const words = frames.map((at) => at + 1).join(", ");
    const looks = `${this.side} ${words} ${this.playing}`;
    if (this.sources.dataset.looks === looks) return;
    this.sources.dataset.looks = looks;
    const [subject, name] = ["ab".indexOf(this.side[0])].flatMap((i) => [store.clips.get(this.run.clips[i]), this.run.names[i]]);
    const picture = (at) =>
      h("li", {}, subject ? h("img", { src: frameOf(subject, at, 72), alt: "", width: Math.round((72 * subject.width) / subject.height), height: 72 }) : null, h("span", { class: "number" }, String(at + 1)));
    this.sources.replaceChildren(
      frames.length ? h("p", { class: "help" }, `Made from ${name}, frame${frames.length > 1 ? "s" : ""} ${words}`) : "",
      h("ul", { "aria-hidden": "true" }, this.playing ? [] : frames.map(picture)),
    );
  }

  toggle() {
    this.playing = !this.playing;
    this.play.textContent = this.playing ? "Pause" : "Play";
    if (this.playing) this.next();
  }

  next() {
    this.shownAt = performance.now();
    this.to((this.frame + 1) % this.handles[this.side].points.length);
  }

  /** Keep the keyframes with the run, a moment after the last change. */
  keep() {
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.save(), 500);
  }

  /** One after the other, for each builds on the revision of the one before. */
  save(leaving = false) {
    clearTimeout(this.keeping);
    this.keeping = null;
    this.saving = (this.saving ?? Promise.resolve()).then(async () => {
      try {
        const said = await put(`/runs/${this.run.id}/edits`, { revision: this.revision, ...this.keys.now }, leaving);
        this.revision = said.revision;
      } catch (error) {
        notice(error.message, error.hint);
      }
    });
  }

  shortcut(event) {
    const typing = event.target.tagName === "INPUT" && event.target.type === "text";
    if (!(event.ctrlKey || event.metaKey) || typing) return;
    const key = event.key.toLowerCase();
    if (key === "z") event.shiftKey ? this.keys.redo() : this.keys.undo();
    else if (key === "y") this.keys.redo();
    else return;
    event.preventDefault();
  }
}
