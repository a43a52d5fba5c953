// @ts-check
// A race: four nets of one shape, each with its start, activation and learning rate, on the same
// digits in the same order. A start scales the same normal numbers for all.
import { DRAWS_IN_PYTHON, normals, uniforms } from "./draws.js";
import { loadProducts } from "./doubles.js";
import { Trainer } from "./training.js";
import settings from "../training-race.settings.js";

/**
 * @typedef {"a" | "b" | "c" | "d"} Letter
 * @typedef {{ hidden: number, batch: number, seed: number } & Record<`rate_${Letter}`, number>
 *   & Record<`start_${Letter}` | `activation_${Letter}`, string>} State
 *
 * Pixels from 0 to 1, row by row, of the digits to train on and then of the new ones; and what they show.
 * @typedef {{ pixels: Float64Array, labels: Uint8Array }} Digits
 *
 * What is measured of a racer at a step: on the new digits, and shares in the bins of each hidden layer.
 * @typedef {{ step: number, loss: number, accuracy: number, bins: number[][] }} Look
 */

export const LETTERS = /** @type {Letter[]} */ (settings.racers);
export const { steps: STEPS, every: EVERY, finish: FINISH, train: TRAIN, test: TEST } = settings;
const { width: WIDTH, classes: CLASSES, pixels: PIXELS } = settings;
const BINS = 16;
const ORDER = 16; // the stream of the first step's digits, after those of the weights

export const prepare = loadProducts, binary = "products.wasm";

/** The digits from a file of initbook.widgets.training_race: two pixels a byte, then labels. @param {Uint8Array} file */
export function unpack(file) {
  const count = (TRAIN + TEST) * PIXELS, pixels = new Float64Array(count);
  for (let k = 0; k < count; k++) pixels[k] = ((file[k >> 1] >> (k & 1 ? 0 : 4)) & 15) / 15;
  return { pixels, labels: file.slice(count / 2) };
}

/** @param {State} state @param {Letter} letter */
export function racer(state, letter) {
  return { start: state[`start_${letter}`], activation: state[`activation_${letter}`], rate: state[`rate_${letter}`] };
}

/** @param {string} start @param {number} fanIn @param {number} fanOut */
function stdOf(start, fanIn, fanOut) {
  const { numerator, fan } = settings.starts[/** @type {"he"} */ (start)];
  const fans = /** @type {Record<string, number>} */ ({ one: 1, in: fanIn, avg: (fanIn + fanOut) / 2 });
  return Math.sqrt(numerator / fans[fan]);
}

export class Race {
  /** @param {State} state @param {Digits} digits @param {Awaited<ReturnType<typeof loadProducts>>} source */
  constructor(state, digits, { kernels, name }) {
    this.state = state;
    this.digits = digits;
    this.engine = name;
    this.next = 0; // the racer whose turn it is
    this.steps = 0; // that all have taken
    const widths = [PIXELS, ...Array(state.hidden).fill(WIDTH), CLASSES];
    this.trainer = new Trainer(kernels, widths, Math.max(TEST, state.batch), LETTERS.length);
    this.labels = new Uint8Array(state.batch);
    /** @type {Look[][]} */
    this.looks = LETTERS.map(() => []);
    this.#draw(widths);
    this.measure();
  }

