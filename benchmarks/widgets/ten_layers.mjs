// @ts-check
// What ten_layers.py times, inside the page.
import widget from "./ten-layers.js";
import { createEngine, layout, DEPTH } from "./engine.js";

const UPDATES = 200, ROUNDS = 9;

/** @typedef {{ width: number, batch: number }} Size */

class Model {
  /** @type {Record<string, (...args: any[]) => void>} */
  listeners = {};
  /** @param {Record<string, any>} state */
  constructor(state) {
    this.state = state;
  }
  /** @param {string} name */
  get(name) {
    return this.state[name];
  }
  /** @param {string} name @param {unknown} value */
  set(name, value) {
    this.state[name] = value;
    this.listeners[`change:${name}`]?.();
  }
  save_changes() {}
  /** @param {string} event @param {(...args: any[]) => void} listener */
  on(event, listener) {
    this.listeners[event] = listener;
  }
  off() {}
}

/**
 * Milliseconds from the start of the widget's frame until the page has been painted.
 * @param {Size} size
 */
export async function updates({ width, batch }) {
  const model = new Model({ activation: "tanh", scale: 1, width, batch, seed: 0 });
  const el = document.body.appendChild(document.createElement("div"));
  const stop = await widget.render({ model, el });
  const times = [];
  for (let i = 0; i < UPDATES; i++) times.push(await painted(model, 0.3 + i / 100));
  stop();
  el.remove();
  return times.slice(20); // the first ones warm up
}

/** @param {Model} model @param {number} scale @returns {Promise<number>} */
function painted(model, scale) {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    requestAnimationFrame(() => {
      const start = performance.now();
      port1.onmessage = () => done(performance.now() - start); // comes after the paint
      port2.postMessage(0);
    });
    model.set("scale", scale); // asks for the same frame
  });
}

/**
 * Milliseconds for the same computation three ways, and for the ten matrix products alone.
 * @param {Size} size
 */
export async function rounds({ width, batch }) {
  const setup = { activation: "tanh", scale: 1, width, batch, seed: 0 };
  const wasm = await createEngine(), fallback = await createEngine(new Uint8Array(1));
  const loop = naive(setup), { here, there, weights } = layout(width, batch);
  const products = () => {
    for (let l = 0; l < DEPTH; l++) wasm.kernels.product(here, weights(l), there, batch, width);
  };
  const ways = {
    wasm: () => wasm.simulate(setup), fallback: () => fallback.simulate(setup), naive: loop, products,
  };
  /** @type {Record<string, number[]>} */
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(ways)) {
      const start = performance.now();
      work();
      if (round >= 0) times[name].push(performance.now() - start);
    }
  }
  return times;
}

/**
 * The loop one would write first: arrays of rows, three nested loops, then statistics and bins.
 * @param {Size} size
 */
function naive({ width, batch }) {
  const matrix = (/** @type {number} */ rows) =>
    Array.from({ length: rows }, () => Float32Array.from({ length: width }, () => Math.random() - 0.5));
  const X = matrix(batch), W = Array.from({ length: DEPTH }, () => matrix(width));
  const sigma = Math.sqrt(12 / width);
  return () => {
    let h = X;
    const statistics = [];
    for (let l = 0; l < DEPTH; l++) {
      const next = X.map(() => new Float32Array(width)), bins = new Array(30).fill(0);
      let total = 0, squares = 0;
      for (let b = 0; b < batch; b++) {
        for (let j = 0; j < width; j++) {
          let z = 0;
          for (let i = 0; i < width; i++) z += h[b][i] * W[l][i][j];
          const a = Math.tanh(sigma * z);
          next[b][j] = a;
          total += a;
          squares += a * a;
          bins[Math.min(29, Math.floor((a + 1) * 15))]++;
        }
      }
      h = next;
      statistics[l] = [total, squares, bins];
    }
    return statistics;
  };
}
