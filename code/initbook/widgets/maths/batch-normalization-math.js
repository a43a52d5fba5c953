// @ts-check
// A stack of ten random layers, with batch normalization and without: the signal up, the gradient down,
// and what one example's companions do to it. Rows are examples; all in float64.
import { activations } from "./activations.js";
import settings from "../batch-normalization.settings.js";
import { DRAWS_IN_PYTHON, normals } from "./draws.js";
import { expectation } from "./gaussian.js";

/**
 * @typedef {{ activation: string, scale: number, gamma: number, beta: number, batch: number, mode: string,
 *   batches: number, seed: number }} State
 *
 * Of each unit: what is subtracted, and what it is divided by.
 * @typedef {{ mean: Float64Array, std: Float64Array }} Norm
 *
 * The rms of h_l and of δ_l, the gradient at what the activation gets.
 * @typedef {{ signal: number, delta: number }} Layer
 */

export const { depth: DEPTH, width: WIDTH, companies: COMPANIES } = settings;
const { momentum: MOMENTUM, epsilon: EPSILON } = settings;
const TOP = DEPTH + 1, COMPANY = DEPTH + 2; // streams: weights from 1, then the top's gradient, then batches

/** @type {{ seed: number, weights: Float64Array[] }} */
let drawn = { seed: -1, weights: [] };

/** Standard normal weights of layers 1 … 10. @param {number} seed */
function weightsOf(seed) {
  if (drawn.seed !== seed) {
    const layers = Array.from({ length: DEPTH }, (_, l) => normals(seed, l + 1, WIDTH * WIDTH));
    drawn = { seed, weights: layers };
  }
  return drawn.weights;
}

/** σ · x W for rows x, four at a time. @param {Float64Array} x @param {Float64Array} w @param {number} sigma */
function product(x, w, sigma) {
  const out = new Float64Array(x.length), n = WIDTH;
  for (let row = 0; row < x.length; row += 4 * n) {
    const rows = Math.min(4, (x.length - row) / n), [r1, r2, r3] = [1, 2, 3].map((k) => row + (k < rows ? k * n : 0));
    for (let j = 0; j < n; j++) {
      let a = 0, b = 0, c = 0, d = 0;
      for (let i = 0, at = j; i < n; i++, at += n) {
        const weight = w[at];
        a += x[row + i] * weight; b += x[r1 + i] * weight; c += x[r2 + i] * weight; d += x[r3 + i] * weight;
      }
      out[row + j] = sigma * a;
      if (rows > 1) out[r1 + j] = sigma * b;
      if (rows > 2) out[r2 + j] = sigma * c;
      if (rows > 3) out[r3 + j] = sigma * d;
    }
  }
  return out;
}

/** Wᵀ. @param {Float64Array} w */
const transposed = (w) => w.map((_, k) => w[(k % WIDTH) * WIDTH + Math.floor(k / WIDTH)]);

/** Each unit's mean over rows. @param {Float64Array} x */
function means(x) {
  const out = new Float64Array(WIDTH), batch = x.length / WIDTH;
  for (let k = 0; k < x.length; k++) out[k % WIDTH] += x[k];
  return out.map((sum) => sum / batch);
}

/** Each unit's mean and variance over the batch. @param {Float64Array} z */
function statistics(z) {
  const mean = means(z);
  return { mean, variance: means(z.map((value, k) => (value - mean[k % WIDTH]) ** 2)) };
}

/** @param {{ mean: Float64Array, variance: Float64Array }} of @returns {Norm} */
const norm = ({ mean, variance }) => ({ mean, std: variance.map((v) => Math.sqrt(v + EPSILON)) });

/** @param {Float64Array} z @param {Norm} by */
const normalized = (z, { mean, std }) => z.map((value, k) => (value - mean[k % WIDTH]) / std[k % WIDTH]);

/**
 * One layer's ẑ by its batch, or by `running` averages, and what its activation makes of γẑ + β.
 * @param {State} state
 * @param {Float64Array} z
 * @param {Norm} [running]
 */
