// @ts-check
// The activations that the widgets know, in the order in which kernels.ts numbers them.

/**
 * `f` is the function, `rest` is f(0): what a unit says when nothing comes in. `slope` is f′ where
 * the function has the value h.
 * @typedef {{ f: (x: number) => number, rest: number, slope: (h: number) => number }} Activation
 */

/** @type {Record<string, Activation>} */
export const activations = {
  tanh: { f: Math.tanh, rest: 0, slope: (h) => 1 - h * h },
  relu: { f: (x) => Math.max(x, 0), rest: 0, slope: (h) => (h > 0 ? 1 : 0) },
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), rest: 0.5, slope: (h) => h * (1 - h) },
  identity: { f: (x) => x, rest: 0, slope: () => 1 },
};

export const names = Object.keys(activations);
