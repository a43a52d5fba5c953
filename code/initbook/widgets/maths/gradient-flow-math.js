// @ts-check
// A stack of random layers: the signal on its way up, the gradient on its way down, what the weights
// get, and mean-field theory of all three. In float64: a hundred layers leave float32's range.
// Signals and gradients have a row for each unit and a column for each input.
import { activations } from "./activations.js";
import { DRAWS_IN_PYTHON, normals } from "./draws.js";
import settings from "../gradient-flow.settings.js";
import { moments, slopeMoment } from "./moments.js";
import { loadProducts } from "./doubles.js";
import { profileOf } from "./widths.js";

/**
 * @typedef {{ activation: string, scale: number, depth: number, width: number, profile: string,
 *   batch: number, seed: number }} State
 *
 * The rms of h_l, of δ_l (the gradient at z_l) and of the weights' gradient.
 * @typedef {{ signal: number, delta: number, gradient: number }} Layer
 */

const ROOM = 8 * settings.state.batch.max * (settings.state.width.max + 4); // a layer's signal, in bytes
const TOP = settings.state.depth.max + 1; // the stream of the top's gradient, after all weights'

/** n_0 … n_L. @param {Pick<State, "profile" | "width" | "depth">} state */
export const widthsOf = ({ profile, width, depth }) =>
  profileOf(settings.state.profile.choices[/** @type {"taper"} */ (profile)].shares, width, depth);

export const binary = "products.wasm"; // what `prepare` takes the bytes of

/** What multiplies, with the weights that are drawn into its memory. @param {BufferSource} [bytes] of products.wasm */
export async function prepare(bytes) {
  const { kernels, name } = await loadProducts(bytes);
  return { kernels, engine: name, drawn: /** @type {string[]} */ ([]) };
}

/** @typedef {Awaited<ReturnType<typeof prepare>>} Source */

/**
 * Where the standard normal weights of each layer lie, row by row; they stay until its shape or the
 * seed changes. Two signals lie before them.
 * @param {number} seed
 * @param {number[]} widths
 * @param {Source} source
 */
function draw(seed, widths, { kernels: { memory }, drawn }) {
  let end = 2 * ROOM;
  const places = widths.slice(1).map((m, l) => {
    const at = end;
    end += 8 * widths[l] * m;
    return at;
  });
  const missing = end + ROOM - memory.buffer.byteLength; // what is read in fours may read beyond
  if (missing > 0) memory.grow(Math.ceil(missing / 65536));
  places.forEach((at, l) => {
    const count = widths[l] * widths[l + 1], key = `${seed} ${at} ${widths[l]} ${widths[l + 1]}`;
    if (drawn[l] !== key) new Float64Array(memory.buffer, at, count).set(normals(seed, l + 1, count));
    drawn[l] = key;
  });
  drawn.length = places.length;
  return places;
}

/** Rows of `n` numbers as columns. @param {Float64Array} rows @param {number} n */
function turned(rows, n) {
  const batch = rows.length / n;
  return rows.map((_, k) => rows[(k % batch) * n + Math.floor(k / batch)]);
}

/**
 * scale · M x for an x of `n` rows, where M has `m` rows and M_ij lies at `matrix` + i · down + j · along:
 * so it multiplies by Wᵀ and, the other way around, by W.
 * @param {Source} source
 * @param {Float64Array} x
 * @param {number} matrix
 * @param {{ n: number, m: number, down: number, along: number, scale: number }} shape
 */
function product({ kernels }, x, matrix, { n, m, down, along, scale }) {
  const batch = x.length / n;
  new Float64Array(kernels.memory.buffer, 0, x.length).set(x);
  kernels.product(matrix, 0, ROOM, 4 * Math.ceil(m / 4), n, batch, down, along);
  return new Float64Array(kernels.memory.buffer, ROOM, m * batch).map((sum) => scale * sum);
}

/** The root mean square, where a square may be too small for a float. @param {Float64Array} x */
export function rms(x) {
  let most = 0, sum = 0;
  for (const value of x) most = Math.max(most, Math.abs(value));
  if (!most) return 0;
  for (const value of x) sum += (value / most) ** 2;
  return most * Math.sqrt(sum / x.length);
}

/**
 * The rms of ∂W = hᵀδ without ∂W: its sum of squares is that of the products of (h_a · h_b) and
 * (δ_a · δ_b) over all pairs of inputs a, b.
 * @param {Float64Array} h
 * @param {Float64Array} delta
 * @param {number} n
 * @param {number} m
 */
