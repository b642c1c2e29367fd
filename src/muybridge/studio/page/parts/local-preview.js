// A file that is being taken in, played by the browser itself until the studio has its frames.

import { h } from "../dom.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");
/** By the clip's number, so that a place that is drawn anew shows the same picture again. */
const shown = new Map();

/** A picture of a file, moving where it moves, with a button that stops it; null where a browser could not show it. */
export function preview(file) {
  const moves = file.type.startsWith("video/") || file.type === "image/gif";
  if (!moves && !file.type.startsWith("image/")) return null;
  const address = URL.createObjectURL(file);
  const element = h("div", { class: "screen running" });
  const forget = () => {
    URL.revokeObjectURL(address);
    element.replaceChildren();
    element.hidden = true;
  };
  element.forget = forget;
  const picture = file.type.startsWith("video/") ? film(element, address, file) : still(element, address, file, moves);
  picture.addEventListener("error", () => (element.hidden = true));
  return element;
}

export function keep(clip, element) {
  if (element) shown.set(clip.id, element);
}

/** What is kept of a clip; a browser stops a film that is moved within the page. */
export function kept(clip) {
  const element = shown.get(clip.id);
  if (element && !element.hidden) queueMicrotask(() => element.resume?.());
  return element?.hidden ? null : (element ?? null);
}

/** The studio has its frames, or it was deleted. */
export function release(id) {
  shown.get(id)?.forget();
  shown.delete(id);
}

function film(element, address, file) {
  const video = h("video", { src: address, muted: true, loop: true, playsInline: true, "aria-label": file.name });
  let playing = !calm.matches;
  const button = stopper(file.name, () => playing, () => {
    playing = !playing;
    element.resume();
  });
  element.resume = () => {
    if (playing) video.play().catch(() => {});
    else video.pause();
  };
  element.append(video, button);
  element.resume();
  return video;
}

/** A GIF moves by itself: what stops it is a picture of it that lies in its place. */
function still(element, address, file, moves) {
  const picture = h("img", { src: address, alt: file.name });
  if (!moves) {
    element.append(picture);
    return picture;
  }
  let playing = !calm.matches;
  const canvas = h("canvas", { role: "img", "aria-label": file.name });
  const show = () => {
    canvas.width = picture.naturalWidth || 16;
    canvas.height = picture.naturalHeight || 16;
    canvas.getContext("2d").drawImage(picture, 0, 0);
    picture.hidden = !playing;
    canvas.hidden = playing;
  };
  picture.onload = show;
  canvas.hidden = true;
  const button = stopper(file.name, () => playing, () => {
    playing = !playing;
    show();
  });
  element.append(picture, canvas, button);
  return picture;
}

function stopper(name, playing, turn) {
  const button = h("button", { class: "plain round small", type: "button" });
  const tell = () => {
    button.setAttribute("aria-label", `${playing() ? "Stop" : "Play"} ${name}`);
    button.textContent = playing() ? "❚❚" : "▶";
  };
  button.onclick = () => {
    turn();
    tell();
  };
  tell();
  return button;
}
