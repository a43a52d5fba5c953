// @ts-check
// Eight tanh units learn a wave: y = Σ v_j tanh(w_j x + b_j) + c. All sums over points run from the
// first to the last, unit by unit, so that twins are rounded alike and stay twins exactly.
import { DRAWS_IN_PYTHON, normals, uniforms } from "./draws.js";
import settings from "../symmetry.settings.js";

/**
 * @typedef {{ step: number, start: string, nudge: string, biases: string, dropout: string,
 *   adam: string, seed: number }} State
 *
 * w_j, b_j and v_j of all units, one after the other, then c.
 * @typedef {Float64Array} Net
 *
 * Each step from 0 on: the net, the largest distance between two units, and the loss.
 * @typedef {{ nets: Net[], gaps: number[], losses: number[] }} Training
 */

export const { units: UNITS, points: POINTS, steps: STEPS } = settings;
const { rate: RATE, adamRate: ADAM_RATE, nudge: NUDGE, keep: KEEP } = settings;
const B = UNITS, V = 2 * UNITS, C = 3 * UNITS; // where biases, outgoing weights and c begin
const NUDGED = 3; // the unit whose weight is moved
const MASKS = 3; // a stream of random numbers

export const xs = Array.from({ length: POINTS }, (_, i) => (4 * i) / (POINTS - 1) - 2);
export const wave = xs.map((x) => Math.sin(2 * x + 0.5));

/** @param {Omit<State, "step">} state @returns {Net} */
export function begin({ start, nudge, biases, seed }) {
  const net = new Float64Array(3 * UNITS + 1);
  const drawn = normals(seed, 1, 2 * UNITS);
  for (let j = 0; j < UNITS; j++) {
    net[j] = start === "random" ? drawn[j] : start === "constant" ? 1 : 0;
    net[V + j] = start === "random" ? drawn[UNITS + j] : net[j];
  }
  if (biases === "on") net.set(normals(seed, 2, UNITS), B);
  if (nudge === "on") net[NUDGED] += NUDGE;
  return net;
}

/** What the net says at x. @param {Net} net @param {number} x */
export function output(net, x) {
  let y = 0;
  for (let j = 0; j < UNITS; j++) y += Math.tanh(x * net[j] + net[B + j]) * net[V + j];
  return y + net[C];
}

/**
 * The slopes of the loss, and the loss; `mask` multiplies each unit's outgoing weight.
 * @param {Net} net
 * @param {ArrayLike<number>} mask
 */
function slopes(net, mask) {
  const of = new Float64Array(net.length), h = new Float64Array(UNITS);
  for (let i = 0; i < POINTS; i++) {
    let y = 0;
    for (let j = 0; j < UNITS; j++) {
      h[j] = Math.tanh(xs[i] * net[j] + net[B + j]);
      y += h[j] * (net[V + j] * mask[j]);
    }
    const e = y + net[C] - wave[i];
    for (let j = 0; j < UNITS; j++) {
      const back = e * (net[V + j] * mask[j]) * (1 - h[j] * h[j]);
      of[j] += back * xs[i];
      of[B + j] += back;
      of[V + j] += e * h[j];
    }
    of[C] += e;
  }
  for (let k = 0; k < of.length; k++) of[k] /= POINTS;
  for (let j = 0; j < UNITS; j++) of[V + j] *= mask[j];
  return of;
}

/** The mean of half the squared errors. @param {Net} net */
export function lossOf(net) {
  let sum = 0;
  for (let i = 0; i < POINTS; i++) sum += (output(net, xs[i]) - wave[i]) ** 2;
  return sum / POINTS / 2;
}

/** The largest distance between two units in w, b or v. @param {Net} net */
export function gapOf(net) {
  return Math.max(...[0, B, V].map((from) => {
    const numbers = net.subarray(from, from + UNITS);
    return Math.max(...numbers) - Math.min(...numbers);
  }));
}

/** For each unit the number of its kind: units of one kind are equal. @param {Net} net */
export function kinds(net) {
  /** @type {string[]} */
  const seen = [];
  return Array.from({ length: UNITS }, (_, j) => {
    const key = `${net[j]} ${net[B + j]} ${net[V + j]}`;
    if (!seen.includes(key)) seen.push(key);
    return seen.indexOf(key);
  });
}