function rmsOfGradient(h, delta, n, m) {
  const size = rms(h) * rms(delta);
  if (!size) return 0;
  const above = overlaps(h, n), below = overlaps(delta, m);
  let sum = 0;
  for (let k = 0; k < above.length; k++) sum += above[k] * below[k];
  return size * Math.sqrt(Math.max(0, sum));
}

/** The mean products of all pairs of inputs, in units of the mean square. @param {Float64Array} x @param {number} n */
function overlaps(x, n) {
  const batch = x.length / n, unit = rms(x), out = new Float64Array(batch * batch), row = new Float64Array(batch);
  for (let i = 0; i < n; i++) {
    for (let a = 0; a < batch; a++) {
      row[a] = x[i * batch + a] / unit;
      for (let b = 0; b <= a; b++) out[a * batch + b] += (row[a] * row[b]) / n;
    }
  }
  for (let a = 0; a < batch; a++) for (let b = 0; b < a; b++) out[b * batch + a] = out[a * batch + b];
  return out;
}

/** The signals h_0 … h_L and the gradients δ_1 … δ_L. @param {State} state @param {Source} source */
export function propagate({ activation, scale, depth, width, profile, batch, seed }, source) {
  const widths = widthsOf({ profile, width, depth }), { f, slope } = activations[activation];
  const weights = draw(seed, widths, source);
  const sigma = (/** @type {number} */ l) => scale / Math.sqrt(widths[l - 1]);
  const signals = [turned(normals(seed, 0, batch * widths[0]), widths[0])];
  for (let l = 1; l <= depth; l++) {
    const n = widths[l - 1], m = widths[l], shape = { n, m, down: 1, along: m, scale: sigma(l) };
    const h = product(source, signals[l - 1], weights[l - 1], shape);
    for (let k = 0; k < h.length; k++) h[k] = f(h[k]);
    signals.push(h);
  }
  /** @type {Float64Array[]} */
  const deltas = [];
  let back = turned(normals(seed, TOP, batch * widths[depth]), widths[depth]);
  for (let l = depth; l >= 1; l--) {
    const n = widths[l - 1], m = widths[l], h = signals[l];
    for (let k = 0; k < back.length; k++) back[k] *= slope(h[k]);
    deltas.unshift(back);
    const shape = { n: m, m: n, down: m, along: 1, scale: sigma(l) };
    if (l > 1) back = product(source, back, weights[l - 1], shape);
  }
  return { widths, signals, deltas };
}

/** The same for a test: rows of h_1 … h_L, δ_1 … δ_L, and what was drawn. @param {State} state @param {Source} source */
export function unpacked(state, source) {
  const { widths, signals, deltas } = propagate(state, source), last = widths[state.depth];
  const rows = (/** @type {Float64Array} */ x, /** @type {number} */ n) => Array.from({ length: x.length / n }, (_, b) =>
    Array.from({ length: n }, (_, i) => x[(i * x.length) / n + b]));
  return {
    widths, signals: signals.map((h, l) => rows(h, widths[l])), deltas: deltas.map((d, l) => rows(d, widths[l + 1])),
    weights: widths.slice(1).map((m, l) => [...normals(state.seed, l + 1, widths[l] * m)]),
    top: rows(turned(normals(state.seed, TOP, state.batch * last), last), last),
  };
}

/** What is measured of each layer. @param {State} state @param {Source} source @returns {Layer[]} */
export function flow(state, source) {
  const { widths, signals, deltas } = propagate(state, source);
  return deltas.map((delta, l) => ({
    signal: rms(signals[l + 1]),
    delta: rms(delta),
    gradient: rmsOfGradient(signals[l], delta, widths[l], widths[l + 1]),
  }));
}

/**
 * The same by mean-field theory, for wide layers: with n_{l−1} Var(w_l) = s² the signal obeys
 * E[h_l²] = E[f(√q z)²] at q = s² E[h_{l−1}²], the gradient E[δ_l²] = s² n_{l+1}/n_l E[δ_{l+1}²]
 * E[f′(z_l)²], and a weight's gradient, summed over inputs, has batch · E[h_{l−1}²] E[δ_l²].
 * @param {State} state
 * @returns {Layer[]}
 */
export function theory({ activation, scale, depth, width, profile, batch }) {
  const widths = widthsOf({ profile, width, depth }), s2 = scale * scale;
  const seconds = [1], slopes = [1]; // of h_0; nothing bends the input
  for (let l = 1; l <= depth; l++) {
    const q = s2 * seconds[l - 1];
    seconds.push(moments(activation, q).second);
    slopes.push(slopeMoment(activation, q));
  }
  /** @type {Layer[]} */
  const layers = [];
  let delta = slopes[depth];
  for (let l = depth; l >= 1; l--) {
    if (l < depth) delta *= s2 * (widths[l + 1] / widths[l]) * slopes[l];
    layers.unshift({
      signal: Math.sqrt(seconds[l]), delta: Math.sqrt(delta),
      gradient: Math.sqrt(batch) * Math.sqrt(seconds[l - 1]) * Math.sqrt(delta),
    });
  }
  return layers;
}