  /** @param {number[]} widths */
  #draw(widths) {
    const { seed } = this.state;
    this.trainer.nets.forEach((net, r) => Object.assign(net, racer(this.state, LETTERS[r])));
    for (let l = 1; l < widths.length; l++) {
      const fanIn = widths[l - 1], fanOut = widths[l], drawn = normals(seed, l, fanIn * fanOut);
      this.trainer.nets.forEach((net, r) => {
        const { weights, fanOut: wide } = net.layers[l - 1], std = stdOf(racer(this.state, LETTERS[r]).start, fanIn, fanOut);
        for (let k = 0; k < drawn.length; k++) weights.of[Math.floor(k / fanOut) * wide + (k % fanOut)] = std * drawn[k];
      });
    }
  }

  /** The digits of the coming step, into the trainer. */
  #take() {
    const { seed, batch } = this.state, inputs = this.trainer.signals[0].of;
    uniforms(seed, ORDER + this.steps, batch).forEach((u, b) => {
      const digit = Math.floor(u * TRAIN);
      inputs.set(this.digits.pixels.subarray(digit * PIXELS, (digit + 1) * PIXELS), b * PIXELS);
      this.labels[b] = this.digits.labels[digit];
    });
  }

  /** One step of the racer whose turn it is: the four take turns. */
  step() {
    if (this.next === 0) this.#take(); // stays for the others
    this.trainer.step(this.trainer.nets[this.next], this.labels);
    this.next = (this.next + 1) % LETTERS.length;
    if (this.next !== 0) return;
    this.steps++;
    if (this.steps % EVERY === 0) this.measure();
  }

  /** Looks at every racer between two steps, once a step. */
  measure() {
    if (this.steps === this.looks[0].at(-1)?.step) return;
    const { trainer, digits: { pixels, labels } } = this;
    trainer.signals[0].of.set(pixels.subarray(TRAIN * PIXELS));
    trainer.nets.forEach((net, r) => {
      trainer.forward(net, TEST);
      const bins = trainer.signals.slice(1, -1).map(({ of }) => shares(of.subarray(0, TEST * WIDTH), net.activation));
      this.looks[r].push({ step: this.steps, ...trainer.judge(labels.subarray(TRAIN)), bins });
    });
  }
}

/** Shares of the values in equal bins; those beyond are in none. @param {Float64Array} h @param {string} activation */
function shares(h, activation) {
  const { low, high } = settings.activations[/** @type {"relu"} */ (activation)], bins = Array(BINS).fill(0);
  for (const value of h) {
    const bin = Math.floor((BINS * (value - low)) / (high - low));
    if (bin >= 0 && bin <= BINS) bins[Math.min(bin, BINS - 1)] += 1 / h.length; // `high` is in the last
  }
  return bins;
}

/** The step of the first look at which a racer read enough of the new digits, or undefined. @param {Look[]} looks */
export const finished = (looks) => looks.find(({ accuracy }) => accuracy >= FINISH)?.step;

/** The race after some steps. @param {State} state @param {number} steps @param {Uint8Array} file @param {any} source */
function run(state, steps, file, source) {
  const race = new Race(state, unpack(file), source);
  while (race.steps < steps) race.step();
  race.measure();
  return race;
}

/** For a test: each racer's loss, which the program prints. @type {(...given: Parameters<typeof run>) => (number | undefined)[]} */
export const losses = (...given) => run(...given).looks.map((looks) => looks.at(-1)?.loss);

/** For a test: all that was measured, and the nets. @type {(...given: Parameters<typeof run>) => unknown} */
export function raced(...given) {
  const { engine, looks, trainer } = run(...given);
  const nets = trainer.nets.map(({ layers }) => layers.map(({ weights, biases, fanOut }) =>
    ({ weights: weights.of.slice(), biases: biases.slice(), fanOut }))); // the next race takes their place
  return { engine, looks, nets };
}

/**
 * The racers whose start makes rounding errors grow: tanh with fan_in·Var(w) > 2 between hidden layers.
 * After some steps another order of sums gives them another loss.
 * @param {State} state
 */
export const chaotic = (state) => LETTERS.filter((letter) => {
  const { start, activation } = racer(state, letter);
  return activation === "tanh" && WIDTH * stdOf(start, WIDTH, WIDTH) ** 2 > 2.001;
}).map((letter) => letter.toUpperCase());

const F_IN_PYTHON = { sigmoid: "1 / (1 + np.exp(-z))", tanh: "np.tanh(z)", relu: "np.maximum(z, 0)" };
const SLOPE_IN_PYTHON = { sigmoid: "h * (1 - h)", tanh: "1 - h * h", relu: "1.0 * (h > 0)" };

