// @ts-check
// Mean-field theory of a wide layer: its pre-activations are normal with second moment q.
import { activations } from "./activations.js";

const NODES = 801; // a trapezoid over ±8.5 standard deviations: 1e-9 for a smooth f up to q = 500
const EDGE = 8.5;

/**
 * E[f(√q z)] and E[f(√q z)²] for a standard normal z.
 * @param {string} name of the activation
 * @param {number} q
 */
export function moments(name, q) {
  if (name === "identity") return { first: 0, second: q };
  if (name === "relu") return { first: Math.sqrt(q / (2 * Math.PI)), second: q / 2 };
  const { f, rest } = activations[name];
  const step = (2 * EDGE) / (NODES - 1), std = Math.sqrt(q);
  let second = 0;
  for (let i = 0; i < NODES; i++) {
    const z = i * step - EDGE;
    const h = f(std * z) - rest; // odd in z: its mean is 0 and nothing cancels in the square
    second += h * h * Math.exp(-z * z / 2);
  }
  second *= step / Math.sqrt(2 * Math.PI);
  return { first: rest, second: rest * rest + second };
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
