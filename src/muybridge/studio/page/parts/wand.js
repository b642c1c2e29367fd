// What hangs together with a place of a picture, by its colour or by what the segmentation network sees there: a click
// adds it to a silhouette, or takes it away.

const AROUND = 1;
/** Pixels round the place whose mean colour is looked for, so that one noisy pixel does not decide. */

/** Which pixels belong to it: 1 or 0 each. `picture` is ImageData, `reach` how far a colour may lie from that of the place. */
export function regionAt({ data, width, height }, x, y, reach) {
  const seed = meanColour(data, width, height, x, y);
  const alike = (at) => {
    let sum = 0;
    for (let i = 0; i < 3; i += 1) sum += (data[4 * at + i] - seed[i]) ** 2;
    return sum <= 3 * reach * reach;
  };
  return connected(width, height, x, y, alike);
}

/** The same for the subject that the network sees there; null where it sees none. */
export function partAt({ data, width, height }, x, y) {
  const label = data[4 * (y * width + x)];
  return label ? connected(width, height, x, y, (at) => data[4 * at] === label) : null;
}

function connected(width, height, x, y, alike) {
  const found = new Uint8Array(width * height);
  const begin = y * width + x;
  const waiting = [begin];
  found[begin] = 1;
  while (waiting.length) {
    const at = waiting.pop();
    const column = at % width;
    const beside = [at - width, at + width, column > 0 ? at - 1 : -1, column < width - 1 ? at + 1 : -1];
    for (const next of beside) {
      if (next < 0 || next >= found.length || found[next] || !alike(next)) continue;
      found[next] = 1;
      waiting.push(next);
    }
  }
  return found;
}

function meanColour(data, width, height, x, y) {
  const sum = [0, 0, 0];
  let count = 0;
  for (let row = Math.max(0, y - AROUND); row <= Math.min(height - 1, y + AROUND); row += 1)
    for (let column = Math.max(0, x - AROUND); column <= Math.min(width - 1, x + AROUND); column += 1) {
      for (let i = 0; i < 3; i += 1) sum[i] += data[4 * (row * width + column) + i];
      count += 1;
    }
  return sum.map((value) => value / count);
}
