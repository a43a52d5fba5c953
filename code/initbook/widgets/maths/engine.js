// @ts-check
// A stack of random layers, in the page: places the kernels' buffers and calls them.
import { names } from "./activations.js";
import { loadKernels, reserve } from "./compiled.js";
import { looks } from "./looks.js";
import { functions } from "./functions.js";
import settings from "../ten-layers.settings.js";
import { profileOf } from "./widths.js";

/**
 * What is drawn and computed.
 * @typedef {{ activation: string, scale: number, depth: number, width: number, profile: string,
 *   law: string, norm: string, batch: number, seed: number }} State
 *
 * What comes out of a layer: shares of all activations in each bin, outside them, and far from rest.
 * @typedef {{ mean: number, std: number, rms: number, bins: number[], outside: number, far: number }} Layer
 */

export const { bins: BINS, epsilon: EPSILON } = settings;
const { batch: BATCH, width: WIDTH, profile: PROFILE } = settings.state;

const RESULTS = 1024; // where the kernels leave sums and counts
const INPUTS = 4096;

export const strideOf = (/** @type {number} */ n) => 8 * Math.ceil(n / 8);
const ROOM = 4 * BATCH.max * strideOf(WIDTH.max); // for the largest batch of a layer

/** n_0 … n_L. @param {Pick<State, "profile" | "width" | "depth">} state */
export const widthsOf = ({ profile, width, depth }) =>
  profileOf(PROFILE.choices[/** @type {"taper"} */ (profile)].shares, width, depth);

/**
 * Byte offsets of all buffers; kernels.ts says how each is laid out.
 * @param {number[]} widths
 */
export function layout(widths) {
  let end = INPUTS + 4 * ROOM;
  const weights = widths.slice(1).map((m, l) => {
    const start = end;
    end += 4 * widths[l] * strideOf(m);
    return start;
  });
  return { inputs: INPUTS, first: INPUTS + ROOM, here: INPUTS + 2 * ROOM, there: INPUTS + 3 * ROOM, weights, end };
}

/**
 * A normal number cut at two of its stds, with variance 1, is v R(v²) for a v even between −1 and 1;
 * this R is good to 3e-7.
 * @param {number} x
 */
function cut(x) {
  const top = 1.359996813 + x * (-3.016507067 + x * (2.248665185 + x * (-0.6124989905 + x * 0.03741490035)));
  const bottom = 1 + x * (-2.456538504 + x * (2.119843989 + x * (-0.7361558474 + x * 0.08035833806)));
  return top / bottom;
}

/** @param {BufferSource} [bytes] of engine.wasm */
export async function createEngine(bytes) {
  const { kernels, name } = await loadKernels(bytes);
  return new Engine(kernels, name);
}

export class Engine {
  /** For the inputs and each weight matrix, what is drawn there. @type {string[]} */
  #drawn = [];
  #first = "";
  /** What f(s·z) = s·f(z) saves: the layers of one scale, and of what. @type {{ of: string, layers: Layer[] }} */
  #kept = { of: "", layers: [] };

  /** @param {import("./compiled.js").Kernels} kernels @param {string} name */
  constructor(kernels, name) {
    this.kernels = kernels;
    this.name = name;
  }

