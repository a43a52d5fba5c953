// @ts-check
// Draws a stack with batch normalization and without as SVG markup: the signal and the gradient, layer by
// layer, and below them what one unit says of one example in many batches.
import { COMPANIES, DEPTH } from "../maths/batch-normalization-math.js";
import { format, power } from "../page/format.js";
import { circle, line, minus, px, text } from "../page/plot.js";

const LEFT = 46, RIGHT = 10, TITLE = 24, AXIS = 24, GAP = 18, LAYERS = 200, EXAMPLE = 84; // in pixels
const WIDE = 560, LEAST = 1e-12; // what is smaller leaves the axis

/**
 * @typedef {import("../maths/batch-normalization-math.js").Layer} Layer
 * @typedef {keyof Layer} Name
 * @typedef {ReturnType<typeof import("../maths/batch-normalization-math.js").theory>} Theory
 * @typedef {{ normal: Layer[], plain: Layer[], answers: number[], expected: Theory, evaluation: boolean }} Shown
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 */

/** @param {number} width */
function panels(width) {
  const wide = width >= WIDE, inner = (wide ? width / 2 : width) - LEFT - RIGHT, below = TITLE + LAYERS + AXIS + GAP;
  const first = { left: LEFT, top: TITLE, width: inner, height: LAYERS };
  const second = wide ? { ...first, left: width / 2 + LEFT } : { ...first, top: below + TITLE };
  const third = { left: LEFT, top: second.top + LAYERS + AXIS + GAP + TITLE, width: width - LEFT - RIGHT, height: EXAMPLE };
  return [first, second, third];
}

/** @param {number} width */
export function heightFor(width) {
  const { top, height } = panels(width)[2];
  return top + height + AXIS;
}

/** @param {Shown} shown @param {number} width */
export function chart(shown, width) {
  const [first, second, third] = panels(width);
  return byLayer(shown, "signal", "Signal h: rms, layer by layer", first)
    + byLayer(shown, "delta", "Gradient δ: rms, layer by layer", second) + example(shown, third);
}

/** A number on an axis of powers of ten. @param {number} exponent */
const decade = (exponent) => (Math.abs(exponent) < 3 ? String(Number((10 ** exponent).toPrecision(1))) : power(exponent));

/** @param {Shown} shown @param {Name} name @param {string} title @param {Box} box */
function byLayer({ normal, plain, expected, evaluation }, name, title, box) {
  const floor = box.top + box.height, x = (/** @type {number} */ l) => box.left + 8 + ((box.width - 16) * (l - 1)) / (DEPTH - 1);
  const curves = [normal, plain, ...(evaluation ? [] : [expected.normal]), expected.plain];
  const logs = curves.flatMap((layers) => layers.map((layer) => layer[name]))
    .filter((value) => value > LEAST).map(Math.log10);
  if (!logs.length) logs.push(0);
  const every = [1, 2, 5, 10].find((step) => (Math.max(...logs) - Math.min(...logs)) / step <= 5) ?? 20;
  const low = every * Math.floor(Math.min(...logs) / every + 1e-9);
  const high = Math.max(every * Math.ceil(Math.max(...logs) / every - 1e-9), low + every);
  const y = (/** @type {number} */ value) => floor - (box.height * (Math.log10(value) - low)) / (high - low);
  const marks = Array.from({ length: Math.round((high - low) / every) + 1 }, (_, k) => low + k * every).map((exponent) => {
    const at = y(10 ** exponent);
    return `<path class="grid" d="M${px(box.left)} ${px(at)}h${px(box.width)}"/>` + text(box.left - 6, at + 4, decade(exponent), "end");
  });
  const points = (/** @type {Layer[]} */ layers) => layers.flatMap((layer, l) => (layer[name] > LEAST ? [[x(l + 1), y(layer[name])]] : []));
  return text(box.left - LEFT, box.top - 9, title, "start", "title") + marks.join("")
    + (evaluation ? "" : line("theory", points(expected.normal))) + line("theory rms", points(expected.plain))
    + points(plain).map(([a, b]) => circle("ring paper", a, b, 4)).join("")
    + points(normal).map(([a, b]) => circle("dot", a, b, 3.2)).join("")
    + [1, 4, 7, DEPTH].map((l) => text(x(l), floor + 16, l, "middle")).join("")
    + text(box.left - LEFT, floor + 16, "layer", "start");
}

/** @param {Shown} shown @param {Box} box */
function example({ answers }, box) {
  const floor = box.top + box.height, most = Math.max(1.25, ...answers.map(Math.abs));
  const x = (/** @type {number} */ k) => box.left + (box.width * (k + 0.5)) / COMPANIES;
  const y = (/** @type {number} */ value) => box.top + (box.height * (most - value)) / (2 * most);
  const zero = `M${px(box.left)} ${px(y(0))}h${px(box.width)}`;
  return text(box.left - LEFT, box.top - 9, "One example: what unit 1 of layer 1 says (ẑ)", "start", "title")
    + [-1, 0, 1].map((mark) => `<path class="grid" d="M${px(box.left)} ${px(y(mark))}h${px(box.width)}"/>`
      + text(box.left - 6, y(mark) + 4, minus(mark), "end")).join("")
    + `<path class="sticks" d="${zero}${answers.map((value, k) => `M${px(x(k))} ${px(y(0))}V${px(y(value))}`).join("")}"/>`
    + answers.map((value, k) => circle("dot", x(k), y(value), 3.2)).join("")
    + [1, 8, 16, COMPANIES].map((k) => text(x(k - 1), floor + 16, k, "middle")).join("")
    + text(box.left - LEFT, floor + 16, "batch", "start");
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe({ normal, plain, answers }) {
  const last = DEPTH - 1, from = (/** @type {Layer[]} */ layers) =>
    `the signal ends at ${format(layers[last].signal)}, the gradient at ${format(layers[0].delta)}`;
  return `Ten layers on log axes. With normalization ${from(normal)}; without, ${from(plain)}. Below, one example in `
    + `${COMPANIES} batches: a unit says from ${minus(format(Math.min(...answers)))} to ${minus(format(Math.max(...answers)))}.`;
}
