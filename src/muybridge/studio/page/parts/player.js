// Both results beside their driving clips, in sync to the frame.

import { choice, field, h } from "../dom.js";
import { frameOf, image } from "../net/api.js";
import { frameAt } from "./clock.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const AHEAD = 8;
/** Frames that are there before it begins by itself. */

export const HEIGHT = 360;

/** rows: [{title, driving: clip, clock, made, plate, contrast}]; `look` says {affine, background} now. `made(affine, at)` is the
    address of a result's frame, `plate` that of its own background. */
export class Player {
  constructor(signal, rows, look) {
    Object.assign(this, { signal, look, time: 0, speed: 1, loop: true, playing: false, last: 0, wipe: null });
    this.rows = rows.map((row) => ({ ...row, left: screen(), right: screen(), shown: "" }));
    this.longest = rows.reduce((most, row) => (row.clock.duration > most.clock.duration ? row : most)).clock;
    this.element = h("section", { class: rows.length > 1 ? "player" : "player one", "aria-label": "The results beside their driving clips" });
    this.panes = this.rows.map((row) => this.row(row));
    this.waiting = h("p", { class: "help waiting", role: "status" });
    this.element.append(...this.panes, this.transport(), this.waiting);
    this.element.onkeydown = (event) => this.key(event);
    this.draw();
    this.ahead();
  }

  /** Which results are shown: all of them, or one as large as there is room. */
  choose(which) {
    this.panes.forEach((pane, i) => (pane.hidden = which !== "all" && which !== String(i)));
    this.element.classList.toggle("one", this.rows.length === 1 || which !== "all");
    this.draw(true);
  }

  row(row) {
    return h(
      "div",
      { class: "duo" },
      h("figure", {}, row.left, h("figcaption", {}, h("span", { class: "role" }, "driving"), row.driving.name)),
      h("figure", {}, row.right, h("figcaption", {}, h("span", { class: "role" }, "result"), row.title)),
    );
  }

  /** Driving and result in one picture, with a line between them that is moved; null for one beside the other. */
  wipeAt(share) {
    this.wipe = share;
    this.element.classList.toggle("wiped", share !== null);
    this.draw(true);
  }

  /** The line follows the pointer over any of the results. */
  wiping(canvas) {
    const follow = (event) => {
      if (this.wipe === null || !event.buttons) return;
      const place = canvas.getBoundingClientRect();
      const width = canvas.width * Math.min(place.width / canvas.width, place.height / canvas.height);
      const share = (event.clientX - place.left - (place.width - width) / 2) / width;
      this.line.value = Math.min(1, Math.max(0, share));
      this.wipeAt(Number(this.line.value));
    };
    canvas.onpointerdown = (event) => {
      if (this.wipe !== null) canvas.setPointerCapture(event.pointerId);
      follow(event);
    };
    canvas.onpointermove = follow;
  }

  wipeControls() {
    this.line = h("input", { type: "range", class: "line", min: 0, max: 1, step: 0.01, value: 0.5, "aria-label": "How much of the driving clip is seen" });
    this.line.hidden = true;
    this.line.oninput = () => this.wipeAt(Number(this.line.value));
    const wipe = h("input", { type: "checkbox" });
    wipe.onchange = () => {
      this.line.hidden = !wipe.checked;
      this.wipeAt(wipe.checked ? Number(this.line.value) : null);
    };
    for (const row of this.rows) this.wiping(row.right);
    return [h("label", { class: "chip" }, wipe, "Wipe"), this.line];
  }

  transport() {
    this.button = h("button", { class: "primary round", "aria-label": "Play", onclick: () => this.toggle() }, "▶");
    const step = (by, label, text) =>
      h("button", { class: "plain round", "aria-label": label, onclick: () => this.step(by) }, text);
    this.slider = h("input", {
      type: "range",
      min: 0,
      max: this.longest.starts.length - 1,
      value: 0,
      "aria-label": "Frame",
      oninput: () => this.to(Number(this.slider.value)),
    });
    this.number = h("output", { class: "tabular", "aria-live": "off" });
    const speeds = [["0.25", "¼ ×"], ["0.5", "½ ×"], ["1", "1 ×"], ["2", "2 ×"]];
    const speed = choice(speeds, "1", (value) => (this.speed = Number(value)));
    speed.setAttribute("aria-label", "Speed");
    const loop = h("input", { type: "checkbox", checked: true, onchange: () => (this.loop = loop.checked) });
    const shown = choice([["all", "All results"], ...this.rows.map((row, i) => [String(i), row.title])], "all", (which) => this.choose(which));
    shown.setAttribute("aria-label", "Shown");
    shown.hidden = this.rows.length === 1;
    const full = h("button", { class: "plain", onclick: () => this.fullScreen() }, "Full screen");
    full.hidden = !document.fullscreenEnabled;
    return h(
      "div",
      { class: "transport" },
      step(-1, "One frame back", "◂"),
      this.button,
      step(1, "One frame on", "▸"),
      this.slider,
      this.number,
      speed,
      h("label", { class: "chip" }, loop, "Loop"),
      this.wipeControls(),
      shown,
      full,
    );
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.element.requestFullscreen().catch(() => {});
  }

