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
function expectation(g, q) {
  const std = Math.sqrt(q);
  let sum = 0;
  for (let i = 0; i < NODES; i++) sum += densities[i] * g(std * nodes[i]);
  return sum;
}

/**
 * E[f(√q z)] and E[f(√q z)²].
 * @param {string} name of the activation
 * @param {number} q
 */
export function moments(name, q) {
  if (name === "identity") return { first: 0, second: q };
  if (name === "relu") return { first: Math.sqrt(q / (2 * Math.PI)), second: q / 2 };
  const { f, rest } = activations[name];
  // f - f(0) is odd: its mean is 0 and nothing cancels in the square
  const second = expectation((z) => (f(z) - rest) ** 2, q);
  return { first: rest, second: rest * rest + second };
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

/**
 * The same moments of each layer when inputs have second moment 1 and weights std scale / √n.
 * @param {string} name of the activation
 * @param {number} scale
 * @param {number} depth
 */
export function meanField(name, scale, depth) {
  const layers = [];
  let second = 1;
  for (let l = 0; l < depth; l++) {
    const layer = moments(name, scale * scale * second);
    second = layer.second;
    const std = Math.sqrt(Math.max(0, second - layer.first ** 2));
    layers.push({ mean: layer.first, std, rms: Math.sqrt(second) });
  }
  return layers;
}
