// Runs the widgets' mathematics in Node for test_engine.py: a request on stdin, an answer on stdout.
import { readFileSync } from "node:fs";

const request = JSON.parse(readFileSync(0, "utf8"));
const load = (name) => import(new URL(name, `file://${request.folder}/`));
const { DEPTH, createEngine, layout } = await load("engine.js");
const { names } = await load("activations.js");
const { meanField } = await load("moments.js");

const engine = await createEngine(
  request.engine === "wasm" ? readFileSync(`${request.folder}/engine.wasm`) : new Uint8Array(1),
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
  layers({ activation, scale, width, batch, seed }) {
    const statistics = engine.simulate({ activation, scale, width, batch, seed });
    const { stride, inputs, here, there, weights } = layout(width, batch);
    const size = batch * stride, outputs = [];
    let [from, to] = [inputs, here];
    for (let l = 0; l < DEPTH; l++) {
      kernels.product(from, weights(l), to, batch, width);
      kernels.apply(to, to, size, scale / Math.sqrt(width), names.indexOf(activation));
      outputs.push(plain(to, size));
      [from, to] = [to, to === here ? there : here];
    }
    const drawn = Array.from({ length: DEPTH }, (_, l) => plain(weights(l), width * stride));
    return { inputs: plain(inputs, size), weights: drawn, outputs, statistics };
  },

  names: () => names,

  meanField: ({ activation, scale }) => meanField(activation, scale, DEPTH),
};

const answer = answers[request.task](request);
process.stdout.write(JSON.stringify({ engine: engine.name, answer }));
