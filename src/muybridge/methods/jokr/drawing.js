// A pose of JOKR drawn in a browser, as `render_apart` draws it in Python; what is a network comes as one.

const HELD = 96e6;
/** Bytes of own frames that stay decoded, and these by their place. */
const decoded = new Map();
let bytes = 0;

/** given: {settings, array(name), tensor(type, data, size), run(network, inputs), picture(name, place)};
    start, points: keypoints of the crop as they were and as they are wished, one number after the other.
    quick: smaller and of one own frame, as while somebody drags. */
export async function draw(given, { side, start, points, quick }) {
  const { settings } = given;
  const [high, wide] = settings.canvas;
  const pose = given.tensor("float32", points, [1, settings.keypoints, 2]);
  const { silhouettes } = await given.run("shapes", { points: pose });
  const at = settings.sides.indexOf(side) * high * wide;
  const shape = silhouettes.data.slice(at, at + high * wide);
  takeStraysAway(shape, settings);
  const silhouette = given.tensor("float32", shape, [1, 1, high, wide]);

  const entries = chooseReferences(given, side, start, points, quick);
  const inputs = await entriesOf(given, side, entries, quick ? settings.quick : 1);
  const count = entries.length;
  const moved = await given.run("motion", {
    points: given.tensor("float32", repeat(points, count), [count, settings.keypoints, 2]),
    silhouettes: given.tensor("float32", repeat(shape, count), [count, 1, high, wide]),
    reference_points: inputs.reference_points,
    references: inputs.references,
  });
  const wish = { ...inputs, ...moved, silhouette, view: viewOf(given, side, quick ? settings.quick : 1) };
  if (!quick) wish.painted = (await given.run(`painter_${side}`, { points: pose, silhouettes: silhouette })).colours;
  const { picture } = await given.run(`${quick ? "glance" : "merge"}_${side}`, wish);
  const [height, width] = picture.dims;
  const index = given.array(`index_${side}`);
  return { rgba: picture.data, width, height, sources: [...new Set(entries.map(({ place }) => index[place]))] };
}

const repeat = (numbers, count) => {
  const all = new Float32Array(numbers.length * count);
  for (let i = 0; i < count; i += 1) all.set(numbers, i * numbers.length);
  return all;
};

/** What the references are, one after the other, as the networks take them. */
async function entriesOf(given, side, entries, part) {
  const { settings } = given;
  const [high, wide] = settings.canvas;
  const count = entries.length;
  const slots = Math.max(...entries.map(({ slot }) => slot)) + 1;
  const share = new Float32Array(count * slots);
  entries.forEach((entry, e) => (share[e * slots + entry.slot] = entry.share));
  const rows = (name, length) => {
    const all = given.array(`${name}_${side}`);
    const chosen = new Float32Array(count * length);
    entries.forEach(({ place }, e) => chosen.set(all.subarray(place * length, (place + 1) * length), e * length));
    return chosen;
  };

  const frames = [];
  for (const { place } of entries) frames.push(await ownFrame(given, side, place, part));
  const small = new Float32Array(count * 4 * high * wide);
  frames.forEach((frame, e) => frame.small.forEach((value, i) => (small[e * 4 * high * wide + i] = value / 255)));
  const [{ width, height }] = frames;
  const pictures = new Uint8Array(count * 4 * width * height);
  frames.forEach((frame, e) => pictures.set(frame.full, e * 4 * width * height));
  return {
    slots: given.tensor("float32", share, [count, slots]),
    reference_points: given.tensor("float32", rows("points", 2 * settings.keypoints), [count, settings.keypoints, 2]),
    boxes: given.tensor("float32", rows("boxes", 4), [count, 4]),
    references: given.tensor("float32", small, [count, 4, high, wide]),
    pictures: given.tensor("uint8", pictures, [count, 4, height, width]),
  };
}

/** An own frame, decoded so many times smaller: colours and silhouette, channel by channel. */
async function ownFrame(given, side, place, part) {
  const key = `${side} ${place} ${part}`;
  const held = decoded.get(key);
  if (held) {
    // The one that was asked for last is given up last.
    decoded.delete(key);
    decoded.set(key, held);
    return held;
  }
  const size = part === 1 ? null : given.settings.frames[side].map((length) => Math.ceil(length / part));
  const [colours, matte, smallColours, smallMatte] = await Promise.all([
    given.picture(`colours_${side}`, place, size),
    given.picture(`mattes_${side}`, place, size),
    given.picture(`small_colours_${side}`, place),
    given.picture(`small_mattes_${side}`, place),
  ]);
  const frame = { width: colours.width, height: colours.height, full: planes(colours, matte), small: planes(smallColours, smallMatte) };
  decoded.set(key, frame);
  bytes += frame.full.length;
  for (const [oldest, { full }] of decoded) {
    if (bytes <= HELD || oldest === key) break;
    decoded.delete(oldest);
    bytes -= full.length;
  }
  return frame;
}

function planes(colours, matte) {
  const cells = colours.width * colours.height;
  const all = new Uint8Array(4 * cells);
  for (let i = 0; i < cells; i += 1) {
    all[i] = colours.data[4 * i];
    all[cells + i] = colours.data[4 * i + 1];
    all[2 * cells + i] = colours.data[4 * i + 2];
    all[3 * cells + i] = matte.data[4 * i];
  }
  return all;
}

