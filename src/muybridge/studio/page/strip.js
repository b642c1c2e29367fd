// A clip as Muybridge showed motion: a row of numbered frames, and a running one.

import { h } from "./dom.js";
import { frameOf, image, maskOf } from "./talk.js";

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

/** The clip running on a canvas until the signal ends; still where the person prefers less motion. */
export function running(clip, height, signal, dim = 0.72) {
  const canvas = h("canvas", { width: 16, height: 16, role: "img", "aria-label": `${clip.name}, playing` });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    drawFrame(canvas, clip, 0, height, dim).catch(() => {});
    return canvas;
  }
  let shown = -1;
  let drawing = false;
  const begun = performance.now();
  const step = async (now) => {
    if (signal.aborted || (canvas.isConnected === false && shown >= 0)) return;
    const index = Math.floor(((now - begun) / 1000) * clip.rate) % clip.frames;
    if (index !== shown && !drawing) {
      drawing = true;
      await drawFrame(canvas, clip, index, height, dim).catch(() => {});
      shown = index;
      drawing = false;
    }
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
  return canvas;
}
