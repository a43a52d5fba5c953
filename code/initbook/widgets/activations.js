// @ts-check
// The activations that the widgets know, in the order in which kernels.ts numbers them.

/**
 * `f` is the function, `rest` is f(0): what a unit says when nothing comes in.
 * @typedef {{ f: (x: number) => number, rest: number }} Activation
 */

/** @type {Record<string, Activation>} */
export const activations = {
  tanh: { f: Math.tanh, rest: 0 },
  relu: { f: (x) => Math.max(x, 0), rest: 0 },
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), rest: 0.5 },
  identity: { f: (x) => x, rest: 0 },
};

export const names = Object.keys(activations);
