// @ts-check
// What updates.py times, inside the page.
import { createEngine, layout, widthsOf } from "./maths/engine.js";

const UPDATES = 200, ROUNDS = 9, WARM = 20;

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
 * Milliseconds from the start of a widget's frame until the page has been painted, while one setting
 * goes from `low` to `high`.
 * @param {{ name: string, state: Record<string, any>, moved: string, low: number, high: number, whole: boolean }} what
 */
export async function updates({ name, state, moved, low, high, whole }) {
  const { default: widget } = await import(`./${name}.js`);
  const model = new Model(state), el = document.body.appendChild(document.createElement("div"));
  const stop = await widget.render({ model, el }), times = [];
  for (let i = 0; i < UPDATES; i++) {
    const value = low + ((high - low) * i) / (UPDATES - 1);
    times.push(await painted(model, moved, whole ? Math.round(value) : value));
  }
  stop();
  el.remove();
  return times.slice(WARM);
}

/** @param {Model} model @param {string} moved @param {number} value @returns {Promise<number>} */
function painted(model, moved, value) {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    requestAnimationFrame(() => {
      const start = performance.now();
      port1.onmessage = () => done(performance.now() - start); // comes after the paint
      port2.postMessage(0);
    });
    model.set(moved, value); // asks for the same frame
  });
}

/** What the engine computes. @param {{ width: number, batch: number }} size @param {string} activation */
const stackOf = ({ width, batch }, activation) => ({
  activation, scale: 1, depth: 10, width, profile: "constant", law: "normal", norm: "off", batch, seed: 0,
});

/**
 * Milliseconds for the same ten layers three ways, for their matrix products alone, and for ReLU,
 * whose layers are rescaled.
 * @param {{ width: number, batch: number }} size
 */
export async function rounds({ width, batch }) {
  const setup = stackOf({ width, batch }, "tanh"), places = layout(widthsOf(setup)), { here, there, weights } = places;
  const wasm = await createEngine(), fallback = await createEngine(new Uint8Array(1)), relu = await createEngine();
  const products = () => {
    for (const w of weights) wasm.kernels.product(here, w, there, batch, width, width);
  };
  let moved = 0;
  const ways = {
    wasm: () => wasm.simulate(setup), fallback: () => fallback.simulate(setup), naive: naive({ width, batch }), products,
    relu: () => relu.simulate({ ...stackOf({ width, batch }, "relu"), scale: 1 + (moved += 0.01) }),
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
 * @param {{ width: number, batch: number }} size
 */
function naive({ width, batch }) {
  const matrix = (/** @type {number} */ rows) =>
    Array.from({ length: rows }, () => Float32Array.from({ length: width }, () => Math.random() - 0.5));
  const X = matrix(batch), W = Array.from({ length: 10 }, () => matrix(width));
  const sigma = Math.sqrt(12 / width);
  return () => {
    let h = X;
    const statistics = [];
    for (let l = 0; l < 10; l++) {
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