  /**
   * What comes out of each layer for the first `rows` inputs, a multiple of 4. Without normalization
   * ReLU and its kin are computed once, where they keep their size, and layer l grows as scale^l.
   * @param {State} state
   * @returns {Layer[]}
   */
  simulate(state, rows = state.batch) {
    const { leak } = functions[state.activation], { scale, norm } = state;
    if (leak === undefined || !scale || norm === "on") return this.#layers(state, rows);
    const keeps = Math.sqrt(2 / (1 + leak * leak)), of = JSON.stringify({ ...state, scale: 0, rows });
    if (this.#kept.of !== of) this.#kept = { of, layers: this.#layers({ ...state, scale: keeps }, rows) };
    return this.#kept.layers.map((layer, l) => {
      const ratio = (scale / keeps) ** (l + 1), { mean, std, rms } = layer;
      return { ...layer, mean: ratio * mean, std: ratio * std, rms: ratio * rms };
    });
  }

  /** @param {State} state @param {number} rows */
  #layers(state, rows) {
    const widths = widthsOf(state), { activation, scale, norm } = state, { kernels } = this;
    let { first: from, here, there, weights } = this.draw(state, widths);
    return weights.map((w, l) => {
      const n = widths[l], m = widths[l + 1], count = rows * strideOf(m);
      if (l) {
        kernels.product(here, w, there, rows, n, m);
        from = there;
      }
      let sigma = scale / Math.sqrt(n);
      if (norm === "on") {
        this.#normalize(from, there, rows, m, sigma);
        [from, sigma] = [there, 1];
      }
      this.#apply(from, there, count, sigma, activation);
      [here, there] = [there, here];
      return this.#describe(here, m, rows, activation);
    });
  }

  /**
   * Places standard inputs and weights, which stay until their shape or draw changes:
   * the std only scales them.
   * @param {State} state
   */
  draw(state, widths = widthsOf(state)) {
    const { law, seed, batch } = state;
    const { kernels } = this, places = layout(widths), { inputs, first, weights } = places;
    reserve(kernels, places.end);
    const draws = [{ at: inputs, count: BATCH.max * strideOf(widths[0]), law: "normal" },
      ...weights.map((at, l) => ({ at, count: widths[l] * strideOf(widths[l + 1]), law }))];
    draws.forEach((draw, stream) => {
      const key = `${Object.values(draw)} ${seed}`;
      if (this.#drawn[stream] === key) return;
      this.#drawn[stream] = key;
      this.#fill(draw, seed, stream);
    });
    this.#drawn.length = draws.length;
    const key = `${this.#drawn.slice(0, 2)} ${widths.slice(0, 2)} ${batch}`;
    if (this.#first !== key) kernels.product(inputs, weights[0], first, batch, widths[0], widths[1]);
    this.#first = key;
    return places;
  }

  /** @param {{ at: number, count: number, law: string }} draw @param {number} seed @param {number} stream */
  #fill({ at, count, law }, seed, stream) {
    if (law === "normal") return this.kernels.normals(at, count, seed, stream);
    this.kernels.uniforms(at, count, seed, stream);
    const numbers = this.#floats(at, count), root3 = Math.sqrt(3);
    for (let i = 0; i < count; i++) numbers[i] *= law === "uniform" ? root3 : cut(numbers[i] * numbers[i]);
  }

  /** @param {number} at @param {number} count */
  #floats(at, count) {
    return new Float32Array(this.kernels.memory.buffer, at, count);
  }

  /**
   * Batch normalization: each unit's sums over the batch get mean 0 and variance 1.
   * @param {number} from
   * @param {number} to
   * @param {number} rows
   * @param {number} m
   * @param {number} sigma
   */
  #normalize(from, to, rows, m, sigma) {
    const size = 4 * strideOf(m), z = this.#floats(from, (rows / 4) * size), out = this.#floats(to, z.length);
    const mean = new Float64Array(m), square = new Float64Array(m);
    const each = (/** @type {(k: number, unit: number) => void} */ see) => {
      for (let start = 0; start < z.length; start += size) {
        for (let k = 0; k < 4 * m; k++) see(start + k, k >> 2);
      }
    };
    each((k, unit) => { mean[unit] += z[k] / rows; });
    each((k, unit) => { square[unit] += (z[k] - mean[unit]) ** 2 / rows; });
    const factor = square.map((variance) => sigma / Math.sqrt(sigma * sigma * variance + EPSILON));
    each((k, unit) => { out[k] = (z[k] - mean[unit]) * factor[unit]; });
  }

  /**
   * @param {number} from
   * @param {number} to
   * @param {number} count
   * @param {number} sigma
   * @param {string} activation
   */
  #apply(from, to, count, sigma, activation) {
    const number = names.indexOf(activation), { f } = functions[activation];
    if (number >= 0) return this.kernels.apply(from, to, count, sigma, number);
    const z = this.#floats(from, count), h = this.#floats(to, count);
    for (let k = 0; k < count; k++) h[k] = f(sigma * z[k]);
  }

  /**
   * @param {number} h
   * @param {number} width
   * @param {number} rows
   * @param {string} activation
   * @returns {Layer}
   */
  #describe(h, width, rows, activation) {
    const { kernels } = this, rest = functions[activation].f(0);
    const { range, inRms, far = Infinity } = looks[activation];
    const count = width * rows;
    kernels.sums(h, rows, width, rest, RESULTS);
    const [sum, squares] = new Float64Array(kernels.memory.buffer, RESULTS, 2);
    const shift = sum / count;
    const std = Math.sqrt(Math.max(0, squares / count - shift * shift));
    const mean = rest + shift, rms = Math.hypot(std, mean);
    const [low, high] = range, unit = inRms ? rms || 1 : 1;
    const negative = (BINS * -low) / (high - low); // bins below 0, a whole number of them
    kernels.histogram(h, rows, width, high * unit, BINS, negative, rest, far, RESULTS);
    const counts = new Uint32Array(kernels.memory.buffer, RESULTS, 4 * (BINS + 3));
    const merged = Array.from({ length: BINS + 3 }, (_, i) =>
      (counts[4 * i] + counts[4 * i + 1] + counts[4 * i + 2] + counts[4 * i + 3]) / count);
    const bins = merged.slice(1, BINS + 1), beyond = merged[BINS + 2];
    if (far === 0 && beyond > 0) bins[0] -= 1 - beyond; // exact zeros are told in words
    return { mean, std, rms, bins, outside: merged[0] + merged[BINS + 1], far: beyond };
  }
}