  key(event) {
    if (["SELECT", "INPUT"].includes(event.target.tagName)) return;
    const act = { " ": () => this.toggle(), ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1) }[event.key];
    if (!act || (event.key === " " && event.target.tagName === "BUTTON")) return;
    event.preventDefault();
    act();
  }

  toggle() {
    this.touched = true;
    this.playing = !this.playing;
    this.button.textContent = this.playing ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    if (!this.playing) return;
    if (this.time >= this.longest.duration) this.time = 0;
    this.last = performance.now();
    requestAnimationFrame((now) => this.run_(now));
  }

  run_(now) {
    if (!this.playing || this.signal.aborted) return;
    // Over a slow line it waits for the frame that it shows, instead of running on in black.
    const late = this.rows.some((row, i) => row.late && !this.panes[i].hidden);
    const said = late ? "Loading the frames…" : "";
    if (this.waiting.textContent !== said) this.waiting.textContent = said;
    if (!late) this.time += ((now - this.last) / 1000) * this.speed;
    this.last = now;
    if (this.time >= this.longest.duration) {
      if (this.loop) this.time %= this.longest.duration;
      else {
        this.time = this.longest.starts[this.longest.starts.length - 1];
        this.toggle();
      }
    }
    this.draw();
    requestAnimationFrame((next) => this.run_(next));
  }

  step(by) {
    this.touched = true;
    if (this.playing) this.toggle();
    const count = this.longest.starts.length;
    this.to((frameAt(this.longest, this.time) + by + count) % count);
  }

  to(index) {
    this.touched = true;
    this.time = this.longest.starts[index] + 1e-6;
    this.draw();
  }

  /** Show what belongs to this time; what is not loaded yet follows. */
  draw(anew = false) {
    const index = frameAt(this.longest, this.time);
    this.slider.value = index;
    this.number.textContent = `${index + 1} / ${this.longest.starts.length}`;
    this.slider.setAttribute("aria-valuetext", `${index + 1} of ${this.longest.starts.length}`);
    for (const [i, row] of this.rows.entries()) {
      if (this.panes[i].hidden) continue;
      const at = frameAt(row.clock, this.time);
      const { affine, background } = this.look();
      const shown = `${at} ${affine} ${background}`;
      if (shown === row.shown && !anew) continue;
      row.shown = shown;
      this.paint(row, at, affine, background).catch(() => (row.late = false));
    }
  }

  async paint(row, at, affine, background) {
    const wish = row.shown;
    row.late = true;
    const [driving, made, behind] = await Promise.all([
      image(frameOf(row.driving, at, HEIGHT)),
      image(row.made(affine, at)),
      background === "source" ? image(row.plate).catch(() => null) : null,
    ]);
    if (row.shown !== wish) return;
    row.late = false;
    lay(row.left, null, [driving]);
    lay(row.right, background === "contrast" ? row.contrast : background, [behind, made].filter(Boolean));
    if (this.wipe !== null) layWipe(row.right, driving, this.wipe);
  }

  /** Load everything once, a few pictures at a time, so that playing does not stutter. */
  async ahead() {
    const count = this.longest.starts.length;
    for (let at = 0; at < count && !this.signal.aborted; at += 1) {
      if (at === Math.min(AHEAD, count - 1) && !calm.matches && !this.touched) this.toggle();
      await Promise.all(
        this.rows
          .filter((row) => at < row.clock.starts.length)
          .flatMap((row) => [image(frameOf(row.driving, at, HEIGHT)), image(row.made(true, at))])
          .map((loading) => loading.catch(() => null)),
      );
    }
  }
}

const screen = () => h("canvas", { class: "screen", width: 16, height: 16, "aria-hidden": "true" });

function lay(canvas, background, pictures) {
  const last = pictures[pictures.length - 1];
  if (canvas.width !== last.naturalWidth) canvas.width = last.naturalWidth;
  if (canvas.height !== last.naturalHeight) canvas.height = last.naturalHeight;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  canvas.classList.toggle("checks", background === "transparent");
  if (background && !["transparent", "source"].includes(background)) {
    pen.fillStyle = background;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  for (const picture of pictures) pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

/** The driving frame over the left share of a result, as large as fits, and a line at its border. */
function layWipe(canvas, driving, share) {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  const scale = Math.min(width / driving.naturalWidth, height / driving.naturalHeight);
  const [w, h] = [driving.naturalWidth * scale, driving.naturalHeight * scale];
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, width * share, height);
  pen.clip();
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(driving, (width - w) / 2, (height - h) / 2, w, h);
  pen.restore();
  pen.fillStyle = "#fff";
  pen.fillRect(width * share - 1, 0, 2, height);
}

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
