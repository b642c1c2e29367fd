// A place for a clip: drop, choose, look, correct, delete.

import { afresh, attempt, h, notice, sentence } from "../dom.js";
import { discard, here, troubleOf } from "./clip-list.js";
import * as store from "../net/store.js";
import { post, refuseLarge, upload } from "../net/api.js";
import { glance, waitsFor, work } from "./clip-work.js";
import { cutting } from "./cut-form.js";
import { running, strip } from "./filmstrip.js";
import * as local from "./local-preview.js";

/** What a clip is wanted for: which of those that are here will do, and what the place says. */
const VIDEO = "video/*,image/gif,image/png,image/webp,.mkv,.mov,.webm";
const USES = {
  pair: {
    accept: VIDEO,
    big: "Drop a video or GIF here",
    help: () => `A few seconds are best; up to ${store.about.limits.frames} frames are used.`,
    fits: (clip) => clip.use !== "picture" && (clip.state === "ready" || !clip.version),
  },
  driving: {
    accept: VIDEO,
    big: "Drop a video or GIF here",
    help: () => `It gives the motion; up to ${store.about.limits.frames} frames are used.`,
    fits: (clip) => clip.use !== "picture",
  },
  picture: {
    accept: `image/*,${VIDEO}`,
    big: "Drop a picture here",
    help: () => "If it is a video, its first frame is used.",
    fits: (clip) => clip.use === "picture",
  },
};

/** Whether a clip can be used: a pair needs silhouettes, everything else the frames alone. */
export const usable = (clip, use = "pair") =>
  use === "pair" ? clip?.state === "ready" : Boolean(clip?.frames) && !["uploading", "reading"].includes(clip.state);

const offered = (clip, use) =>
  USES[use].fits(clip) && (usable(clip, "driving") || (clip.state === "failed" && (clip.use ?? "pair") === use));

/** Of files that are dropped together, which is for a place: a picture, or a video to drive it. */
const suits = (file, use) => use === "pair" || /^image\/(?!gif)/.test(file.type) === (use === "picture");

/** `held()` is the clip that is in it, `taken(clip)` hears of another one or of null; what is dropped here and is too
    much for one place goes to the `other` one. It is drawn anew when its own clip changes, and only then. */
export class Slot {
  constructor(side, title, signal, { held, taken, use = "pair", alone = false }) {
    Object.assign(this, { side, title, signal, held, use, alone, other: null, sending: false });
    this.taken = (clip) => {
      taken(clip);
      this.draw();
    };
    this.element = h("section", { class: "slot", "aria-label": title });
    this.element.ondragover = (event) => {
      event.preventDefault();
      this.element.classList.add("over");
    };
    this.element.ondragleave = (event) =>
      this.element.contains(event.relatedTarget) || this.element.classList.remove("over");
    this.element.ondrop = (event) => {
      event.preventDefault();
      this.element.classList.remove("over");
      this.receive([...event.dataTransfer.files]);
    };
    this.draw();
    store.listen((kind, value) => {
      if (kind === "gone" && value.kind === "clips") local.release(value.id);
      if (kind !== "progress") this.draw();
    }, signal);
  }

  draw() {
    const clip = this.held();
    const now = JSON.stringify([clip, waitsFor(clip)]);
    if (now === this.shown) {
      this.list?.renew();
      return;
    }
    this.shown = now;
    this.list = null;
    afresh(this.element, () => this.element.replaceChildren(...this.parts(clip)));
  }

  parts(clip) {
    if (clip && usable(clip, this.use)) return this.filled(clip);
    return [h("h2", {}, this.title), ...(clip ? this.waiting(clip) : [this.empty()])];
  }

