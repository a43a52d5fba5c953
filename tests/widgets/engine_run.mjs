// Runs the widgets' mathematics in Node for test_engine.py: a request on stdin, an answer on stdout.
import { readFileSync } from "node:fs";

const request = JSON.parse(readFileSync(0, "utf8"));
const load = (name) => import(new URL(name, `file://${request.folder}/maths/`));
const { createEngine, layout, strideOf, widthsOf } = await load("engine.js");
const { names } = await load("activations.js");
const { functions } = await load("functions.js");
const { meanField } = await load("ten-layers-math.js");

const engine = await createEngine(
  request.engine === "wasm" ? readFileSync(`${request.folder}/maths/engine.wasm`) : new Uint8Array(1),
);
const { kernels } = engine;
const plain = (at, count) =>
  Buffer.from(kernels.memory.buffer.slice(at, at + 4 * count)).toString("base64");

const answers = {
  normals({ count, seed, stream }) {
    const at = 4096;
    kernels.memory.grow(Math.ceil((at + 4 * count) / 65536) + 1);
    kernels.normals(at, count, seed, stream);
    return plain(at, count);
  },

  // The buffers as they lie in memory; test_engine.py knows the layout from kernels.ts.
  layers(state) {
    const { activation, scale, batch } = state, statistics = engine.simulate(state), widths = widthsOf(state);
    engine.simulate({ ...state, activation: "tanh" }); // so that all is drawn
    const { inputs, here, there, weights } = layout(widths), outputs = [], { f } = functions[activation];
    let [from, to] = [inputs, here];
    weights.forEach((w, l) => {
      const n = widths[l], m = widths[l + 1], count = batch * strideOf(m), sigma = scale / Math.sqrt(n);
      kernels.product(from, w, to, batch, n, m);
      const h = new Float32Array(kernels.memory.buffer, to, count);
      if (names.includes(activation)) kernels.apply(to, to, count, sigma, names.indexOf(activation));
      else h.forEach((z, k) => (h[k] = f(sigma * z)));
      outputs.push(plain(to, count));
      [from, to] = [to, to === here ? there : here];
    });
    const drawn = weights.map((w, l) => plain(w, widths[l] * strideOf(widths[l + 1])));
    return { inputs: plain(inputs, batch * strideOf(widths[0])), weights: drawn, outputs, statistics, widths };
  },

  uniforms({ count, seed, stream }) {
    kernels.memory.grow(Math.ceil((4096 + 4 * count) / 65536) + 1);
    kernels.uniforms(4096, count, seed, stream);
    return plain(4096, count);
  },

  names: () => ({ compiled: names, all: Object.keys(functions) }),

  meanField: (state) => meanField(state),

  values: ({ activation, at }) => at.map(functions[activation].f),
};

const answer = answers[request.task](request);
process.stdout.write(JSON.stringify({ engine: engine.name, answer }));
