// A page that somebody sends: both results play, and keypoints are dragged without a server.

import { $, choice, field, fit, h, notice } from "../../studio/page/dom.js";
import { clock, frameAt } from "../../studio/page/parts/clock.js";
import { Stage } from "../../studio/page/parts/keypoint-stage.js";

const HIGH = "max(260px, 100vh - 260px)";
/** Workers. */
const MOST = 2;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const index = JSON.parse($("#index").textContent);
const WORDS = new Map(index.views.map(({ name, words }) => [name, words]));

/** What a place of the page holds as base64. */
async function contentOf(place) {
  const read = await fetch(`data:application/octet-stream;base64,${$(place).textContent}`);
  $(place).remove();
  return read.arrayBuffer();
}

async function unpack(packed) {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}

/** Pictures by their place, decoded when they are asked for. */
class Film {
  constructor(pack, places) {
    Object.assign(this, { pack, places, held: new Map() });
  }

  async frame(at) {
    if (!this.held.has(at)) {
      const [from, length] = this.places[at];
      const address = URL.createObjectURL(new Blob([this.pack.subarray(from, from + length)], { type: "image/webp" }));
      const picture = new Image();
      picture.src = address;
      this.held.set(at, picture.decode().then(() => picture));
    }
    return this.held.get(at);
  }
}

function lay(canvas, picture, ground = null) {
  const { naturalWidth: width, naturalHeight: height } = picture;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  if (ground) {
    pen.fillStyle = ground;
    pen.fillRect(0, 0, width, height);
  } else pen.clearRect(0, 0, width, height);
  pen.drawImage(picture, 0, 0);
}

/** Both results at once, each beside what drove it. */
class Show {
  constructor(pack) {
    this.rows = index.results.map((row) => ({
      ...row,
      clock: clock(row.timing),
      made: new Film(pack, index.pictures[`result_${row.name}`]),
      drove: new Film(pack, index.pictures[`driving_${row.name[1]}`]),
      canvas: h("canvas", { width: 16, height: 16, role: "img", "aria-label": WORDS.get(row.name) }),
      small: h("canvas", { width: 16, height: 16, "aria-hidden": "true" }),
      shown: -1,
    }));
    this.longest = this.rows.reduce((most, row) => (row.clock.duration > most.clock.duration ? row : most)).clock;
    this.time = 0;
    this.button = h("button", { class: "primary round", type: "button", onclick: () => this.toggle() });
    this.slider = h("input", { type: "range", min: 0, max: this.longest.starts.length - 1, value: 0, "aria-label": "Frame" });
    this.slider.oninput = () => this.to(Number(this.slider.value));
    this.number = h("output", { class: "tabular", "aria-live": "off" });
    this.element = h(
      "section",
      { "aria-label": "Both results" },
      h("div", { class: "both" }, this.rows.map((row) => this.pane(row))),
      h("div", { class: "transport" }, this.button, this.slider, this.number),
    );
    this.tell();
    this.draw();
    if (!calm.matches) this.toggle();
  }

  pane({ name, canvas, small, ground }) {
    canvas.parentElement?.remove();
    // Beside the words, where it covers no foot of the result.
    const driver = h("div", { class: "driver" }, small, h("span", {}, "driving"));
    return h("figure", { "data-result": name }, h("div", { class: "pane", style: `background: ${ground}` }, canvas), h("figcaption", {}, driver, h("span", {}, WORDS.get(name))));
  }

  tell() {
    this.button.textContent = this.playing ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  toggle() {
    this.playing = !this.playing;
    this.tell();
    this.last = performance.now();
    if (this.playing) requestAnimationFrame((now) => this.step(now));
  }

  step(now) {
    if (!this.playing) return;
    // A page in the background is not drawn for a while, and goes on where it was.
    this.time = (this.time + Math.min(0.25, (now - this.last) / 1000)) % this.longest.duration;
    this.last = now;
    this.draw();
    requestAnimationFrame((next) => this.step(next));
  }

  to(at) {
    if (this.playing) this.toggle();
    this.time = this.longest.starts[at] + 1e-6;
    this.draw();
  }

  draw() {
    const at = frameAt(this.longest, this.time);
    const words = `${at + 1} / ${this.longest.starts.length}`;
    this.slider.value = at;
    this.number.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
    for (const row of this.rows) {
      const frame = frameAt(row.clock, this.time);
      if (row.shown === frame) continue;
      row.shown = frame;
      Promise.all([row.made.frame(frame), row.drove.frame(frame)]).then(([made, drove]) => {
        // One that was slow to come is not shown over a later one.
        if (row.shown !== frame) return;
        lay(row.canvas, made, row.ground);
        lay(row.small, drove);
        row.canvas.dataset.frame = String(frame);
      });
    }
  }
}

/** Asks workers for pictures: each draws one at a time, of several wishes the last is drawn, and none is shown that is older
    than what is there. */
class Drawing {
  constructor(pack, runtime, drawn) {
    Object.assign(this, { drawn, seq: 0, shown: 0, next: null });
    const source = URL.createObjectURL(new Blob([index.worker], { type: "text/javascript" }));
    // One thread is all that a page without a server may have each, so that two cores are worth two of them.
    this.workers = [...Array(Math.min(MOST, navigator.hardwareConcurrency || 1))].map(() => this.hire(source, pack, runtime));
  }