function layer({ activation, gamma, beta }, z, running) {
  const by = running ?? norm(statistics(z)), hat = normalized(z, by), { f } = activations[activation];
  return { by, hat, h: hat.map((x) => f(gamma * x + beta)) };
}

/**
 * Each layer's running averages after `batches` batches that pass while the weights stay as they are:
 * from mean 0 and variance 1; the variance that enters divides by B − 1, as PyTorch's does.
 * @param {State} state
 */
export function runningAverages(state) {
  const { batch, batches, seed, scale } = state, weights = weightsOf(seed), sigma = scale / Math.sqrt(WIDTH);
  const kept = weights.map(() => ({ mean: new Float64Array(WIDTH), variance: new Float64Array(WIDTH).fill(1) }));
  for (let k = 0; k < batches; k++) {
    let h = normals(seed, COMPANY + k, batch * WIDTH);
    for (let l = 0; l < DEPTH; l++) {
      const z = product(h, weights[l], sigma), now = statistics(z), { mean, variance } = kept[l];
      for (let j = 0; j < WIDTH; j++) {
        mean[j] += MOMENTUM * (now.mean[j] - mean[j]);
        variance[j] += MOMENTUM * ((now.variance[j] * batch) / (batch - 1) - variance[j]);
      }
      h = layer(state, z).h;
    }
  }
  return kept;
}

/** @param {Float64Array} x */
function rms(x) {
  let sum = 0;
  for (const value of x) sum += value * value;
  return Math.sqrt(sum / x.length);
}

/**
 * h_1 … h_10 and δ_1 … δ_10, with normalization or without.
 * @param {State} state
 * @param {boolean} normal whether each product is normalized
 * @param {Norm[]} [running] averages to normalize by, in evaluation mode
 */
export function propagate(state, normal, running) {
  const { activation, scale, gamma, batch, seed } = state, { f, slope } = activations[activation];
  const weights = weightsOf(seed), sigma = scale / Math.sqrt(WIDTH);
  /** @type {{ signals: Float64Array[], hats: Float64Array[], deltas: Float64Array[], norms: Norm[] }} */
  const { signals, hats, deltas, norms } = { signals: [], hats: [], deltas: [], norms: [] };
  let h = normals(seed, 0, batch * WIDTH);
  for (let l = 0; l < DEPTH; l++) {
    const z = product(h, weights[l], sigma);
    if (normal) {
      const { by, hat, h: out } = layer(state, z, running?.[l]);
      norms.push(by);
      hats.push(hat);
      h = out;
    } else h = z.map((x) => f(x));
    signals.push(h);
  }
  let back = normals(seed, TOP, batch * WIDTH);
  for (let l = DEPTH - 1; l >= 0; l--) {
    const delta = back.map((value, k) => value * slope(signals[l][k]));
    deltas.unshift(delta);
    const below = normal ? gradientBelow(delta, hats[l], norms[l], gamma, !running) : delta;
    if (l > 0) back = product(below, transposed(weights[l]), sigma);
  }
  return { signals, deltas };
}

/**
 * The gradient at z: γ/s (δ − mean(δ) − ẑ mean(δẑ)), where the batch's own mean and variance were
 * taken, and γδ/s where running ones were.
 * @param {Float64Array} delta
 * @param {Float64Array} hat
 * @param {Norm} by
 * @param {number} gamma
 * @param {boolean} own
 */
function gradientBelow(delta, hat, { std }, gamma, own) {
  if (!own) return delta.map((value, k) => (gamma / std[k % WIDTH]) * value);
  const shift = means(delta), along = means(delta.map((value, k) => value * hat[k]));
  return delta.map((value, k) => {
    const j = k % WIDTH;
    return (gamma / std[j]) * (value - shift[j] - hat[k] * along[j]);
  });
}

/**
 * What the first unit of layer 1 says (ẑ) of one example in many companies: the shown batch's first
 * example, each time with the others of another batch. In evaluation mode one answer for all.
 * @param {State} state
 * @param {Norm[]} [running]
 */
