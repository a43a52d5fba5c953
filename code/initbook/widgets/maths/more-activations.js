// @ts-check
// All activations of the book: these few lines stay in JavaScript, and their names are initbook's.
import { activations } from "./activations.js";

/** @param {number} a @returns {import("./activations.js").Elementwise} */
const leaky = (a) => ({ f: (x) => (x > 0 ? x : a * x), rest: 0, leak: a });

/** @param {number} alpha @param {number} scale */
const exponentialLinear = (alpha, scale) =>
  ({ f: (/** @type {number} */ x) => scale * (x > 0 ? x : alpha * Math.expm1(x)), rest: 0 });

const sigmoid = (/** @type {number} */ x) => 1 / (1 + Math.exp(-x));
const softplus = (/** @type {number} */ x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/**
 * The standard normal's Φ(x), to 1e-12: its power series around 0, and a continued fraction far out.
 * @param {number} x
 */
export function normalCdf(x) {
  const size = Math.abs(x), density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  let part = 0; // of what lies between 0 and |x|, or beyond it
  if (size < 4) {
    for (let term = size, k = 1; term > 1e-17 * part; k += 2) {
      part += term;
      term *= (x * x) / (k + 2);
    }
    part *= density;
    return x > 0 ? 0.5 + part : 0.5 - part;
  }
  for (let k = 40; k > 0; k--) part = k / (size + part);
  const beyond = density / (size + part);
  return x > 0 ? 1 - beyond : beyond;
}

/** @type {Record<string, import("./activations.js").Elementwise>} */
export const all = {
  ...activations,
  leaky_relu: leaky(0.01),
  prelu: leaky(0.25),
  hard_tanh: { f: (x) => Math.min(Math.max(x, -1), 1), rest: 0 },
  softplus: { f: softplus, rest: Math.LN2 },
  softsign: { f: (x) => x / (1 + Math.abs(x)), rest: 0 },
  elu: exponentialLinear(1, 1),
  selu: exponentialLinear(1.6732632423543772, 1.0507009873554805),
  gelu: { f: (x) => x * normalCdf(x), rest: 0 },
  gelu_tanh: { f: (x) => x * sigmoid(Math.sqrt(8 / Math.PI) * x * (1 + 0.044715 * x * x)), rest: 0 },
  silu: { f: (x) => x * sigmoid(x), rest: 0 },
  mish: { f: (x) => x * Math.tanh(softplus(x)), rest: 0 },
};