  hire(source, pack, runtime) {
    const worker = Object.assign(new Worker(source), { wish: null });
    worker.onmessage = ({ data }) => this.answer(worker, data);
    worker.onerror = (event) => notice("this browser cannot draw the poses", event.message || "Open the page in a current one.");
    const { settings, arrays, pictures, networks } = index;
    worker.postMessage({ begin: { pack, runtime, index: { settings, arrays, pictures, networks } } });
    return worker;
  }

  get idle() {
    return this.workers.find((worker) => !worker.wish);
  }

  send(wish) {
    this.next = wish;
    this.go();
  }

  go() {
    const worker = this.idle;
    if (!this.next || !worker) return;
    this.seq += 1;
    this.ask(worker, { ...this.next, seq: this.seq });
    this.next = null;
  }

  ask(worker, wish) {
    worker.wish = wish;
    worker.postMessage({ wish });
  }

  /** A quick picture by each, which nobody sees: the first of its kind takes the longest. */
  begin(wish) {
    this.warm = true;
    for (const worker of this.workers) if (!worker.wish) this.ask(worker, { ...wish, quick: true, seq: 0 });
  }

  answer(worker, data) {
    const { wish } = worker;
    worker.wish = null;
    if (!this.warm && !data.error) this.begin(wish);
    if (data.error) notice("a pose could not be drawn", data.error);
    else if (wish.seq > this.shown) {
      this.shown = wish.seq;
      this.drawn(data, wish, wish.seq === this.seq && !this.next);
    }
    this.go();
  }
}

/** One view of the run with its keypoints as dots. */
class Hold {
  constructor(pack, runtime) {
    this.pack = pack;
    this.views = new Map(index.views.map((view) => [view.name, this.read(view)]));
    this.canvas = h("canvas", { width: 16, height: 16, role: "img" });
    this.drawing = new Drawing(pack, runtime, (...drawn) => this.drawn(...drawn));
    this.stageFrame = h("div", { class: "frame" });
    this.state = h("output", { class: "help tabular", "aria-live": "off" }, "Getting ready to draw…");
    this.reset = h("button", { class: "plain", type: "button", onclick: () => this.forget() }, "Reset");
    this.play = h("button", { class: "plain", type: "button", onclick: () => this.toggle() });
    this.slider = h("input", { type: "range", min: 0, value: 0, "aria-label": "Frame of the driving motion" });
    this.slider.oninput = () => this.to(Number(this.slider.value));
    this.number = h("output", { class: "tabular", "aria-live": "off" });
    this.element = h(
      "section",
      { class: "hold", "aria-label": "Move it yourself" },
      h("h2", {}, "Move it yourself"),
      field("What is moved", choice([...WORDS], index.views[0].name, (name) => this.choose(name))),
      this.stageFrame,
      h("div", { class: "timeline" }, this.play, this.slider, this.number),
      h("div", { class: "under" }, h("div", { class: "buttons" }, this.reset), this.state),
      h("p", { class: "help" }, "Drag a dot and the picture follows, drawn on this device. Shift-click adds to the selection, a rectangle selects several, the arrow keys nudge. What is moved stays moved over the whole motion."),
    );
    this.tell();
    this.choose(index.views[0].name);
  }

  read(view) {
    const { at, size } = view.points;
    const points = new Float32Array(this.pack.buffer, this.pack.byteOffset + at[0], at[1] / 4);
    return { ...view, points, frames: size[0], count: size[1], clock: clock(view.timing), moves: new Float32Array(2 * size[1]), frame: 0 };
  }

