// A clip as Muybridge showed motion: a row of numbered frames, and a running one.

import { h } from "../dom.js";
import { frameOf, image, maskOf } from "../net/api.js";

/** Draw a frame with what is not subject darkened. */
export async function drawFrame(canvas, clip, index, height, dim = 0.72) {
  const masked = clip.version > 0 && dim > 0;
  const [frame, mask] = await Promise.all([
    image(frameOf(clip, index, height)),
    masked ? image(maskOf(clip, index, height)) : null,
  ]);
  if (canvas.width !== frame.naturalWidth) canvas.width = frame.naturalWidth;
  if (canvas.height !== frame.naturalHeight) canvas.height = frame.naturalHeight;
  const pen = canvas.getContext("2d");
  pen.globalAlpha = 1;
  pen.globalCompositeOperation = "source-over";
  pen.drawImage(frame, 0, 0);
  if (mask && dim > 0) {
    pen.globalAlpha = dim;
    pen.globalCompositeOperation = "multiply";
    pen.drawImage(mask, 0, 0, canvas.width, canvas.height);
    pen.globalAlpha = 1;
    pen.globalCompositeOperation = "source-over";
  }
}

/** Six frames, evenly spread, as one figure. */
export function strip(clip, count = 6, dim = 0.72) {
  const shown = Math.min(count, clip.frames);
  const index = [...Array(shown).keys()].map((i) => Math.round((i * (clip.frames - 1)) / Math.max(1, shown - 1)));
  const cells = index.map((frame) => {
    const canvas = h("canvas", { width: 16, height: 16, "aria-hidden": "true" });
    drawFrame(canvas, clip, frame, 120, dim).catch(() => canvas.classList.add("missing"));
    return h("div", { class: "cell" }, canvas, h("span", { class: "number", "aria-hidden": "true" }, String(frame + 1)));
  });
  const figure = h("div", { class: "strip", role: "img", "aria-label": `${shown} frames of ${clip.name}` }, cells);
  return figure;
}

/** Which clips a person has stopped or set going, so that they stay so when their place is drawn anew. */
const chosen = new Map();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** The clip running until the signal ends, with a button that stops it; it begins still where less motion is preferred. */
export function running(clip, height, signal, dim = 0.72) {
  const canvas = h("canvas", { width: 16, height: 16, role: "img" });
  const button = h("button", { class: "plain round small", type: "button" });
  const moves = () => clip.frames > 1 && (chosen.get(clip.id) ?? !calm.matches);
  let shown = -1;
  let drawing = false;
  let waiting = false;
  let from = performance.now();
  const wait = () => {
    if (!waiting) requestAnimationFrame(step);
    waiting = true;
  };
  const step = async (now) => {
    waiting = false;
    if (signal.aborted || (canvas.isConnected === false && shown >= 0)) return;
    const index = Math.floor((Math.max(0, now - from) / 1000) * clip.rate) % clip.frames;
    if (index !== shown && !drawing) {
      drawing = true;
      await drawFrame(canvas, clip, index, height, dim).catch(() => {});
      shown = index;
      drawing = false;
    }
    if (moves()) wait();
  };
  const tell = () => {
    canvas.setAttribute("aria-label", moves() ? `${clip.name}, playing` : clip.name);
    button.setAttribute("aria-label", `${moves() ? "Stop" : "Play"} ${clip.name}`);
    button.textContent = moves() ? "❚❚" : "▶";
  };
  button.onclick = () => {
    chosen.set(clip.id, !moves());
    tell();
    from = performance.now() - (Math.max(0, shown) / clip.rate) * 1000;
    if (moves()) wait();
  };
  tell();
  wait();
  return h("div", { class: "screen running" }, canvas, clip.frames > 1 ? button : null);
}
