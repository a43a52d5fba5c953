// @ts-check
// Draws a sum as SVG markup: the histogram of z over the predicted normal law, and one unit opened.
import { format } from "../page/format.js";
import { circle, line, minus, px, text, ticks } from "../page/plot.js";
import { BINS, DRAWS, predict } from "../maths/sum-math.js";

const LEFT = 46, RIGHT = 10, TOP = 26, AXIS = 24, GAP = 34; // in pixels
const WIDE = 560;

/**
 * @typedef {{ state: import("../maths/sum-math.js").State, drawn: import("../maths/sum-math.js").Sample,
 *   measured: number, predicted: number, predicted_mean: number }} Shown
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 */

/** Two panels side by side, or one below the other. @param {number} width */
function panels(width) {
  if (width < WIDE) {
    const inner = width - LEFT - RIGHT;
    return [
      { left: LEFT, top: TOP, width: inner, height: 160 },
      { left: LEFT, top: TOP + 160 + AXIS + GAP, width: inner, height: 180 },
    ];
  }
  const inner = (width - 2 * LEFT - 2 * RIGHT - 14) / 2;
  return [
    { left: LEFT, top: TOP, width: inner, height: 230 },
    { left: 2 * LEFT + RIGHT + 14 + inner, top: TOP, width: inner, height: 230 },
  ];
}

/** @param {number} width */
export function heightFor(width) {
  const { top, height } = panels(width)[1];
  return top + height + AXIS;
}

/** @param {Shown} shown @param {number} width */
export function chart(shown, width) {
  const [first, second] = panels(width);
  return histogram(shown, first) + opened(shown, second);
}

const label = (/** @type {number} */ x) =>
  minus(x === 0 || (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5) ? Number(x.toPrecision(4)) : format(x));

/** z up to 4 predicted stds to both sides of its mean. @param {Shown} shown @param {Box} box */
function histogram({ state, drawn, predicted, predicted_mean: mean }, box) {
  const std = Math.sqrt(Math.max(0, predicted - mean * mean)), floor = box.top + box.height;
  const head = text(box.left - LEFT, 13, `z of ${DRAWS.toLocaleString("en")} draws`, "start", "title");
  if (!(std > 1e-9 * (1 + Math.abs(mean)))) {
    return head + text(box.left, box.top + 40, `All are the same: z = ${label(mean)}.`, "start");
  }
  const counts = new Array(BINS).fill(0);
  for (const z of drawn.z) {
    const bin = Math.floor((BINS * ((z - mean) / std + 4)) / 8);
    if (bin >= 0 && bin < BINS) counts[bin]++;
  }
  const normal = Array.from({ length: 81 }, (_, i) => {
    const t = i / 10 - 4;
    return [t, ((DRAWS * 8) / BINS) * Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI)];
  });
  const high = 1.05 * Math.max(...counts, normal[40][1]);
  const x = (/** @type {number} */ t) => box.left + (box.width * (t + 4)) / 8;
  const y = (/** @type {number} */ count) => floor - (box.height * count) / high;
  let outline = `M${px(box.left)} ${px(floor)}`;
  for (const count of counts) outline += `V${px(y(count))}h${(box.width / BINS).toFixed(3)}`;
  const own = Math.min(Math.max((drawn.z[state.unit] - mean) / std, -4), 4);
  return head
    + rows(box, ticks(0, high, 4).map((count) => [y(count), label(count)]))
    + `<path class="bars" d="${outline}V${px(floor)}Z"/>`
    + line("theory", normal.map(([t, count]) => [x(t), y(count)]))
    + ticks(mean - 4 * std, mean + 4 * std, box.width / 50).map((z) =>
      text(x((z - mean) / std), floor + 18, label(z), "middle")).join("")
    + text(box.left - LEFT, floor + 18, "z", "start")
    + `<path class="mark" d="M${px(x(own))} ${px(floor + 1)}l5 8h-10Z"/>`;
}

/** The products of one unit, and their running sum. @param {Shown} shown @param {Box} box */
function opened({ state, drawn }, box) {
  const { w, x: inputs } = drawn, { n, unit } = state, floor = box.top + box.height;
  const products = inputs.map((x, i) => x * w[i]);
  let total = 0;
  const sums = [0, ...products.map((product) => (total += product))];
  const lane = (/** @type {-1 | 1} */ side) => sums.map((_, k) => {
    const { mean, second } = predict(state, drawn, k);
    return mean + side * Math.sqrt(Math.max(0, second - mean * mean));
  });
  const lanes = [lane(-1), lane(1)];
  const all = [...sums, ...products, ...lanes[0], ...lanes[1]];
  const low = Math.min(...all), span = 1.08 * (Math.max(...all) - low) || 1;
  const x = (/** @type {number} */ i) => box.left + (box.width * i) / n;
  const y = (/** @type {number} */ value) => floor - (box.height * (value - low + span / 27)) / span;
  const stick = Math.max(0.75, Math.min(0.6 * (box.width / n), 14));
  const sticks = [...products].map((product, i) => `M${px(x(i + 0.5))} ${px(y(0))}V${px(y(product))}`).join("");
  let stairs = `M${px(x(0))} ${px(y(0))}`;
  for (const [i, sum] of sums.slice(1).entries()) stairs += `H${px(x(i + 0.5))}V${px(y(sum))}`;
  const end = sums[n];
  return text(box.left - LEFT, box.top - 13, `Unit ${unit + 1} opened: ${n === 1 ? "1 product" : `${n} products`}, and their sum`, "start", "title")
    + rows(box, ticks(low, low + span, 4).map((value) => [y(value), label(value)]).filter((row) => Number(row[0]) >= box.top - 2))
    + `<path class="sticks" style="stroke-width:${stick.toFixed(2)}" d="${sticks}"/>`
    + lanes.map((edge) => line("theory rms", edge.map((value, k) => [x(k), y(value)]))).join("")
    + `<path class="way" d="${stairs}H${px(x(n))}"/>` + circle("dot", x(n), y(end), 4)
    + ticks(0, n, Math.min(n, 5)).filter(Number.isInteger).map((i) => text(x(i), floor + 18, i, "middle")).join("")
    + text(box.left - LEFT, floor + 18, "terms", "start");
}

/** @param {Box} box @param {(string | number)[][]} marks */
function rows(box, marks) {
  return marks.map(([y, words]) =>
    `<path class="grid" d="M${px(box.left)} ${px(Number(y))}h${px(box.width)}"/>`
    + text(box.left - 6, Number(y) + 4, words, "end")).join("");
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe({ state, drawn, measured, predicted }) {
  return `Histogram of ${DRAWS} sums with the mean square ${label(measured)} over a normal law with ${label(predicted)}, `
    + `and the running sum of one unit's ${state.n} products, which ends at ${label(drawn.z[state.unit])}.`;
}
