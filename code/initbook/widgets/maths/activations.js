// @ts-check
// The activations that the widgets know. The first four are in kernels.ts, which numbers them so.

/**
 * `f` is the function, `rest` is f(0): what a unit says when nothing comes in. `leak` is a where f(z)
 * is z above 0 and a·z below, so that f(s·z) = s·f(z) for every s > 0. `slope` is f′ where the
 * function has the value h.
 * @typedef {{ f: (x: number) => number, rest: number, leak?: number }} Elementwise
 * @typedef {Elementwise & { slope: (h: number) => number }} Activation
 */

/** @type {Record<string, Activation>} */
export const activations = {
  tanh: { f: Math.tanh, rest: 0, slope: (h) => 1 - h * h },
  relu: { f: (x) => Math.max(x, 0), rest: 0, leak: 0, slope: (h) => (h > 0 ? 1 : 0) },
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), rest: 0.5, slope: (h) => h * (1 - h) },
  identity: { f: (x) => x, rest: 0, leak: 1, slope: () => 1 },
};

export const names = Object.keys(activations);