/** Where in the crop each pixel of the picture lies. */
const views = new Map();
function viewOf(given, side, part) {
  const key = `${side} ${part}`;
  if (!views.has(key)) {
    const columns = given.array(`columns_${part}_${side}`);
    const rows = given.array(`rows_${part}_${side}`);
    const places = new Float32Array(2 * columns.length * rows.length);
    rows.forEach((y, i) =>
      columns.forEach((x, j) => {
        places[2 * (i * columns.length + j)] = x;
        places[2 * (i * columns.length + j) + 1] = y;
      }),
    );
    views.set(key, given.tensor("float32", places, [rows.length, columns.length, 2]));
  }
  return views.get(key);
}

/** The own frames of a pose, as `ReferencePlanner` chooses them for `start` and then for `points`: [{place, slot, share}]. */
export function chooseReferences(given, side, start, points, quick) {
  const { choice, references, seen } = given.settings;
  const bank = given.array(`points_${side}`);
  const times = given.array(`index_${side}`);
  const count = Math.min(quick ? 1 : references, times.length);
  const before = plan(start, null);
  const now = plan(points, before);
  const entries = [];
  for (let slot = 0; slot < count; slot += 1)
    for (const [place, share] of fade(before[slot], now[slot]))
      if (share > seen) entries.push({ place, slot, share });
  return entries;

  function plan(pose, last) {
    const k = pose.length / 2;
    const distances = Array.from(times, (_, r) => distancesOf(pose, r));
    const taken = new Float64Array(times.length);
    const paths = [];
    for (let slot = 0; slot < count; slot += 1) {
      let best = 0;
      let least = Infinity;
      distances.forEach((each, r) => {
        const cost = each.reduce((sum, one) => sum + one, 0) / k + taken[r];
        const total = last ? cost + price(times[r], times[last[slot]]) : cost;
        if (total < least) [least, best] = [total, r];
      });
      paths.push(best);
      // The next reference counts by what it improves, and is to be of another time.
      times.forEach((time, r) => (taken[r] += Math.abs(time - times[best]) <= choice.neighbours ? choice.taken : 0));
      const chosen = distances[best].slice();
      for (const each of distances) chosen.forEach((one, i) => (each[i] = Math.min(each[i], one)));
    }
    return paths;
  }

  /** Of each keypoint, squared. */
  function distancesOf(pose, r) {
    const k = pose.length / 2;
    return Float64Array.from({ length: k }, (_, i) => {
      const [dx, dy] = [pose[2 * i] - bank[2 * (r * k + i)], pose[2 * i + 1] - bank[2 * (r * k + i) + 1]];
      return Math.min(dx * dx + dy * dy, choice.far ** 2);
    });
  }

  function price(one, other) {
    const gap = Math.min(Math.abs(one - other), choice.neighbours) / choice.neighbours;
    return gap > 0 ? choice.change * (0.2 + 0.8 * gap) : 0;
  }

  /** A change is spread over frames; of one alone, those before it have the old reference and it and the rest the new. */
  function fade(old, fresh) {
    if (quick || old === fresh) return [[fresh, 1]];
    let [early, all] = [0, 0];
    for (let i = -choice.fade; i <= choice.fade; i += 1) {
      const weight = 1 - Math.abs(i) / (choice.fade + 1);
      all += weight;
      if (i < 0) early += weight;
    }
    return [[fresh, 1 - early / all], [old, early / all]];
  }
}

/** Make small parts that stand apart from the subject empty, as `stray_parts` does. */
export function takeStraysAway(shape, { canvas: [high, wide], shows, strays, near }) {
  if (!strays) return;
  const reach = (near.length - 1) / 2;
  const close = new Uint8Array(shape.length);
  for (let y = 0; y < high; y += 1)
    for (let x = 0; x < wide; x += 1) {
      if (!(shape[y * wide + x] > shows)) continue;
      for (let v = Math.max(0, y - reach); v <= Math.min(high - 1, y + reach); v += 1)
        for (let u = Math.max(0, x - reach); u <= Math.min(wide - 1, x + reach); u += 1)
          if (near[v - y + reach][u - x + reach]) close[v * wide + u] = 1;
    }

  const label = new Int32Array(shape.length);
  const area = [0];
  for (let first = 0; first < close.length; first += 1) {
    if (!close[first] || label[first]) continue;
    const name = area.push(0) - 1;
    const todo = [first];
    label[first] = name;
    while (todo.length) {
      const at = todo.pop();
      if (shape[at] > shows) area[name] += 1;
      const [y, x] = [Math.floor(at / wide), at % wide];
      for (let v = Math.max(0, y - 1); v <= Math.min(high - 1, y + 1); v += 1)
        for (let u = Math.max(0, x - 1); u <= Math.min(wide - 1, x + 1); u += 1)
          if (close[v * wide + u] && !label[v * wide + u]) {
            label[v * wide + u] = name;
            todo.push(v * wide + u);
          }
    }
  }
  const least = strays * Math.max(...area);
  label.forEach((name, at) => name && area[name] < least && (shape[at] = 0));
}