  empty() {
    const file = h("input", {
      type: "file",
      id: `file-${this.side}`,
      class: "file",
      accept: USES[this.use].accept,
      multiple: !this.alone,
      onchange: () => {
        const chosen = [...file.files];
        // So that the same file can be chosen again.
        file.value = "";
        if (chosen.length) this.receive(chosen);
      },
    });
    this.bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "Upload" });
    this.list = here((clip) => offered(clip, this.use), (clip) => this.take(clip));
    const label = h(
      "label",
      { for: file.id, class: "drop" },
      h("span", { class: "big" }, USES[this.use].big),
      h("span", {}, "or ", h("u", {}, "choose a file")),
      h("span", { class: "help" }, USES[this.use].help()),
      this.bar,
    );
    return h("div", { class: "empty-slot" }, file, label, this.list.element);
  }

  /** One that is here already. */
  take(clip) {
    this.taken(clip);
    // It was uploaded where its frames were enough.
    if (this.use === "pair" && clip.state === "ready" && !clip.version)
      attempt(async () => store.learn("clip", await post(`/clips/${clip.id}/silhouettes`, {})));
  }

  /** Files: the first for this place, the next for the other one, where that is free. */
  receive(files) {
    if (!files.length) {
      notice("what you dropped is not a file", "Drop a video or a GIF.");
      return;
    }
    const places = [this, this.other].filter((slot) => slot && !slot.sending && (slot === this || !slot.held()));
    for (const slot of places) {
      const best = Math.max(0, files.findIndex((file) => suits(file, slot.use)));
      for (const file of files.splice(best, 1)) slot.send(file);
    }
    if (files.length) notice(`there is no free place for ${files.map((file) => file.name).join(", ")}`, "Empty a place for it first.");
  }

  send(file) {
    return attempt(async () => {
      refuseLarge(file, store.about.limits.upload_bytes);
      this.sending = true;
      if (this.held()) this.taken(null);
      this.bar.hidden = false;
      const seen = local.preview(file);
      if (seen) this.bar.before(seen);
      try {
        const clip = await upload(file, (share) => (this.bar.value = share), this.use);
        local.keep(clip, seen);
        store.learn("clip", clip);
        this.taken(clip);
      } catch (error) {
        seen?.forget();
        throw error;
      } finally {
        this.bar.hidden = true;
        this.sending = false;
      }
    });
  }

  waiting(clip) {
    const other = h("button", { class: "quiet", onclick: () => this.taken(null) }, "Choose another");
    if (clip.state === "failed")
      return [
        h(
          "div",
          { class: "trouble" },
          h("p", {}, h("strong", {}, troubleOf(clip))),
          clip.hint ? h("p", {}, sentence(clip.hint)) : null,
        ),
        h(
          "div",
          { class: "buttons" },
          clip.frames ? h("a", { class: "button plain", href: `#/clip/${clip.id}` }, "Show it where the subject is") : null,
          other,
          discard(clip),
        ),
      ];
    const moving = this.moving(clip);
    return [
      moving,
      ...work(clip),
      glance(clip, moving),
      h("div", { class: "buttons" }, other, clip.state === "uploading" ? null : discard(clip)),
    ].filter(Boolean);
  }

  /** The clip itself, as soon as there is anything of it to be seen. */
  moving(clip) {
    // While it is read again, the frames that are there are not those that it will have.
    if (!clip.frames || clip.state === "reading") return local.kept(clip);
    local.release(clip.id);
    return running(clip, 300, this.signal, this.use === "pair" ? 0.55 : 0);
  }

  filled(clip) {
    const size = `${clip.width} × ${clip.height} px`;
    const facts = this.use === "picture" ? size : `${clip.frames} frames, ${size}, ${clip.seconds.toFixed(1)} s`;
    const pair = this.use === "pair";
    const notes = [...(clip.notes ?? []), ...(clip.warnings ?? [])];
    return [
      h("h2", {}, h("span", { class: "role" }, this.title), h("span", { class: "name" }, clip.name)),
      this.moving(clip),
      this.use === "picture" ? null : strip(clip, 6, pair ? 0.72 : 0),
      h("p", { class: "help" }, facts, ". ", pair ? silhouettesOf(clip) : ""),
      this.use === "picture" || clip.puppet ? null : cutting(clip),
      notes.length ? h("ul", { class: "notes" }, notes.map((note) => h("li", {}, sentence(note)))) : null,
      h(
        "div",
        { class: "buttons" },
        pair ? h("a", { class: "button plain", href: `#/clip/${clip.id}` }, "Check the silhouettes") : null,
        h("button", { class: "quiet", onclick: () => this.taken(null) }, "Choose another"),
        discard(clip),
      ),
    ].filter(Boolean);
  }
}

export function silhouettesOf(clip) {
  const ways = {
    given: "The silhouettes came with the clip.",
    alpha: "The silhouettes are the clip's own transparency.",
    threshold: "Silhouettes found against its flat background.",
    segment: "Silhouettes found by a segmentation network.",
    person: "Silhouettes drawn by the pose network.",
    colour: "Silhouettes found by colour and movement.",
    grabcut: "Silhouettes found by colour and movement.",
    saliency: "Silhouettes found by the saliency network.",
    corrected: "Silhouettes corrected by hand.",
  };
  return ways[clip.how] ?? "";
}
