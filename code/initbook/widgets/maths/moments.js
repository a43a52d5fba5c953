// @ts-check
// Mean-field theory of a wide layer: its pre-activations are normal with second moment q.
import { activations } from "./activations.js";

const NODES = 801; // a trapezoid over ±8.5 standard deviations: 1e-9 for a smooth f up to q = 500
const EDGE = 8.5;

const STEP = (2 * EDGE) / (NODES - 1);
const nodes = Array.from({ length: NODES }, (_, i) => i * STEP - EDGE);
const densities = nodes.map((z) => (STEP * Math.exp(-z * z / 2)) / Math.sqrt(2 * Math.PI));

/**
 * E[g(√q z)] for a standard normal z.
 * @param {(z: number) => number} g
 * @param {number} q
 */
export function expectation(g, q) {
  const std = Math.sqrt(q);
  let sum = 0;
  for (let i = 0; i < NODES; i++) sum += densities[i] * g(std * nodes[i]);
  return sum;
}

/**
 * E[f(√q z)], E[f(√q z)²] and the variance of f.
 * @param {string | import("./activations.js").Elementwise} of an activation, or its name
 * @param {number} q
 */
export function moments(of, q) {
  const { f, leak } = typeof of === "string" ? activations[of] : of, rest = f(0);
  if (leak !== undefined) {
    const first = (1 - leak) * Math.sqrt(q / (2 * Math.PI)), second = (q * (1 + leak * leak)) / 2;
    return { first, second, variance: second - first * first };
  }
  // Around f(0), where nothing cancels; what is odd there has the mean 0.
  const odd = Math.abs(f(1) + f(-1) - 2 * rest) < 1e-12;
  const shift = odd ? 0 : expectation((z) => f(z) - rest, q);
  const square = expectation((z) => (f(z) - rest) ** 2, q), first = rest + shift;
  return { first, second: rest * (rest + 2 * shift) + square, variance: Math.max(0, square - shift * shift) };
}

/**
 * E[f′(√q z)²]: what a slope leaves of a gradient's second moment.
 * @param {string} name of the activation
 * @param {number} q
 */
export function slopeMoment(name, q) {
  if (name === "identity") return 1;
  if (name === "relu") return 1 / 2;
  const { f, slope } = activations[name];
  return expectation((z) => slope(f(z)) ** 2, q);
}
