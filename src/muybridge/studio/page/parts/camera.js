// The picture follows the camera: frames out as JPEG, pictures back, one at a time, with the frame rate shown.

import { h, notice, rest } from "../dom.js";

const LONGEST = 320;
const SPAN = 3000;
let running = null;
const REFUSALS = {
  NotAllowedError: ["The camera was refused", "Allow it for this page in the browser's address bar, and try again."],
  NotFoundError: ["No camera was found", "Plug one in, or use a driving video instead."],
  NotReadableError: ["The camera is there, but another program has it", "Close that program, and try again."],
};

/** Ask for the camera, and show what it sees beside the picture that follows it; a refusal is a sentence. */
export async function camera(place, signal, wish, button) {
  if (!navigator.mediaDevices?.getUserMedia) {
    const hint = "Open the studio on the machine that it runs on, or behind a proxy with TLS.";
    notice("The browser allows the camera only to pages of this machine, or over HTTPS", hint);
    return;
  }
  running?.stop();
  rest(button);
  try {
    const film = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 } } });
    if (signal.aborted) film.getTracks().forEach((track) => track.stop());
    else running = new Sitting(place, signal, wish, film, button);
  } catch (error) {
    notice(...(REFUSALS[error.name] ?? [`The camera cannot be used: ${error.message}`, "Use a driving video instead."]));
    rest(button, false);
  }
}

class Sitting {
  constructor(place, signal, wish, film, button) {
    Object.assign(this, { place, film, button, wish, shown: [], grabbed: 0, over: false, awaited: false });
    const { width, height } = wish.picture;
    const scale = LONGEST / Math.max(width, height);
    this.seen = h("canvas", { class: "screen", width: Math.round(width * scale), height: Math.round(height * scale), role: "img", "aria-label": "What the camera sees" });
    this.made = h("canvas", { class: "screen", width, height, role: "img", "aria-label": `${wish.picture.name}, moving as the camera sees it` });
    this.video = h("video", { muted: true, playsInline: true });
    this.video.srcObject = film;
    this.rate = h("output", { class: "rate tabular", "aria-live": "off" });
    this.words = h("p", { class: "help", role: "status" }, "The run is being loaded…");
    this.mirror = h("input", { type: "checkbox", checked: true });
    this.encoder = new Worker(new URL("./jpeg-worker.js", import.meta.url));
    this.encoder.onmessage = ({ data }) => !this.over && this.line.readyState === WebSocket.OPEN && this.line.send(data);
    place.replaceChildren(this.panel());
    film.getVideoTracks()[0].addEventListener("ended", () => this.stop("The camera has stopped"));
    signal.addEventListener("abort", () => this.stop());
    this.open();
  }

  panel() {
    this.again = h("button", { class: "plain", onclick: () => this.line.send("again") }, "Start from this pose");
    rest(this.again);
    const stop = h("button", { class: "plain", onclick: () => this.stop() }, "Stop the camera");
    return h(
      "section",
      { class: "live", "aria-label": "The picture as the camera moves it" },
      h(
        "div",
        { class: "duo" },
        h("figure", {}, this.seen, h("figcaption", {}, h("span", { class: "role" }, "camera"))),
        h("figure", {}, this.made, h("figcaption", {}, h("span", { class: "role" }, "result"), this.rate)),
      ),
      h("div", { class: "buttons" }, this.again, h("label", { class: "chip" }, this.mirror, "As in a mirror"), stop),
      this.words,
    );
  }

  open() {
    const { model, picture, mode } = this.wish;
    this.line = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/models/${model.id}/live`);
    this.line.binaryType = "arraybuffer";
    this.line.onopen = () => this.line.send(JSON.stringify({ picture: picture.id, mode }));
    this.line.onmessage = (event) => (typeof event.data === "string" ? this.told(JSON.parse(event.data)) : this.draw(event.data));
    this.line.onclose = () => this.stop(this.refused ? null : "The connection to the studio was lost");
  }

  async told({ ready, message, hint }) {
    if (!ready) notice(message, hint);
    this.refused = !ready;
    if (ready) {
      rest(this.again, false);
      await this.video.play();
      const relative = this.wish.mode === "relative";
      this.words.textContent = relative ? "The picture moves relative to the first pose that the camera sees. Hold the pose that the picture shows, then press “Start from this pose”." : "";
      this.watch();
    }
    // A frame that could not be used is answered, too.
    this.send();
  }

  /** The camera's own picture, cut to the shape of the source and turned as in a mirror, as often as the screen is drawn. */
  watch() {
    if (this.over) return;
    const { width, height } = this.seen;
    const { videoWidth: w, videoHeight: v } = this.video;
    const scale = Math.max(width / w, height / v);
    const pen = this.seen.getContext("2d");
    const way = this.mirror.checked ? -1 : 1;
    pen.setTransform(way, 0, 0, 1, way < 0 ? width : 0, 0);
    pen.drawImage(this.video, (width - w * scale) / 2, (height - v * scale) / 2, w * scale, v * scale);
    this.drawn = performance.now();
    requestAnimationFrame(() => this.watch());
  }

  /** What is seen now, as old as it is by the time that it is grabbed: to make a JPEG of it takes time, too. */
  async send() {
    if (this.over) return;
    this.grabbed = this.drawn ?? performance.now();
    const bitmap = await createImageBitmap(this.seen);
    this.encoder.postMessage({ bitmap, quality: 0.85 }, [bitmap]);
  }

  async draw(data) {
    const { grabbed } = this;
    this.send();
    const bitmap = await createImageBitmap(new Blob([data], { type: "image/jpeg" }));
    this.made.getContext("2d").drawImage(bitmap, 0, 0, this.made.width, this.made.height);
    const now = performance.now();
    const took = now - grabbed;
    this.shown = [...this.shown.filter((at) => now - at < SPAN), now];
    const [first] = this.shown;
    const rate = this.shown.length > 1 ? ((this.shown.length - 1) * 1000) / (now - first) : 0;
    this.made.dataset.shown = String(Number(this.made.dataset.shown ?? 0) + 1);
    if (rate) this.rate.textContent = `${rate.toFixed(1)} frames a second, ${Math.round(took)} ms behind`;
  }

  stop(why = null) {
    if (this.over) return;
    this.over = true;
    for (const track of this.film.getTracks()) track.stop();
    this.line?.close();
    this.encoder.terminate();
    rest(this.button, false);
    if (why) notice(why, "Use the camera again, if you like.");
    this.place.replaceChildren();
  }
}