export function inCompanies({ batch, seed, scale }, running) {
  const first = weightsOf(seed)[0], sigma = scale / Math.sqrt(WIDTH);
  const answer = (/** @type {Float64Array} */ x, /** @type {number} */ row) => {
    let sum = 0;
    for (let i = 0; i < WIDTH; i++) sum += x[row * WIDTH + i] * first[i * WIDTH];
    return sigma * sum;
  };
  const z = answer(normals(seed, 0, WIDTH), 0);
  return Array.from({ length: COMPANIES }, (_, k) => {
    if (running) return (z - running[0].mean[0]) / running[0].std[0];
    const others = normals(seed, COMPANY + k, batch * WIDTH), values = [z];
    for (let row = 1; row < batch; row++) values.push(answer(others, row));
    const mean = values.reduce((a, b) => a + b) / batch;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / batch;
    return (z - mean) / Math.sqrt(variance + EPSILON);
  });
}

/** All that is shown. @param {State} state */
export function explore(state) {
  const running = state.mode === "evaluation" ? runningAverages(state).map(norm) : undefined;
  const measured = (/** @type {ReturnType<typeof propagate>} */ { signals, deltas }) =>
    signals.map((h, l) => ({ signal: rms(h), delta: rms(deltas[l]) }));
  return {
    normal: measured(propagate(state, true, running)), plain: measured(propagate(state, false)),
    answers: inCompanies(state, running),
  };
}

/**
 * Theory of wide layers: without normalization mean field; with it, for a large batch, the signal is
 * E[f(γg + β)²] in every layer, and a squared gradient grows by γ² E[f′(γg + β)²] / Var f(γg + β).
 * @param {State} state
 */
export function theory({ activation, scale, gamma, beta }) {
  const { f, slope } = activations[activation], s2 = scale * scale, kinks = gamma ? [-beta / gamma] : [];
  const average = (/** @type {(h: number) => number} */ of) => expectation((g) => of(f(gamma * g + beta)), 1, kinks);
  const mean = average((h) => h), second = average((h) => h * h), ofSlope = average((h) => slope(h) ** 2);
  const variance = average((h) => (h - mean) ** 2);
  const growth = s2 && gamma && variance > 1e-12 ? (gamma * gamma * ofSlope) / variance : 0;
  const normal = Array.from({ length: DEPTH }, (_, l) => ({
    signal: Math.sqrt(second), delta: Math.sqrt(ofSlope * growth ** (DEPTH - 1 - l)),
  }));
  /** @type {Layer[]} */
  const plain = [], slopes = [];
  let h2 = 1;
  for (let l = 0; l < DEPTH; l++) {
    const q = s2 * h2;
    slopes.push(expectation((z) => slope(f(z)) ** 2, q, [0]));
    h2 = expectation((z) => f(z) ** 2, q, [0]);
    plain.push({ signal: Math.sqrt(h2), delta: 0 });
  }
  for (let l = DEPTH - 1, delta = 1; l >= 0; l--) {
    delta *= slopes[l] * (l < DEPTH - 1 ? s2 : 1);
    plain[l].delta = Math.sqrt(delta);
  }
  return { normal, plain, growth };
}

/** By what a squared gradient is multiplied from a layer to the one below. @param {Layer[]} layers */
const growthOf = (layers) => (layers[DEPTH - 1].delta ? (layers[0].delta / layers[DEPTH - 1].delta) ** (2 / (DEPTH - 1)) : 0);

/** The numbers that are said, and that the program prints. @param {ReturnType<typeof explore>} found */
export function numbersOf({ normal, plain, answers }) {
  const last = DEPTH - 1;
  return {
    signal_normalized: normal[last].signal, signal_plain: plain[last].signal,
    delta_normalized: normal[0].delta, delta_plain: plain[0].delta,
    growth_normalized: growthOf(normal), growth_plain: growthOf(plain),
    example_least: Math.min(...answers), example_most: Math.max(...answers),
  };
}

/** @param {State} state */
export const numbers = (state) => numbersOf(explore(state));