  choose(name) {
    this.view = this.views.get(name);
    const { count, size, words } = this.view;
    this.canvas.setAttribute("aria-label", `${words}, as it is drawn from the keypoints`);
    this.canvas.width = size[1];
    this.canvas.height = size[0];
    this.stage = new Stage(count, size, {
      begin: () => this.playing && this.toggle(),
      moved: (which, dx, dy) => this.move(which, dx, dy),
      ended: () => this.wish(false),
      chosen: () => {},
    }, this.canvas);
    fit(this.stage.element, size[1], size[0], HIGH);
    this.stageFrame.replaceChildren(this.stage.element);
    this.slider.max = this.view.frames - 1;
    this.to(this.view.frame);
  }

  /** Of the picture, in which a mirrored subject is mirrored back. */
  get scales() {
    const [sx, , sy] = this.view.place;
    return [this.view.flip ? -sx : sx, sy];
  }

  move(which, dx, dy) {
    const [sx, sy] = this.scales;
    for (const i of which) {
      this.view.moves[2 * i] += dx / sx;
      this.view.moves[2 * i + 1] += dy / sy;
    }
    this.wish(true);
  }

  forget() {
    this.view.moves.fill(0);
    this.wish(Boolean(this.playing));
  }

  to(frame) {
    this.view.frame = frame;
    this.slider.value = frame;
    this.number.textContent = `${frame + 1} of ${this.view.frames}`;
    this.slider.setAttribute("aria-valuetext", this.number.textContent);
    this.wish(Boolean(this.playing));
  }

  wish(quick) {
    const { count, points, moves, frame, place, flip, side } = this.view;
    const start = points.slice(2 * count * frame, 2 * count * (frame + 1));
    const moved = start.map((value, i) => value + moves[i]);
    const dots = [...Array(count).keys()].map((i) => {
      const x = moved[2 * i] * place[0] + place[1];
      return [flip ? -x : x, moved[2 * i + 1] * place[2] + place[3]];
    });
    this.stage.place(dots);
    this.canvas.dataset.whole = "no";
    this.drawing.send({ view: this.view.name, side, start, points: moved, quick });
  }

  drawn({ rgba, width, height, sources, milliseconds }, { view, points, quick }, newest) {
    if (view === this.view.name) this.paint(new ImageData(rgba, width, height));
    if (quick) {
      const now = performance.now();
      this.times = [...(this.times ?? []).filter((time) => now - time < 2000), now];
      const rate = (this.times.length - 1) / ((now - this.times[0]) / 1000);
      if (this.times.length > 4) this.state.textContent = `${Math.round(rate)} pictures a second`;
    } else {
      this.times = [];
      const of = this.view.side === "a" ? index.names[0] : index.names[1];
      this.state.textContent = `Made from ${of}, frame${sources.length > 1 ? "s" : ""} ${sources.map((at) => at + 1).join(", ")}`;
    }
    Object.assign(this.canvas.dataset, { points: JSON.stringify([...points]), milliseconds: String(Math.round(milliseconds)), whole: !quick && newest ? "yes" : "no", pictures: String(Number(this.canvas.dataset.pictures ?? 0) + 1) });
    document.body.dataset.ready ??= String(Math.round(performance.now()));
  }

  paint(picture) {
    const { width, height } = this.canvas;
    this.layer ??= h("canvas");
    this.layer.width = picture.width;
    this.layer.height = picture.height;
    this.layer.getContext("2d").putImageData(picture, 0, 0);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = this.view.ground;
    pen.fillRect(0, 0, width, height);
    if (this.view.flip) pen.setTransform(-1, 0, 0, 1, width, 0);
    pen.drawImage(this.layer, 0, 0, width, height);
  }

  tell() {
    this.play.textContent = this.playing ? "Pause" : "Play";
    this.play.setAttribute("aria-label", this.playing ? "Pause the motion" : "Play the motion with what was moved");
  }

  toggle() {
    this.playing = !this.playing;
    this.tell();
    this.begun = performance.now() - 1000 * this.view.clock.starts[this.view.frame];
    if (this.playing) this.follow();
    else this.wish(false);
  }

  /** The frame of this moment; those that come while all are drawing are left out. */
  follow() {
    if (!this.playing) return;
    const at = frameAt(this.view.clock, (performance.now() - this.begun) / 1000);
    if (at !== this.view.frame && this.drawing.idle) this.to(at);
    requestAnimationFrame(() => this.follow());
  }
}

$(".skip").onclick = (event) => {
  event.preventDefault();
  $("#view").focus();
};

const pack = new Uint8Array(await contentOf("#pack"));
const main = $("#view");
main.append(new Show(pack).element);
try {
  const runtime = await unpack(await contentOf("#runtime"));
  main.append(new Hold(pack, runtime).element);
} catch (error) {
  notice("keypoints cannot be moved in this browser", `${error.message}. The results play all the same.`);
}
