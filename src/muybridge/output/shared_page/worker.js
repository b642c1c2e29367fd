// Draws poses beside the page, so that it stays awake: networks by ONNX Runtime Web, all else by the method's own program.

import * as ort from "onnxruntime-web";
import { draw } from "program";

const KINDS = { float32: Float32Array, int32: Int32Array };
const sessions = new Map();
let index = null;
let pack = null;

const bytes = ([from, length]) => pack.subarray(from, from + length);
const given = {
  get settings() {
    return index.settings;
  },
  array(name) {
    const { at, kind } = index.arrays[name];
    // Numbers lie on multiples of four bytes.
    return new KINDS[kind](pack.buffer, pack.byteOffset + at[0], at[1] / 4);
  },
  tensor: (kind, data, size) => new ort.Tensor(kind, data, size),
  async run(name, inputs) {
    const session = await open(name);
    return session.run(Object.fromEntries(session.inputNames.map((each) => [each, inputs[each]])));
  },
  /** size: [height, width], its own unless told. */
  async picture(name, place, size = null) {
    const blob = new Blob([bytes(index.pictures[name][place])], { type: "image/webp" });
    const smaller = size ? { resizeHeight: size[0], resizeWidth: size[1], resizeQuality: "medium" } : {};
    const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", ...smaller });
    const { width, height } = bitmap;
    const pen = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    pen.drawImage(bitmap, 0, 0);
    bitmap.close();
    return pen.getImageData(0, 0, width, height);
  },
};

function open(name) {
  if (!sessions.has(name)) sessions.set(name, ort.InferenceSession.create(bytes(index.networks[name]), { executionProviders: ["wasm"] }));
  return sessions.get(name);
}

onmessage = async ({ data }) => {
  try {
    if (data.begin) {
      ({ index, pack } = data.begin);
      ort.env.wasm.numThreads = 1;
      ort.env.wasm.wasmBinary = data.begin.runtime;
      return;
    }
    const begun = performance.now();
    const drawn = await draw(given, data.wish);
    const rgba = new Uint8ClampedArray(drawn.rgba.buffer, drawn.rgba.byteOffset, drawn.rgba.length).slice();
    postMessage({ ...drawn, rgba, milliseconds: performance.now() - begun }, [rgba.buffer]);
  } catch (error) {
    postMessage({ error: String(error?.message ?? error) });
  }
};
