// @ts-check
// Ten layers of random weights, in the page: loads engine.wasm, places its buffers and calls it.
import { activations, names } from "./activations.js";
import { fallbackKernels } from "./fallback.js";
import { looks } from "./looks.js";
import settings from "./ten-layers.settings.js";

/**
 * What is drawn and computed.
 * @typedef {{ activation: string, scale: number, width: number, batch: number, seed: number }} State
 *
 * What comes out of a layer: shares of all activations in each bin, outside them, and far from rest.
 * @typedef {{ mean: number, std: number, rms: number, bins: number[], outside: number, far: number }} Layer
 *
 * What kernels.ts exports, and fallback.js in its place. Buffers are byte offsets in `memory`.
 * @typedef {object} Kernels
 * @property {{ buffer: ArrayBuffer, grow(pages: number): unknown }} memory
 * @property {(out: number, count: number, seed: number, stream: number) => void} normals
 * @property {(inputs: number, weights: number, out: number, batch: number, n: number) => void} product
 * @property {(from: number, out: number, count: number, sigma: number, activation: number) => void} apply
 * @property {(h: number, batch: number, n: number, center: number, out: number) => void} sums
 * @property {(h: number, batch: number, n: number, high: number, bins: number, negative: number,
 *   center: number, far: number, out: number) => void} histogram
 */

export const { depth: DEPTH, bins: BINS } = settings;

const PAGE = 65536;
const RESULTS = 1024; // where the kernels leave sums and counts
const INPUTS = 4096;

/**
 * Byte offsets of all buffers; kernels.ts says how each is laid out.
 * @param {number} width
 * @param {number} batch
 */
export function layout(width, batch) {
  const stride = 8 * Math.ceil(width / 8);
  const activationBytes = 4 * batch * stride, weightBytes = 4 * width * stride;
  const first = INPUTS + activationBytes, here = first + activationBytes;
  const there = here + activationBytes;
  const weights = (/** @type {number} */ l) => there + activationBytes + l * weightBytes;
  return { stride, inputs: INPUTS, first, here, there, weights, end: weights(DEPTH) };
}

/**
 * Compiled kernels, or the same in plain JavaScript where WebAssembly's SIMD is missing.
 * @param {BufferSource} [bytes]
 */
export async function createEngine(bytes) {
  try {
    bytes ??= await (await fetch(new URL("./engine.wasm", import.meta.url))).arrayBuffer();
    const { instance } = await WebAssembly.instantiate(bytes);
    return new Engine(/** @type {any} */ (instance.exports), "wasm");
  } catch {
    return new Engine(fallbackKernels(), "javascript");
  }
}

export class Engine {
  #drawn = "";
  #places = layout(0, 0);

  /** @param {Kernels} kernels @param {string} name */
  constructor(kernels, name) {
    this.kernels = kernels;
    this.name = name;
  }

  /**
   * What comes out of each layer; `batch` is a multiple of 4.
   * @param {State} state
   */
  simulate({ activation, scale, width, batch, seed }) {
    this.#draw(width, batch, seed);
    const { kernels } = this;
    let { stride, first, here, there, weights } = this.#places;
    const apply = (/** @type {number} */ from, /** @type {number} */ out) =>
      kernels.apply(from, out, batch * stride, scale / Math.sqrt(width), names.indexOf(activation));
    apply(first, here);
    const layers = [this.#describe(here, width, batch, activation)];
    for (let l = 1; l < DEPTH; l++) {
      kernels.product(here, weights(l), there, batch, width);
      apply(there, there);
      [here, there] = [there, here];
      layers.push(this.#describe(here, width, batch, activation));
    }
    return layers;
  }

  /**
   * Standard normal inputs and weights stay until width or draw change: the std only scales them.
   * @param {number} width
   * @param {number} batch
   * @param {number} seed
   */
  #draw(width, batch, seed) {
    const drawn = `${width} ${batch} ${seed}`;
    if (drawn === this.#drawn) return;
    const { kernels } = this, places = layout(width, batch);
    const missing = places.end - kernels.memory.buffer.byteLength;
    if (missing > 0) kernels.memory.grow(Math.ceil(missing / PAGE));
    kernels.normals(places.inputs, batch * places.stride, seed, 0);
    for (let l = 0; l < DEPTH; l++) {
      kernels.normals(places.weights(l), width * places.stride, seed, l + 1);
    }
    kernels.product(places.inputs, places.weights(0), places.first, batch, width);
    this.#drawn = drawn;
    this.#places = places;
  }

  /**
   * @param {number} h
   * @param {number} width
   * @param {number} batch
   * @param {string} activation
   * @returns {Layer}
   */
  #describe(h, width, batch, activation) {
    const { kernels } = this, { rest } = activations[activation];
    const { range, inRms, far = Infinity } = looks[activation];
    const count = width * batch;
    kernels.sums(h, batch, width, rest, RESULTS);
    const [sum, squares] = new Float64Array(kernels.memory.buffer, RESULTS, 2);
    const shift = sum / count;
    const std = Math.sqrt(Math.max(0, squares / count - shift * shift));
    const mean = rest + shift, rms = Math.hypot(std, mean);
    const [low, high] = range, unit = inRms ? rms || 1 : 1;
    const negative = (BINS * -low) / (high - low); // bins below 0, a whole number of them
    kernels.histogram(h, batch, width, high * unit, BINS, negative, rest, far, RESULTS);
    const counts = new Uint32Array(kernels.memory.buffer, RESULTS, 4 * (BINS + 3));
    const merged = Array.from({ length: BINS + 3 }, (_, i) =>
      (counts[4 * i] + counts[4 * i + 1] + counts[4 * i + 2] + counts[4 * i + 3]) / count);
    const bins = merged.slice(1, BINS + 1), beyond = merged[BINS + 2];
    if (far === 0 && beyond > 0) bins[0] -= 1 - beyond; // exact zeros are told in words
    return { mean, std, rms, bins, outside: merged[0] + merged[BINS + 1], far: beyond };
  }
}