/** @param {Omit<State, "step">} state @returns {Training} */
export function train(state) {
  const size = 3 * UNITS + 1, net = begin(state), adam = state.adam === "on";
  const first = new Float64Array(size), second = new Float64Array(size);
  const none = new Float64Array(UNITS).fill(1);
  const masks = state.dropout === "on"
    ? uniforms(state.seed, MASKS, STEPS * UNITS).map((u) => (u < KEEP ? 1 / KEEP : 0)) : undefined;
  const nets = [net.slice()], gaps = [gapOf(net)], losses = [lossOf(net)];
  for (let step = 1; step <= STEPS; step++) {
    const by = slopes(net, masks?.subarray((step - 1) * UNITS, step * UNITS) ?? none);
    if (!adam) for (let k = 0; k < size; k++) net[k] -= RATE * by[k];
    else {
      const m1 = 1 - 0.9 ** step, m2 = 1 - 0.999 ** step;
      for (let k = 0; k < size; k++) {
        first[k] = 0.9 * first[k] + 0.1 * by[k];
        second[k] = 0.999 * second[k] + 0.001 * (by[k] * by[k]);
        net[k] -= (ADAM_RATE * (first[k] / m1)) / (Math.sqrt(second[k] / m2) + 1e-8);
      }
    }
    nets.push(net.slice());
    gaps.push(gapOf(net));
    losses.push(lossOf(net));
  }
  return { nets, gaps, losses };
}

/** The numbers that are said of a step, and that the program prints. @param {State} state @param {Training} [training] */
export function numbers(state, { nets, gaps, losses } = train(state)) {
  return { distance: gaps[state.step], kinds: Math.max(...kinds(nets[state.step])) + 1, loss: losses[state.step] };
}

/** Python that prints what `numbers` returns. @param {State} state */
export function program({ step, start, nudge, biases, dropout, adam, seed }) {
  const units = { zeros: "np.zeros((2, n))", constant: "np.ones((2, n))", random: "normal(1, 2, n)" }[start];
  const drops = dropout === "on", draws = drops || biases === "on" || start === "random";
  const kept = drops ? " * kept" : "";
  return `
import numpy as np

seed, n, steps = ${seed}, ${UNITS}, ${step}
${draws ? `\n${DRAWS_IN_PYTHON}\n` : ""}
x = np.linspace(-2, 2, ${POINTS})
t = np.sin(2 * x + 0.5)
w, v = ${units}
b, c = ${biases === "on" ? "normal(2, n)" : "np.zeros(n)"}, 0.0
${nudge === "on" ? `w[${NUDGED}] += ${NUDGE}\n` : ""}
def mean(M):  # column by column, each from the first row to the last: twins are rounded alike
    total = np.zeros(M.shape[1])
    for row in M:
        total = total + row
    return total / len(M)

def tanh(z):  # number by number, for the same reason
    return np.vectorize(np.tanh)(z)

def output(w, b, v, c):
    return tanh(x[:, None] * w + b) @ v + c

net = [w, b, v, np.array([c])]
${drops ? `keeps = np.where(uniform(${MASKS}, ${STEPS} * n) < ${KEEP}, 1 / ${KEEP}, 0).reshape(-1, n)\n` : ""}${adam === "on" ? "first, second = [0 * p for p in net], [0 * p for p in net]\n" : ""}for step in range(1, steps + 1):
    w, b, v, c = net
${drops ? "    kept = keeps[step - 1]\n" : ""}    h = tanh(x[:, None] * w + b)
    e = (h @ (v${kept}) + c - t)[:, None]
    back = e * (v${kept}) * (1 - h * h)
    slopes = [mean(back * x[:, None]), mean(back), mean(e * h)${kept}, mean(e)]
${adam === "on" ? `    first = [0.9 * m + 0.1 * s for m, s in zip(first, slopes)]
    second = [0.999 * m + 0.001 * s * s for m, s in zip(second, slopes)]
    net = [p - ${ADAM_RATE} * m / (1 - 0.9**step) / (np.sqrt(q / (1 - 0.999**step)) + 1e-8)
           for p, m, q in zip(net, first, second)]` : `    net = [p - ${RATE} * s for p, s in zip(net, slopes)]`}

w, b, v, c = net
print("distance", max(np.ptp(p) for p in (w, b, v)))
print("kinds", len(set(zip(w, b, v))))
print("loss", np.mean((output(w, b, v, c) - t) ** 2) / 2)
`.trimStart();
}
