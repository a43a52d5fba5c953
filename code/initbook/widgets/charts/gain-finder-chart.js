// @ts-check
// Draws two maps from a layer to the next as SVG markup, each with its diagonal, the stairs of a cobweb
// and its fixed points: that of the length q and that of the correlation c.
import { format } from "../page/format.js";
import { circle, line, minus, px, text, ticks } from "../page/plot.js";
import { fixedPoints, lengths, nextLength, restingCorrelation } from "../maths/gain-finder-math.js";

const LEFT = 40, RIGHT = 14, TITLE = 24, AXIS = 34, GAP = 16; // in pixels
const WIDE = 560, SAMPLES = 48, LAYERS = 30;

/**
 * @typedef {import("../maths/gain-finder-math.js").State} State
 * @typedef {{ state: State } & ReturnType<typeof import("../maths/gain-finder-math.js").explore>} Shown
 * @typedef {{ left: number, top: number, size: number, low: number, high: number }} Box
 * @typedef {{ at: number, slope: number }} Point
 */

/** Two squares, side by side or one below the other. @param {number} width */
function places(width) {
  const wide = width >= WIDE, size = Math.min(wide ? width / 2 - LEFT - RIGHT : width - LEFT - RIGHT, 300);
  const below = TITLE + size + AXIS + GAP;
  return {
    size, height: (wide ? 0 : below) + TITLE + size + AXIS,
    first: { left: LEFT, top: TITLE },
    second: wide ? { left: width / 2 + LEFT, top: TITLE } : { left: LEFT, top: below + TITLE },
  };
}

/** @param {number} width */
export const heightFor = (width) => places(width).height;

/** How far the lengths' axis reaches. @param {Shown} shown */
function reach({ state: { std }, rest }) {
  const start = std * std;
  return { rests: 1.35 * Math.max(start, rest.q), stays: 2.2 * start, everywhere: 2.2 * start, fades: 1.35 * start, grows: 4 * start }[rest.kind];
}

/** @param {Shown} shown @param {number} width */
export function chart(shown, width) {
  const { state, map, rest } = shown, { size, first, second } = places(width), most = reach(shown);
  const low = state.correlation < 0 ? -1 : 0;
  const lengthsBox = { ...first, size, low: 0, high: most }, correlations = { ...second, size, low, high: 1 };
  const apart = restingCorrelation(map);
  const fixed = apart < 1 ? [{ at: apart, slope: 0 }, { at: 1, slope: map.slope }] : [{ at: 1, slope: map.slope }];
  const tangent = [[low, 1 - map.slope * (1 - low)], [1, 1]];
  return text(0, first.top - 9, "Length q, layer by layer", "start", "title")
    + cobweb(lengthsBox, (q) => nextLength(state, q), lengths(state, LAYERS), fixedPoints(state, rest, most), "q")
    + text(second.left - LEFT, second.top - 9, `Correlation c, at q = ${format(map.q)}`, "start", "title")
    + cobweb(correlations, map.next, path(map.next, state.correlation), fixed, "c", tangent);
}

/** @param {(x: number) => number} next @param {number} start */
function path(next, start) {
  const points = [start];
  while (points.length <= LAYERS) points.push(next(points[points.length - 1]));
  return points;
}

/**
 * @param {Box} box
 * @param {(x: number) => number} next
 * @param {number[]} values of the layers, from the start on
 * @param {Point[]} fixed
 * @param {string} name
 * @param {number[][]} tangent
 */
function cobweb({ left, top, size, low, high }, next, values, fixed, name, tangent = []) {
  const x = (/** @type {number} */ value) => left + (size * (value - low)) / (high - low);
  const y = (/** @type {number} */ value) => top + size - (size * (Math.min(Math.max(value, low - high), 2 * high) - low)) / (high - low);
  const at = Array.from({ length: SAMPLES + 1 }, (_, i) => low + ((high - low) * i) / SAMPLES);
  const place = (/** @type {number[]} */ [a, b]) => [x(a), y(b)];
  const stairs = [[values[0], values[0]]];
  for (let k = 1; k < values.length && Math.abs(values[k - 1]) <= high; k++) {
    stairs.push([values[k - 1], values[k]], [values[k], values[k]].map((value) => Math.min(value, 2 * high)));
  }
  const marks = ticks(low, high, 4), said = (/** @type {number} */ value) => minus(Number(value.toPrecision(4)));
  const inside = fixed.filter((point) => point.at >= low && point.at <= high);
  return marks.map((mark) => `<path class="grid" d="M${left} ${px(y(mark))}h${px(size)}"/>`
    + (mark > low ? text(left - 6, y(mark) + 4, said(mark), "end") : "") + text(x(mark), top + size + 15, said(mark), "middle")).join("")
    + text(left + size / 2, top + size + 30, `${name} of a layer; upwards, ${name} of the next`, "middle")
    + `<svg x="${px(left)}" y="${top}" width="${px(size)}" height="${px(size)}" viewBox="${px(left)} ${top} ${px(size)} ${px(size)}">`
    + line("now", [place([low, low]), place([high, high])]) + line("theory rms", tangent.map(place))
    + line("theory", at.map((value) => place([value, next(value)]))) + line("way", stairs.map(place)) + "</svg>"
    + inside.map((point) => circle(point.slope < 1 ? "dot" : "ring paper", x(point.at), y(point.at), 4.5)).join("")
    + circle("point", x(values[0]), y(values[0]), 3);
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe(shown) {
  const { state, map, rest } = shown, fixed = fixedPoints(state, rest, reach(shown));
  const points = fixed.map(({ at, slope }) => `${slope < 1 ? "a stable" : "an unstable"} fixed point at ${format(at)}`);
  return `Two maps with their cobwebs. The length map starts at ${format(state.std ** 2)} and has ${points.join(" and ") || "no single fixed point in sight"}. `
    + `The correlation map starts at ${minus(format(state.correlation))}; its slope at 1 is ${format(map.slope)}.`;
}
