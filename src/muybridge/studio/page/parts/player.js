// Results and their driving clips, in sync to the frame: one as large as there is room, or all of them.

import { choice, h } from "../dom.js";
import { frameOf, image } from "../net/api.js";
import { frameAt } from "./clock.js";
import { lay, layWipe, screen } from "./screens.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const AHEAD = 8;
/** Frames that are there before it begins by itself. */
const SAID = 300;
/** Milliseconds that a frame may take before the page says that it waits. */

export const HEIGHT = matchMedia("(min-width: 821px)").matches ? 720 : 360;
/** Pixels of the frames that are fetched; they are never enlarged. */

/** rows: [{title, driving: clip, clock, made, plate, contrast}]; `look` says {affine, background} now. `made(affine, at)` is the
    address of a result's frame, `plate` that of its own background. `layout` is how it begins, see `layouts`. */
export class Player {
  constructor(signal, rows, look, layout = "all") {
    Object.assign(this, { signal, look, time: 0, speed: 1, loop: true, playing: false, last: 0, wipe: null });
    this.rows = rows.map((row) => ({ ...row, left: screen(), right: screen(), shown: "" }));
    this.longest = rows.reduce((most, row) => (row.clock.duration > most.clock.duration ? row : most)).clock;
    this.panes = this.rows.flatMap((row, i) => this.pair(row, i));
    this.waiting = h("p", { class: "waiting", role: "status" });
    this.theatre = h("div", { class: "theatre" }, this.panes.map((pane) => pane.element), this.waiting);
    this.element = h("section", { class: "player", "aria-label": "The results and their driving clips" }, this.theatre, this.transport(layout));
    this.element.onkeydown = (event) => this.key(event);
    this.enlarge(this.panes.find((pane) => pane.result));
    this.layOut(layout);
    addEventListener("resize", () => this.measure(), { signal });
    requestAnimationFrame(() => this.measure());
    this.ahead();
  }

  /** The ways to show it: a value and its words. */
  layouts() {
    if (this.rows.length === 1) return [["all", "Side by side"], ["large", "One large"], ["alone", "One alone"]];
    return [["large", "One large"], ["all", "All of them"], ["results", "Only the results"], ["alone", "One alone"]];
  }

  layOut(name) {
    this.layout = this.shown.value = this.element.dataset.layout = name;
    this.arrange();
  }

  /** The pane that has most of the room. */
  enlarge(large) {
    this.large = large;
    for (const pane of this.panes) {
      pane.element.classList.toggle("large", pane === large);
      pane.button.setAttribute("aria-pressed", String(pane === large));
    }
    this.arrange();
  }

  /** What is seen of the panes, and how many stand beside and above each other. */
  arrange() {
    const hides = { alone: (pane) => pane !== this.large, results: (pane) => !pane.result };
    for (const pane of this.panes)
      pane.element.hidden = Boolean(hides[this.layout]?.(pane)) || (this.wipe !== null && !pane.result);
    const count = this.panes.filter((pane) => !pane.element.hidden).length;
    const columns = ["large", "alone"].includes(this.layout) ? 1 : Math.min(2, count);
    const sizes = { "--columns": columns, "--rows": this.layout === "large" ? 1 : Math.ceil(count / columns), "--others": Math.max(1, count - 1) };
    for (const [name, value] of Object.entries(sizes)) this.theatre.style.setProperty(name, value);
    this.theatre.classList.toggle("single", count === 1);
    this.draw(true);
  }

  /** How much of the window is above it. */
  measure() {
    if (!document.fullscreenElement) this.element.style.setProperty("--above", `${Math.round(this.element.getBoundingClientRect().top + scrollY)}px`);
  }

  /** The panes of a row; a driving clip that another row has as well is shown once. */
  pair(row, index) {
    const known = this.rows.slice(0, index).some((other) => other.driving?.id === row.driving?.id);
    const made = this.pane(row, true, row.right, row.title);
    return known ? [made] : [this.pane(row, false, row.left, row.driving.name), made];
  }

  pane(row, result, canvas, title) {
    const role = result ? "result" : "driving";
    const button = h("button", { type: "button", class: "pick", title: "Show it large" }, title);
    const element = h("figure", { class: `screening ${role}` }, canvas, h("figcaption", {}, h("span", { class: "role" }, role), button));
    const pane = { row, result, element, button };
    button.onclick = () => this.pick(pane);
    canvas.onclick = () => (this.wipe !== null ? null : pane === this.large && this.layout !== "all" ? this.toggle() : this.pick(pane));
    return pane;
  }

  pick(pane) {
    this.enlarge(pane);
    if (!["large", "alone"].includes(this.layout)) this.layOut("large");
  }

  isSeen(row) {
    return this.panes.some((pane) => pane.row === row && !pane.element.hidden);
  }

  /** Driving and result in one picture, with a line between them that is moved; null for one beside the other. */
  wipeAt(share) {
    const turned = (this.wipe === null) !== (share === null);
    this.wipe = share;
    this.element.classList.toggle("wiped", share !== null);
    if (!turned) this.draw(true);
    else if (this.large.result) this.arrange();
    else this.enlarge(this.panes.find((pane) => pane.result && pane.row === this.large.row));
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

  transport(layout) {
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
    this.shown = choice(this.layouts(), layout, (name) => this.layOut(name));
    this.shown.setAttribute("aria-label", "Shown");
    const full = h("button", { class: "plain", onclick: () => this.fullScreen() }, "Full screen");
    full.hidden = !document.fullscreenEnabled;
    const words = () => (full.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen");
    document.addEventListener("fullscreenchange", words, { signal: this.signal });
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
      this.shown,
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
    if (!this.tell()) this.time += ((now - this.last) / 1000) * this.speed;
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
    for (const row of this.rows) {
      if (!this.isSeen(row)) continue;
      const at = frameAt(row.clock, this.time);
      const { affine, background } = this.look();
      const shown = `${at} ${affine} ${background}`;
      if (shown === row.shown && !anew) continue;
      row.shown = shown;
      row.asked = performance.now();
      this.paint(row, at, affine, background).catch(() => (row.late = false)).finally(() => this.tell());
    }
    setTimeout(() => this.tell(), SAID + 1);
  }

  /** Whether frames are waited for; said where it takes long. */
  tell() {
    const late = this.rows.filter((row) => row.late && this.isSeen(row));
    const said = late.some((row) => performance.now() - row.asked >= SAID) ? "Loading the frames…" : "";
    if (this.waiting.textContent !== said) this.waiting.textContent = said;
    return late.length > 0;
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
    if (row === this.large.row) {
      const { width, height } = this.large.result ? row.right : row.left;
      this.theatre.style.setProperty("--ratio", (width / height).toFixed(3));
    }
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
