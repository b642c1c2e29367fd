// Keyframes of the subjects and of the results, with undo: what is moved, by how much, on which frames, and what lies between.

/** The motion that moves are added to, as it is; `ease` is of the way between two keyframes. */
export const AS_IT_IS = { ease: false, strength: 1, smoothing: 0 };

/** Moves of a frame: straight lines between keyframes, held at both ends. The studio draws by the same rule. */
export function between(keys, frame, ease = false) {
  const frames = Object.keys(keys).map(Number).sort((x, y) => x - y);
  if (!frames.length) return {};
  const before = frames.filter((k) => k <= frame).pop() ?? frames[0];
  const after = frames.find((k) => k >= frame) ?? frames[frames.length - 1];
  const way = before === after ? 0 : (frame - before) / (after - before);
  const share = ease ? way * way * (3 - 2 * way) : way;
  const moved = {};
  for (const i of new Set([...Object.keys(keys[before]), ...Object.keys(keys[after])])) {
    const [x0, y0] = keys[before][i] ?? [0, 0];
    const [x1, y1] = keys[after][i] ?? [0, 0];
    moved[i] = [x0 + share * (x1 - x0), y0 + share * (y1 - y0)];
  }
  return moved;
}

/** Keypoints of all frames with their motion steadier, weaker or stronger, as `Handles.refine` has them in Python. */
export function refine({ points, steady }, { strength, smoothing }) {
  if (strength === 1 && smoothing === 0) return points;
  const calmed = points.map((frame, t) => frame.map((place, i) => place.map((v, axis) => v + smoothing * (steady[t][i][axis] - v))));
  const mean = points[0].map((_, i) => [0, 1].map((axis) => calmed.reduce((sum, frame) => sum + frame[i][axis], 0) / calmed.length));
  return calmed.map((frame) => frame.map((place, i) => place.map((v, axis) => mean[i][axis] + strength * (v - mean[i][axis]))));
}

export class Keys {
  constructor(kept, changed) {
    this.now = { motion: kept.motion ?? {}, a: kept.a ?? {}, b: kept.b ?? {}, ab: kept.ab ?? {}, ba: kept.ba ?? {} };
    this.past = [];
    this.future = [];
    this.changed = changed;
  }

  at(side, frame) {
    return between(this.now[side], frame, this.motion(side).ease);
  }

  /** How the clip moves between and under its keyframes. */
  motion(side) {
    return { ...AS_IT_IS, ...this.now.motion[side] };
  }

  /** Change that; `marked` where what was before is remembered already, as while a slider is drawn. */
  setMotion(side, change, marked = false) {
    if (!marked) this.mark();
    const motion = { ...this.now.motion, [side]: { ...this.motion(side), ...change } };
    this.now = { ...this.now, motion };
    this.changed();
  }

  /** Whether anything was moved, or the motion is another one. */
  touched(side) {
    return this.frames(side).length > 0 || JSON.stringify(this.motion(side)) !== JSON.stringify(AS_IT_IS);
  }

  frames(side) {
    return Object.keys(this.now[side]).map(Number).sort((x, y) => x - y);
  }

  /** Remember what is, before a change that can be undone. */
  mark() {
    this.past.push(JSON.stringify(this.now));
    if (this.past.length > 200) this.past.shift();
    this.future = [];
  }

  /** Move some keypoints of a frame, which becomes a keyframe. */
  move(side, frame, which, dx, dy) {
    const moves = { ...this.at(side, frame) };
    for (const i of which) {
      const [x, y] = moves[i] ?? [0, 0];
      moves[i] = [x + dx, y + dy];
    }
    this.set(side, frame, moves);
  }

  /** Five decimals are a hundredth of a pixel, and half of what would have to be kept otherwise. */
  set(side, frame, moves) {
    const short = Object.entries(moves).map(([i, way]) => [i, way.map((v) => Math.round(v * 1e5) / 1e5)]);
    this.now = { ...this.now, [side]: { ...this.now[side], [frame]: Object.fromEntries(short) } };
    this.changed();
  }

  remove(side, frame) {
    const { [frame]: gone, ...kept } = this.now[side];
    if (gone === undefined) return;
    this.mark();
    this.now = { ...this.now, [side]: kept };
    this.changed();
  }

  clear(side) {
    this.mark();
    this.now = { ...this.now, [side]: {}, motion: { ...this.now.motion, [side]: AS_IT_IS } };
    this.changed();
  }

  undo() {
    this.swap(this.past, this.future);
  }

  redo() {
    this.swap(this.future, this.past);
  }

  swap(from, to) {
    if (!from.length) return;
    to.push(JSON.stringify(this.now));
    this.now = JSON.parse(from.pop());
    this.changed();
  }
}
