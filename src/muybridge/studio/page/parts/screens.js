// Pictures laid over each other on a canvas.

import { h } from "../dom.js";

const CHECK = 12;
/** Pixels of a square of what stands for nothing. */

export const screen = () => h("canvas", { class: "screen", width: 16, height: 16, "aria-hidden": "true" });

export function lay(canvas, background, pictures) {
  const last = pictures[pictures.length - 1];
  if (canvas.width !== last.naturalWidth) canvas.width = last.naturalWidth;
  if (canvas.height !== last.naturalHeight) canvas.height = last.naturalHeight;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  if (background === "transparent") layChecks(pen, canvas);
  else if (background && background !== "source") {
    pen.fillStyle = background;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }
  for (const picture of pictures) pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
}

/** The driving frame over the left share of a result, as large as fits, and a line at its border. */
export function layWipe(canvas, driving, share) {
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

/** What stands for nothing: squares, on the picture alone and not on what is free beside it. */
function layChecks(pen, { width, height }) {
  pen.fillStyle = "#e9e4da";
  pen.fillRect(0, 0, width, height);
  pen.fillStyle = "#b9b2a6";
  for (let y = 0; y < height; y += CHECK)
    for (let x = (y / CHECK) % 2 ? CHECK : 0; x < width; x += 2 * CHECK) pen.fillRect(x, y, CHECK, CHECK);
}
