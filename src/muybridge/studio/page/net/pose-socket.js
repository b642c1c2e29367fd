// The line to the studio's drawing process: wishes out, pictures in, and how long each took.

import { notice } from "../dom.js";

const REFUSED = 1008;

export class Drawing {
  /** `drawn(bitmap, {full, milliseconds, waited, newest, sources})` is called when a picture is about to be seen: `waited` of
      the milliseconds passed on the line and in the studio; `sources` are the own frames that it is made of. */
  constructor(run, signal, drawn) {
    Object.assign(this, { run, signal, drawn, seq: 0, stamps: new Map(), waiting: null, tries: 0 });
    signal.addEventListener("abort", () => this.line?.close());
    this.open();
  }

  open() {
    const line = new WebSocket(`${location.origin.replace(/^http/, "ws")}/api/runs/${this.run.id}/drag`);
    line.binaryType = "arraybuffer";
    line.onopen = () => {
      this.tries = 0;
      if (this.waiting) this.send(this.waiting, this.waiting.stamp);
    };
    line.onmessage = (event) => (typeof event.data === "string" ? this.refused(event.data) : this.picture(event.data));
    line.onclose = ({ code, reason }) => {
      if (this.signal.aborted) return;
      // The studio has said no; it would say so again.
      if (code === REFUSED) {
        if (!this.told?.startsWith(reason)) notice(reason || "the studio draws nothing for this page");
        return;
      }
      this.tries += 1;
      if (this.tries === 3) notice("the connection for drawing is broken", "The page keeps trying.");
      setTimeout(() => !this.signal.aborted && this.open(), Math.min(8000, 500 * this.tries));
    };
    this.line = line;
  }

  /** Ask for a picture; `stamp` is when the person moved. Of several, the studio draws the last. */
  send(wish, stamp = performance.now()) {
    if (this.line.readyState !== WebSocket.OPEN) {
      this.waiting = { ...wish, stamp };
      return;
    }
    this.waiting = null;
    this.seq += 1;
    this.stamps.set(this.seq, { stamp, sent: performance.now() });
    const { side, frame, moves, full, background } = wish;
    this.line.send(JSON.stringify({ seq: this.seq, side, frame, moves, full, background }));
  }

  async picture(data) {
    const came = performance.now();
    const head = new DataView(data);
    const seq = head.getUint32(0, true);
    const full = head.getUint8(4) === 1;
    const count = head.getUint8(5);
    const sources = Array.from({ length: count }, (_, i) => head.getUint32(6 + 4 * i, true));
    const bitmap = await createImageBitmap(new Blob([data.slice(6 + 4 * count)], { type: "image/jpeg" }));
    const { stamp, sent } = this.stamps.get(seq) ?? { stamp: came, sent: came };
    // What was asked before this one will not come any more.
    for (const old of this.stamps.keys()) if (old <= seq) this.stamps.delete(old);
    requestAnimationFrame(() => this.drawn(bitmap, { full, milliseconds: performance.now() - stamp, waited: came - sent, newest: seq === this.seq, sources }));
  }

  refused(text) {
    const { message, hint } = JSON.parse(text);
    this.told = message;
    notice(message, hint);
  }
}
