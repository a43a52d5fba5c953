// @ts-check
// Training in float64, as numpy computes: matrix products by products.wasm or in plain JavaScript.
// The program that is copied would part from float32 within a few hundred steps.
import { activations } from "./activations.js";

/**
 * @typedef {import("./doubles.js").Products} Kernels
 * @typedef {{ at: number, of: Float64Array }} Matrix of numbers, row by row, from a place in memory
 * @typedef {{ weights: Matrix, biases: Float64Array, fanIn: number, fanOut: number }} Layer
 * @typedef {{ activation: string, rate: number, layers: Layer[] }} Net
 */

const PAGE = 65536, LANES = 4; // the product's rows and columns come in fours

const padded = (/** @type {number} */ count) => LANES * Math.ceil(count / LANES);

/**
 * Several nets of the same widths, trained in turn by gradient descent on softmax and cross-entropy.
 * Columns beyond the last layer's width hold zeros.
 */
export class Trainer {
  /** @param {Kernels} kernels @param {number[]} widths @param {number} most rows at once @param {number} count of nets */
  constructor(kernels, widths, most, count) {
    this.kernels = kernels;
    this.classes = widths[widths.length - 1];
    const wide = widths.map(padded), fans = wide.slice(1).map((fanOut, l) => ({ fanIn: wide[l], fanOut }));
    const inside = fans.reduce((sum, { fanIn, fanOut }) => sum + (fanIn + 1) * fanOut, 0);
    const largest = Math.max(...fans.map(({ fanIn, fanOut }) => fanIn * fanOut));
    const signals = wide.reduce((sum, n) => sum + n, 0), widest = Math.max(...wide);
    let free = 1024; // bytes
    const bytes = free + 8 * (count * inside + 2 * largest + most * (signals + 2 * widest));
    const missing = bytes - kernels.memory.buffer.byteLength;
    if (missing > 0) kernels.memory.grow(Math.ceil(missing / PAGE));
    /** @param {number} size @returns {Matrix} */
    const take = (size) => {
      const at = free;
      free += 8 * size;
      return { at, of: new Float64Array(kernels.memory.buffer, at, size).fill(0) };
    };
    /** @type {Net[]} */
    this.nets = Array.from({ length: count }, () => ({
      activation: "tanh", rate: 0,
      layers: fans.map(({ fanIn, fanOut }) => ({ fanIn, fanOut, weights: take(fanIn * fanOut), biases: take(fanOut).of })),
    }));
    this.signals = wide.map((n) => take(most * n)); // the inputs and what comes out of each layer
    this.gradient = take(largest);
    this.turned = take(largest);
    this.deltas = [take(most * widest), take(most * widest)];
  }

  /** From `rows` inputs, which lie in signals[0], to the logits. @param {Net} net @param {number} rows */
  forward({ activation, layers }, rows) {
    const { f } = activations[activation];
    for (let l = 0; l < layers.length; l++) {
      const { weights, biases, fanIn, fanOut } = layers[l], out = this.signals[l + 1], h = out.of;
      this.kernels.product(this.signals[l].at, weights.at, out.at, rows, fanIn, fanOut, fanIn, 1);
      const bends = l + 1 < layers.length;
      for (let k = 0, j = 0; k < rows * fanOut; k++, j = j + 1 === fanOut ? 0 : j + 1) {
        h[k] = bends ? f(h[k] + biases[j]) : h[k] + biases[j];
      }
    }
  }

  /**
   * The mean loss and the share of right answers after `forward`; p − t, over the rows, into deltas[0].
   * @param {ArrayLike<number>} labels
   */
  judge(labels) {
    const rows = labels.length, wide = padded(this.classes), logits = this.signals[this.signals.length - 1].of;
    const delta = this.deltas[0].of;
    let loss = 0, right = 0;
    for (let b = 0; b < rows; b++) {
      const row = logits.subarray(b * wide, b * wide + this.classes), label = labels[b];
      let most = 0, sum = 0;
      for (let k = 1; k < row.length; k++) if (row[k] > row[most]) most = k;
      for (const score of row) sum += Math.exp(score - row[most]);
      loss += Math.log(sum) + row[most] - row[label];
      right += Number(most === label);
      for (let k = 0; k < wide; k++) {
        const p = k < row.length ? Math.exp(row[k] - row[most]) / sum : 0;
        delta[b * wide + k] = (p - Number(k === label)) / rows;
      }
    }
    return { loss: loss / rows, accuracy: right / rows };
  }

  /** One step of gradient descent on the rows in signals[0]. @param {Net} net @param {ArrayLike<number>} labels */
  step(net, labels) {
    const { layers, rate } = net, rows = labels.length, { slope } = activations[net.activation];
    this.forward(net, rows);
    this.judge(labels);
    let [delta, below] = this.deltas;
    for (let l = layers.length - 1; l >= 0; l--) {
      const { weights, biases, fanIn, fanOut } = layers[l], h = this.signals[l], W = weights.of, size = fanIn * fanOut;
      this.kernels.product(h.at, delta.at, this.gradient.at, fanIn, rows, fanOut, 1, fanIn);
      if (l > 0) {
        const turned = this.turned.of;
        for (let i = 0; i < fanIn; i++) for (let j = 0; j < fanOut; j++) turned[j * fanIn + i] = W[i * fanOut + j];
        this.kernels.product(delta.at, this.turned.at, below.at, rows, fanOut, fanIn, fanOut, 1);
        for (let k = 0; k < rows * fanIn; k++) below.of[k] *= slope(h.of[k]);
      }
      const gradient = this.gradient.of;
      for (let k = 0; k < size; k++) W[k] -= rate * gradient[k];
      for (let j = 0; j < fanOut; j++) {
        let sum = 0;
        for (let k = j; k < rows * fanOut; k += fanOut) sum += delta.of[k];
        biases[j] -= rate * sum;
      }
      [delta, below] = [below, delta];
    }
  }
}
