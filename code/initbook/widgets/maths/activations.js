// @ts-check
// The activations that the widgets know. The first four are in kernels.ts, which numbers them so.

/**
 * `f` is the function. `leak` is a where f(z) is z above 0 and a·z below, so that f(s·z) = s·f(z)
 * for every s > 0. `slope` is f′ where the function has the value h.
 * @typedef {{ f: (x: number) => number, leak?: number }} Elementwise
 * @typedef {Elementwise & { slope: (h: number) => number }} Activation
 */

/** @type {Record<string, Activation>} */
export const activations = {
  tanh: { f: Math.tanh, slope: (h) => 1 - h * h },
  relu: { f: (x) => Math.max(x, 0), leak: 0, slope: (h) => (h > 0 ? 1 : 0) },
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), slope: (h) => h * (1 - h) },
  identity: { f: (x) => x, leak: 1, slope: () => 1 },
};

export const names = Object.keys(activations);
