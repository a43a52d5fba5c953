// @ts-check
// z = Σ x_i w_i over many draws: what is measured, what chapter 3 predicts, and the same in NumPy.
import { loadKernels, reserve } from "./compiled.js";
import { ENGINE_DRAWS_IN_PYTHON } from "./engine-draws.js";
import settings from "../variance-of-a-sum.settings.js";

/**
 * @typedef {{ n: number, var_w: number, mean_w: number, var_x: number, mean_x: number,
 *   correlation: number, law: string, held: string, unit: number, seed: number }} State
 *
 * Numbers of mean 0 and variance 1, a row of `MOST` for each draw, and one for each that is common.
 * @typedef {{ w: Float32Array, x: Float32Array, common: Float32Array }} Standard
 *
 * The weights and inputs of one unit, and z of every draw.
 * @typedef {{ w: Float64Array, x: Float64Array, z: Float64Array }} Sample
 */

export const { draws: DRAWS, bins: BINS } = settings;
const MOST = settings.state.n.max;
const AT = 4096; // where the kernels leave what they draw
// Each draw has eight streams of the generator: four for its weights, then its inputs.
const STREAMS = 8, INPUTS = 4, COMMON = 5;

/**
 * Draws standard numbers, and keeps them until law or seed change.
 * @param {BufferSource} [bytes] of engine.wasm
 */
export async function prepare(bytes) {
  const { kernels, name } = await loadKernels(bytes);
  reserve(kernels, AT + 4 * MOST);
  /** @type {Standard} */
  const kept = {
    w: new Float32Array(DRAWS * MOST), x: new Float32Array(DRAWS * MOST), common: new Float32Array(DRAWS),
  };
  let drawn = "", seeded = -1;
  /** @param {number} count @param {number} seed @param {number} stream */
  const normals = (count, seed, stream) => {
    kernels.normals(AT, count, seed, stream);
    return new Float32Array(kernels.memory.buffer, AT, count);
  };
  /** @param {string} law @param {number} seed @param {number} j */
  const weights = (law, seed, j) => {
    const g = normals(MOST, seed, STREAMS * j);
    if (law === "normal") return g;
    if (law === "coin") return g.map((one) => (one < 0 ? -1 : 1));
    const top = g.slice(), squares = new Float64Array(MOST);
    for (let k = 1; k < 4; k++) {
      const more = normals(MOST, seed, STREAMS * j + k);
      for (let i = 0; i < MOST; i++) squares[i] += more[i] * more[i];
    }
    return top.map((one, i) => one / Math.sqrt(squares[i])); // Student's t₃, over its std √3
  };
  return {
    engine: name,
    /** @param {string} law @param {number} seed */
    standard(law, seed) {
      const wanted = `${law} ${seed}`;
      for (let j = 0; j < DRAWS && drawn !== wanted; j++) {
        kept.w.set(weights(law, seed, j), j * MOST);
        if (seed === seeded) continue;
        kept.x.set(normals(MOST, seed, STREAMS * j + INPUTS), j * MOST);
        kept.common[j] = normals(8, seed, STREAMS * j + COMMON)[0];
      }
      drawn = wanted;
      seeded = seed;
      return kept;
    },
  };
}

/** @typedef {Awaited<ReturnType<typeof prepare>>} Source */

/** @param {State} state @param {Source} source @returns {Sample} */
export function sample({ n, var_w, mean_w, var_x, mean_x, correlation, law, held, unit, seed }, source) {
  const { w, x, common } = source.standard(law, seed);
  const std_w = Math.sqrt(var_w), std_x = Math.sqrt(var_x);
  const own = Math.sqrt(1 - correlation), shared = Math.sqrt(correlation);
  const weight = (/** @type {number} */ j, /** @type {number} */ i) => mean_w + std_w * w[j * MOST + i];
  const input = (/** @type {number} */ j, /** @type {number} */ i) =>
    mean_x + std_x * (shared * common[j] + own * x[j * MOST + i]);
  const z = new Float64Array(DRAWS);
  for (let j = 0; j < DRAWS; j++) {
    const from = held === "inputs" ? unit : j, by = held === "weights" ? unit : j;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += input(from, i) * weight(by, i);
    z[j] = sum;
  }
  const each = (/** @type {typeof weight} */ of) => Float64Array.from({ length: n }, (_, i) => of(unit, i));
  return { w: each(weight), x: each(input), z };
}

/**
 * The mean and the second moment of the sum of the first `k` products.
 * Nothing held: n Var(w) E[x²] + E[w]² E[s²] with s = Σ x_i. Inputs held: Var(w) Σ x_i² + E[w]² s².
 * Weights held: Σ w_i C_ik w_k + E[x]² (Σ w_i)², where C is the covariance of the inputs.
 * @param {State} state
 * @param {Pick<Sample, "w" | "x">} unit
 */
