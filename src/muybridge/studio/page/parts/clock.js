// When frames are shown.

/** Seconds at which frames start, and the length of it all, from ticks. */
export function clock({ time_base: [over, under], pts, last }) {
  const tick = over / under;
  return { starts: pts.map((p) => p * tick), duration: (pts[pts.length - 1] + last) * tick };
}

/** The frame that is shown at a time; the clip starts again after its end. */
export function frameAt({ starts, duration }, seconds) {
  const at = (seconds + 1e-6) % duration;
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle] <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