/**
 * By how much a tiny change of the input grows up to the top, against the signal: in the mean
 * square, layers multiply it by what they multiply a gradient by.
 * @param {State} state
 */
export function roundingGrows(state) {
  const layers = theory({ ...state, profile: "constant" });
  return (state.scale * layers[0].delta) / layers[layers.length - 1].signal;
}

/** Beyond this, float64's digits do not reach the top: another order of sums gives other numbers. */
export const CHAOS = 1e8;

/** The numbers that are said, and that the program prints. @param {Layer[]} layers @param {Layer[]} expected */
export function numbersOf(layers, expected) {
  const last = layers.length - 1;
  return {
    signal_top: layers[last].signal, signal_predicted: expected[last].signal,
    delta_top: layers[last].delta, delta_bottom: layers[0].delta,
    delta_ratio: layers[last].delta ? layers[0].delta / layers[last].delta : 0,
    delta_ratio_predicted: expected[0].delta / expected[last].delta,
    gradient_top: layers[last].gradient, gradient_bottom: layers[0].gradient,
  };
}

/** @param {State} state @param {Source} source */
export const numbers = (state, source) => numbersOf(flow(state, source), theory(state));

const IN_PYTHON = {
  tanh: ["np.tanh(z)", "1 - f(z) ** 2"],
  relu: ["np.maximum(z, 0)", "1.0 * (z > 0)"],
  sigmoid: ["1 / (1 + np.exp(-z))", "f(z) * (1 - f(z))"],
  identity: ["1.0 * z", "np.ones_like(z)"],
};

/** Python that prints what `numbers` returns. @param {State} state */
export function program(state) {
  const { activation, scale, depth, width, profile, batch, seed } = state;
  const [f, slope] = IN_PYTHON[/** @type {keyof IN_PYTHON} */ (activation)];
  const { shares } = settings.state.profile.choices[/** @type {"taper"} */ (profile)];
  const chaos = roundingGrows(state) > CHAOS
    ? "# Rounding errors grow from layer to layer: what is measured differs between machines.\n" : "";
  return `
import numpy as np

${chaos}seed, scale, depth, width, batch = ${seed}, ${scale}, ${depth}, ${width}, ${batch}

${DRAWS_IN_PYTHON}

def f(z):
    return ${f}

def slope(z):
    return ${slope}

def rms(x):
    most = np.abs(x).max() or 1
    return most * np.sqrt(np.mean((x / most) ** 2))

def mean(g, q):  # of g(z) for a normal z with the second moment q
    z = (np.arange(24000) - 11999.5) / 1000
    return np.sum(g(np.sqrt(q) * z) * np.exp(-z * z / 2)) * 0.001 / np.sqrt(2 * np.pi)

shares = np.interp(np.arange(depth + 1) / depth, [0, 0.5, 1], [${shares.join(", ")}])
n = np.floor(width * shares + 0.5).astype(int)
W = [scale / np.sqrt(n[l]) * normal(l + 1, n[l], n[l + 1]) for l in range(depth)]
Z, H = [], [normal(0, batch, n[0])]
for w in W:
    Z.append(H[-1] @ w)
    H.append(f(Z[-1]))
delta = normal(${TOP}, batch, n[-1]) * slope(Z[-1])
deltas = [delta]
for w, z in zip(W[:0:-1], Z[-2::-1]):
    delta = (delta @ w.T) * slope(z)
    deltas.insert(0, delta)
gradients = [h.T @ d for h, d in zip(H, deltas)]

second, shrinks = 1.0, []
for l in range(depth):
    q = scale**2 * second
    second = mean(lambda z: f(z) ** 2, q)
    if l + 1 < depth:
        shrinks.append(scale**2 * n[l + 2] / n[l + 1] * mean(lambda z: slope(z) ** 2, q))

print("signal_top", rms(H[-1]))
print("signal_predicted", np.sqrt(second))
print("delta_top", rms(deltas[-1]))
print("delta_bottom", rms(deltas[0]))
print("delta_ratio", rms(deltas[0]) / (rms(deltas[-1]) or 1))
print("delta_ratio_predicted", np.prod(np.sqrt(shrinks)))
print("gradient_top", rms(gradients[-1]))
print("gradient_bottom", rms(gradients[0]))
`.trimStart();
}