export function predict({ n, var_w, mean_w, var_x, mean_x, correlation, held }, { w, x }, k = n) {
  const sums = (/** @type {Float64Array} */ of) => {
    let sum = 0, squares = 0;
    for (let i = 0; i < k; i++) {
      sum += of[i];
      squares += of[i] * of[i];
    }
    return { sum, squares };
  };
  if (held === "inputs") {
    const { sum, squares } = sums(x);
    return { mean: mean_w * sum, second: var_w * squares + (mean_w * sum) ** 2 };
  }
  if (held === "weights") {
    const { sum, squares } = sums(w);
    const variance = var_x * ((1 - correlation) * squares + correlation * sum * sum);
    return { mean: mean_x * sum, second: variance + (mean_x * sum) ** 2 };
  }
  const square = var_x + mean_x ** 2; // E[x²]
  const ofSum = k * var_x * (1 + (k - 1) * correlation) + (k * mean_x) ** 2; // E[s²]
  return { mean: k * mean_w * mean_x, second: k * var_w * square + mean_w ** 2 * ofSum };
}

/**
 * The numbers that the figure says, and that the program prints under the same names; `half` is
 * half a 95 % interval of the mean square, `far` the share further than 3 predicted stds out.
 * @param {State} state
 * @param {Source} source
 */
export function numbers(state, source) {
  return summary(state, sample(state, source));
}

/** @param {State} state @param {Sample} drawn */
export function summary(state, drawn) {
  const { mean, second } = predict(state, drawn), std = Math.sqrt(Math.max(0, second - mean * mean));
  let total = 0, squares = 0, fourths = 0, far = 0;
  for (const z of drawn.z) {
    total += z;
    squares += z * z;
    fourths += z ** 4;
    if (Math.abs(z - mean) > 3 * std) far++;
  }
  const measured = squares / DRAWS;
  const spread = Math.sqrt(Math.max(0, fourths / DRAWS - measured ** 2));
  return {
    measured, predicted: second, half: (1.96 * spread) / Math.sqrt(DRAWS),
    mean: total / DRAWS, predicted_mean: mean, far: far / DRAWS, opened: drawn.z[state.unit],
  };
}

/** Python that prints what `numbers` returns. @param {State} state */
export function program({ n, var_w, mean_w, var_x, mean_x, correlation, law, held, unit, seed }) {
  const weights = {
    normal: "g",
    coin: "np.where(g < 0, -1.0, 1.0)",
    heavy: "g / np.sqrt(sum(normals(8 * j + k, n) ** 2 for k in (1, 2, 3)))",
  }[law];
  const predicted = {
    nothing: [
      "predicted_mean = n * mean_w * mean_x",
      "second = n * var_w * (var_x + mean_x**2) + mean_w**2 * (",
      "    n * var_x * (1 + (n - 1) * rho) + (n * mean_x) ** 2)",
    ],
    inputs: [
      "x = x[unit]",
      "predicted_mean = mean_w * np.sum(x)",
      "second = var_w * np.sum(x**2) + predicted_mean**2",
    ],
    weights: [
      "w = w[unit]",
      "predicted_mean = mean_x * np.sum(w)",
      "second = var_x * ((1 - rho) * np.sum(w**2) + rho * np.sum(w) ** 2) + predicted_mean**2",
    ],
  }[held] ?? [];
  return `import numpy as np

n, draws, unit, seed = ${n}, ${DRAWS}, ${unit}, ${seed}
var_w, mean_w, var_x, mean_x, rho = ${var_w}, ${mean_w}, ${var_x}, ${mean_x}, ${correlation}



${ENGINE_DRAWS_IN_PYTHON}


j = np.arange(draws, dtype=np.uint32)
g = normals(8 * j, n)
w = mean_w + np.sqrt(var_w) * ${weights}
common, own = normals(8 * j + 5, 1), normals(8 * j + 4, n)
x = mean_x + np.sqrt(var_x) * (np.sqrt(rho) * common + np.sqrt(1 - rho) * own)
${predicted.join("\n")}
z = np.sum(w * x, axis=1)

std = np.sqrt(max(0, second - predicted_mean**2))
print("measured", np.mean(z**2))
print("predicted", second)
print("half", 1.96 * np.std(z**2) / np.sqrt(draws))
print("mean", np.mean(z))
print("predicted_mean", predicted_mean)
print("far", np.mean(np.abs(z - predicted_mean) > 3 * std))
print("opened", z[unit])
`;
}
