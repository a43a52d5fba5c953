// @ts-check
// Draws what flows through a stack as SVG markup: three curves on one log axis, their theory, and
// below them the widths of the layers.
import { format, power } from "../page/format.js";
import { circle, line, px, text, ticks } from "../page/plot.js";

const LEFT = 46, RIGHT = 34, TOP = 24, CURVES = 250, GAP = 24, PROFILE = 34;
export const HEIGHT = TOP + CURVES + GAP + PROFILE + 24;

/**
 * @typedef {import("../maths/gradient-flow-math.js").Layer} Layer
 * @typedef {keyof Layer} Name
 * @typedef {{ layers: Layer[], expected: Layer[], widths: number[] }} Shown
 */

/** A saltire: what the weights get. @param {number} x @param {number} y @param {number} r */
const saltire = (x, y, r) => `M${px(x - r)} ${px(y - r)}l${2 * r} ${2 * r}m${-2 * r} 0l${2 * r} ${-2 * r}`;

/** @type {Record<Name, { sign: string, mark: (points: number[][], r: number) => string }>} */
export const marks = {
  signal: { sign: "h", mark: (points, r) => points.map(([x, y]) => circle("dot", x, y, r)).join("") },
  delta: { sign: "δ", mark: (points, r) => points.map(([x, y]) => circle("ring", x, y, 1.5 * r)).join("") },
  gradient: {
    sign: "∂W",
    mark: (points, r) => `<path class="way" d="${points.map(([x, y]) => saltire(x, y, 1.3 * r)).join("")}"/>`,
  },
};
export const names = /** @type {Name[]} */ (Object.keys(marks));

/** @param {Shown} shown @param {number} width */
export function chart({ layers, expected, widths }, width) {
  const inner = width - LEFT - RIGHT, depth = layers.length, floor = TOP + CURVES;
  const x = (/** @type {number} */ layer) => LEFT + 6 + ((inner - 12) * (layer - 1)) / (depth - 1);
  const { low, high, every } = bounds([...layers, ...expected]);
  const y = (/** @type {number} */ value) => floor - (CURVES * (Math.log10(value) - low)) / (high - low);
  const steps = high - low <= 2 ? [1, 2, 5] : [1];
  const exponents = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, k) => low + k * every);
  const values = exponents.flatMap((exponent) => steps.map((step) => step * 10 ** exponent));
  const marked = values.filter((value) => value <= 1.001 * 10 ** high).map((value) => {
    const at = y(value), exponent = Math.round(Math.log10(value));
    const label = steps.length > 1 || Math.abs(exponent) < 3 ? String(Number(value.toPrecision(1))) : power(exponent);
    return `<path class="grid" d="M${LEFT} ${px(at)}h${px(inner)}"/>` + text(LEFT - 6, at + 4, label, "end");
  });
  const r = Math.min(2.6, Math.max(1.2, inner / depth / 3.2));
  /** @param {Layer[]} of @param {Name} name */
  const points = (of, name) => of.flatMap((layer, l) => (layer[name] > 0 ? [[x(l + 1), y(layer[name])]] : []));
  const lines = names.map((name) => line(`theory of-${name}`, points(expected, name)));
  const dots = names.map((name) => marks[name].mark(points(layers, name), r));
  return text(0, 14, "Root mean square by layer, on a log axis", "start", "title")
    + marked.join("") + lines.join("") + dots.join("") + ends(layers, x(depth) + 10, y)
    + profile(widths, x, floor + GAP) + layerAxis(depth, x);
}

/** Whole decades around all values, and every how many of them a line. @param {Layer[]} layers */
function bounds(layers) {
  const logs = layers.flatMap((layer) => names.map((name) => Math.log10(layer[name]))).filter(Number.isFinite);
  const least = Math.min(...logs), most = Math.max(...logs);
  const every = [1, 2, 5, 10, 20, 50].find((step) => (most - least) / step <= 6) ?? 100;
  const low = every * Math.floor(least / every + 1e-9), high = every * Math.ceil(most / every - 1e-9);
  return { low, high: Math.max(high, low + every), every };
}

/** The curves' names at their ends, a line apart. @param {Layer[]} layers @param {number} at @param {(value: number) => number} y */
function ends(layers, at, y) {
  const top = layers[layers.length - 1];
  const labels = names.filter((name) => top[name] > 0).map((name) => ({ name, y: y(top[name]) + 4 }));
  labels.sort((a, b) => a.y - b.y);
  for (let k = 1; k < labels.length; k++) labels[k].y = Math.max(labels[k].y, labels[k - 1].y + 13);
  const over = Math.max(0, (labels.at(-1)?.y ?? 0) - (TOP + CURVES));
  return labels.map((label) => text(at, label.y - over, marks[label.name].sign, "start", "ended")).join("");
}

/** The widths as a band around a middle line. @param {number[]} widths @param {(layer: number) => number} x @param {number} top */
function profile(widths, x, top) {
  const most = Math.max(...widths), middle = top + PROFILE / 2;
  const half = (/** @type {number} */ n) => Math.max(1, (PROFILE * n) / most / 2);
  const upper = widths.slice(1).map((n, l) => `${px(x(l + 1))} ${px(middle - half(n))}`);
  const lower = widths.slice(1).map((n, l) => `${px(x(l + 1))} ${px(middle + half(n))}`).reverse();
  return `<path class="bars" d="M${[...upper, ...lower].join("L")}Z"/>`
    + text(LEFT - 6, middle - 2, "width", "end") + text(LEFT - 6, middle + 11, most, "end");
}

/** @param {number} depth @param {(layer: number) => number} x */
function layerAxis(depth, x) {
  const inside = ticks(1, depth, Math.min(depth - 1, 5)).filter((l) => Number.isInteger(l) && l > 1 && l < depth - depth / 12);
  return [1, ...inside, depth].map((l) => text(x(l), HEIGHT - 6, l, "middle")).join("")
    + text(0, HEIGHT - 6, "layer", "start");
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe({ layers }) {
  const [first, last] = [layers[0], layers[layers.length - 1]], depth = layers.length;
  const from = (/** @type {Name} */ name) => `from ${format(first[name])} at layer 1 to ${format(last[name])}`;
  return `Three curves over ${depth} layers, on a log axis, with lines for mean-field theory: the signal `
    + `${from("signal")} at layer ${depth}, the gradient ${from("delta")}, the weights’ gradient ${from("gradient")}.`;
}
