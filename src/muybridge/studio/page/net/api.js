// Requests to the studio; every error comes out as a sentence and a hint.

import { bytes } from "../dom.js";

export class Refused extends Error {
  constructor(message, hint = null, status = 0) {
    super(message);
    this.hint = hint;
    this.status = status;
  }
}

const AWAY = "the studio does not answer";
const BACK = "Check in its terminal whether it is still running.";
/** Bytes that browsers send on after a page is gone: 64 KiB. */
export const OUTLIVES = 60_000;

/** JSON in, JSON out; `leaving` has it sent though the page goes away meanwhile, where it is small enough. */
export async function ask(method, path, body = undefined, leaving = false) {
  const options = { method, headers: {} };
  if (body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.keepalive = leaving && options.body.length < OUTLIVES;
    options.headers["content-type"] = "application/json";
  }
  const answer = await reach(`/api${path}`, options);
  return answer.status === 204 ? null : answer.json();
}

async function reach(address, options = {}) {
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    throw new Refused(AWAY, BACK);
  }
  if (answer.ok) return answer;
  throw refusal(answer.status, await answer.text());
}

export const get = (path) => ask("GET", path);
export const post = (path, body = {}) => ask("POST", path, body);
export const put = (path, body, leaving = false) => ask("PUT", path, body, leaving);
export const drop = (path) => ask("DELETE", path);

function refusal(status, text) {
  // This page came from the studio and was let in; only another token shuts it out.
  if (status === 403) return new Refused("the studio was restarted", "Open the address that it printed.", status);
  try {
    const said = JSON.parse(text);
    return new Refused(said.message, said.hint, status);
  } catch {
    return new Refused(text.slice(0, 300) || `the studio answered with ${status}`, null, status);
  }
}

/** Refuse a file that the studio would refuse once it had all of it. */
export function refuseLarge(file, most) {
  if (file.size > most) throw new Refused(`this file is larger than ${bytes(most)}, the most that is allowed: ${file.name}`, "Choose a smaller one.");
}

/** Send a video or a picture; `told` hears the share that is sent, `use` is pair, driving or picture. */
export const upload = (file, told, use = "pair") =>
  send("POST", `/clips?name=${encodeURIComponent(file.name.slice(-200))}&use=${use}`, file, told);

/** Send a file to an address; `told` hears the share that is sent. */
export function send(method, path, file, told) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open(method, `/api${path}`);
    request.upload.onprogress = (event) => event.lengthComputable && told(event.loaded / event.total);
    request.onload = () =>
      request.status < 300
        ? done(JSON.parse(request.responseText))
        : failed(refusal(request.status, request.responseText));
    request.onerror = () => failed(new Refused(AWAY, "The file may be too large, or the studio may have ended."));
    request.send(file);
  });
}

/** The address of a picture; it changes with what was cut of the clip. */
export const frameOf = (clip, index, height = null) =>
  `/api/clips/${clip.id}/frames/${index}?r=${clip.reads ?? 0}${height ? `&height=${height}` : ""}`;
export const maskOf = (clip, index, height = null) =>
  `/api/clips/${clip.id}/silhouettes/${index}?v=${clip.version}&r=${clip.reads ?? 0}${height ? `&height=${height}` : ""}`;

/** What the segmentation network tells apart on a frame, as a picture; looked for when it is asked for. */
export async function partsOf(clip, index) {
  const answer = await reach(`/api/clips/${clip.id}/parts/${index}?r=${clip.reads ?? 0}`);
  // Its values are labels, and no colours.
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none" });
}

const pictures = new Map();

/** An image, fetched once; the last few hundred are kept. */
export function image(address) {
  let found = pictures.get(address);
  if (!found) {
    found = new Promise((done, failed) => {
      const made = new Image();
      made.onload = () => done(made);
      made.onerror = () => {
        pictures.delete(address);
        failed(new Refused("a picture could not be loaded", "Load the page again."));
      };
      made.src = address;
    });
    pictures.set(address, found);
    if (pictures.size > 1500) pictures.delete(pictures.keys().next().value);
  }
  return found;
}