const IN_PYTHON = {
  relu: ["np.maximum(y, 0)", "1.0 * (y > 0)"],
  tanh: ["np.tanh(y)", "1 - f(y) ** 2"],
  sigmoid: ["1 / (1 + np.exp(-y))", "f(y) * (1 - f(y))"],
  identity: ["1.0 * y", "np.ones_like(y)"],
};

/** Python that prints what `numbers` returns. @param {State} state */
export function program({ activation, scale, gamma, beta, batch, mode, batches, seed }) {
  const [f, slope] = IN_PYTHON[/** @type {keyof IN_PYTHON} */ (activation)], evaluation = mode === "evaluation";
  const running = `
running = [[np.zeros(n), np.ones(n)] for _ in W]  # mean and variance of each layer
for k in range(${batches}):
    h = normal(${COMPANY} + k, batch, n)
    for w, averages in zip(W, running):
        z = h @ w
        averages[0] += ${MOMENTUM} * (z.mean(axis=0) - averages[0])
        averages[1] += ${MOMENTUM} * (z.var(axis=0, ddof=1) - averages[1])
        h = f(gamma * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + epsilon) + beta)
`;
  return `
import numpy as np

seed, scale, gamma, beta, batch = ${seed}, ${scale}, ${gamma}, ${beta}, ${batch}
n, depth, epsilon = ${WIDTH}, ${DEPTH}, ${EPSILON}

${DRAWS_IN_PYTHON}

def f(y):
    return ${f}

def slope(y):
    return ${slope}

def rms(x):
    return np.sqrt(np.mean(x**2))

W = [scale / np.sqrt(n) * normal(l + 1, n, n) for l in range(depth)]
${evaluation ? running : ""}
def flow(normalized):
    h, layers = normal(0, batch, n), []
    for l, w in enumerate(W):
        y = z = h @ w
        m, v = ${evaluation ? "running[l]" : "z.mean(axis=0), z.var(axis=0)"}
        s = np.sqrt(v + epsilon)
        if normalized:
            y = gamma * (z - m) / s + beta
        h = f(y)
        layers.append((y, (z - m) / s, s))
    back, deltas = normal(${TOP}, batch, n), []
    for w, (y, hat, s) in zip(W[::-1], layers[::-1]):
        delta = back * slope(y)
        deltas.append(rms(delta))
        if normalized:
${evaluation ? "            delta = gamma / s * delta" : `            along = hat * np.mean(delta * hat, axis=0)
            delta = gamma / s * (delta - delta.mean(axis=0) - along)`}
        back = delta @ w.T
    return rms(h), deltas[-1], (deltas[-1] / (deltas[0] or 1)) ** (2 / (depth - 1))

z = (normal(0, batch, n) @ W[0][:, 0])[0]  # one example, at one unit of layer 1
answers = []
for k in range(${COMPANIES}):
${evaluation ? `    m, v = running[0][0][0], running[0][1][0]
    answers.append((z - m) / np.sqrt(v + epsilon))` : `    company = np.append(z, (normal(${COMPANY} + k, batch, n) @ W[0][:, 0])[1:])
    answers.append((z - company.mean()) / np.sqrt(company.var() + epsilon))`}

signal, delta, growth = zip(flow(True), flow(False))
print("signal_normalized", signal[0])
print("signal_plain", signal[1])
print("delta_normalized", delta[0])
print("delta_plain", delta[1])
print("growth_normalized", growth[0])
print("growth_plain", growth[1])
print("example_least", min(answers))
print("example_most", max(answers))
`.trimStart();
}

/** For a test: all that is drawn and computed, as plain rows. @param {State} state */
export function unpacked(state) {
  const kept = state.mode === "evaluation" ? runningAverages(state) : undefined, running = kept?.map(norm);
  const { batch, seed } = state;
  return {
    inputs: [...normals(seed, 0, batch * WIDTH)], top: [...normals(seed, TOP, batch * WIDTH)],
    weights: weightsOf(seed).map((w) => [...w]),
    batches: Array.from({ length: COMPANIES }, (_, k) => [...normals(seed, COMPANY + k, batch * WIDTH)]),
    normal: propagate(state, true, running), plain: propagate(state, false), kept,
    answers: inCompanies(state, running),
  };
}