/** What both programs begin with: the digits, the draws, and the racers. @param {State} state @param {number} steps @param {string} [address] of the digits */
function opening(state, steps, address) {
  const fans = { one: "1", in: "fan_in", avg: "((fan_in + fan_out) / 2)" };
  const racers = LETTERS.map((letter) => {
    const { start, activation, rate } = racer(state, letter), { numerator, fan } = settings.starts[/** @type {"he"} */ (start)];
    return `    ("${letter.toUpperCase()}", "${activation}", ${rate}, lambda fan_in, fan_out: ${numerator} / ${fans[/** @type {"in"} */ (fan)]}),`;
  });
  const bytes = address
    ? `from urllib.request import urlopen\n\ndata = np.frombuffer(urlopen("${address}").read(), np.uint8)`
    : "from initbook.widgets.training_race import race_digits\n\ndata = np.frombuffer(race_digits(), np.uint8)";
  const chaos = chaotic(state);
  const warning = chaos.length ? `\n# Rounding errors grow in ${chaos.join(", ")}: after some steps the loss differs between machines.` : "";
  return `${bytes}${warning}
pixels = np.stack([data >> 4, data & 15], -1).reshape(-1) / 15
X, labels = pixels[: ${TRAIN + TEST} * ${PIXELS}].reshape(-1, ${PIXELS}), data[${TRAIN + TEST} * ${PIXELS} // 2 :]
seed, batch, steps = ${state.seed}, ${state.batch}, ${steps}
widths = [${[PIXELS, ...Array(state.hidden).fill(WIDTH), CLASSES].join(", ")}]
racers = [  # name, activation, learning rate, variance of the weights
${racers.join("\n")}
]

${DRAWS_IN_PYTHON}

def start(variance):
    pairs = list(zip(widths, widths[1:]))
    return [variance(*pair) ** 0.5 * normal(l + 1, *pair) for l, pair in enumerate(pairs)]

def order():  # the digits of each step
    for step in range(steps):
        yield np.floor(uniform(${ORDER} + step, batch) * ${TRAIN}).astype(int)
`;
}

/** Python that prints each racer's loss on the new digits after the steps. @param {State} state @param {number} steps @param {string} [address] */
export function program(state, steps, address) {
  const used = new Set(LETTERS.map((letter) => /** @type {"tanh"} */ (racer(state, letter).activation)));
  const branch = (/** @type {Record<string, string>} */ table, /** @type {string} */ variable) =>
    [...used].map((name) => `    "${name}": lambda ${variable}: ${table[name]},`).join("\n");
  return `
import numpy as np
${opening(state, steps, address)}
f = {
${branch(F_IN_PYTHON, "z")}
}
slope = {  # of the value h = f(z)
${branch(SLOPE_IN_PYTHON, "h")}
}

def forward(X, W, b, f):
    H = [X]
    for l in range(len(W)):
        z = H[-1] @ W[l] + b[l]
        H.append(f(z) if l + 1 < len(W) else z)
    return H

def chances(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)

def loss(logits, labels):
    z = logits - logits.max(1, keepdims=True)
    return np.mean(np.log(np.exp(z).sum(1)) - z[np.arange(len(z)), labels])

np.seterr(all="ignore")  # a racer may leave the track
for name, activation, rate, variance in racers:
    W, b = start(variance), [np.zeros(n) for n in widths[1:]]
    for chosen in order():
        H = forward(X[chosen], W, b, f[activation])
        delta = (chances(H[-1]) - np.eye(${CLASSES})[labels[chosen]]) / batch
        for l in reversed(range(len(W))):
            grad_W, grad_b = H[l].T @ delta, delta.sum(0)
            delta = (delta @ W[l].T) * slope[activation](H[l])
            W[l], b[l] = W[l] - rate * grad_W, b[l] - rate * grad_b
    print("loss_" + name, loss(forward(X[${TRAIN}:], W, b, f[activation])[-1], labels[${TRAIN}:]))
`.trimStart();
}

/** The same with PyTorch's layers, loss and optimizer. @param {State} state @param {number} steps @param {string} [address] */
export function torchProgram(state, steps, address) {
  return `
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
${opening(state, steps, address)}
f = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
X, labels = torch.from_numpy(X), torch.from_numpy(labels.astype(np.int64))
for name, activation, rate, variance in racers:
    layers = []
    for W in start(variance):
        dense = nn.Linear(*W.shape, dtype=torch.float64)
        dense.weight.data = torch.from_numpy(W.T.copy())  # torch keeps W transposed
        nn.init.zeros_(dense.bias)
        layers += [dense, f[activation]()]
    net = nn.Sequential(*layers[:-1])  # ten logits, not bent
    optimizer = torch.optim.SGD(net.parameters(), lr=rate)
    for chosen in order():
        optimizer.zero_grad()
        F.cross_entropy(net(X[chosen]), labels[chosen]).backward()
        optimizer.step()
    print("loss_" + name, F.cross_entropy(net(X[${TRAIN}:]), labels[${TRAIN}:]).item())
`.trimStart();
}
