// @ts-check
// Descent on three curves: where the steps lead, which are stable, and the same in NumPy.
// Products are written out, in one order here and in the program: so both round alike.
import settings from "../descent.settings.js";

/**
 * @typedef {{ curve: string, start: number, rate: number, clipping: string, limit: number,
 *   decay: string }} State
 *
 * A curve: its height and slope, what x is multiplied by in a plain step, its bottoms, and the
 * largest plain rate that settles from a start.
 * @typedef {object} Curve
 * @property {(x: number) => number} height
 * @property {(x: number) => number} slope
 * @property {(x: number, rate: number) => number} factor
 * @property {number[]} bottoms
 * @property {(start: number) => number} bound
 * @property {{ slope: string, factor: string, bound: string }} code
 */

export const { steps: STEPS, beyond: BEYOND } = settings;
const CURVATURE_BOUND = 1 / 16; // 2 over the second derivative in a valley of (x² − 4)², which is 32

/** @type {Record<string, Curve>} */
export const curves = {
  quartic: {
    height: (x) => x * x * x * x,
    slope: (x) => 4 * x * x * x,
    factor: (x, rate) => 1 - rate * 4 * x * x,
    bottoms: [0],
    bound: (start) => 1 / (2 * start * start),
    code: {
      slope: "4 * x * x * x",
      factor: "1 - rate * 4 * start * start",
      bound: "1 / (2 * start * start) if start else np.inf",
    },
  },
  bowl: {
    height: (x) => x * x,
    slope: (x) => 2 * x,
    factor: (_, rate) => 1 - rate * 2,
    bottoms: [0],
    bound: () => 1,
    code: { slope: "2 * x", factor: "1 - rate * 2", bound: "1.0" },
  },
  valleys: {
    height: (x) => (x * x - 4) * (x * x - 4),
    slope: (x) => 4 * x * (x * x - 4),
    factor: (x, rate) => 1 - rate * 4 * (x * x - 4),
    bottoms: [-2, 2],
    // From far out the first step decides, as for x⁴; further in, the curvature of the valleys.
    bound: (start) => 1 / Math.max(2 * (start * start - 4), 1 / CURVATURE_BOUND),
    code: {
      slope: "4 * x * (x * x - 4)",
      factor: "1 - rate * 4 * (start * start - 4)",
      bound: "1 / max(2 * (start * start - 4), 16)",
    },
  },
};

/** Every place from the start on, up to the first beyond all bounds. @param {State} state */
export function descend({ curve, start, rate, clipping, limit, decay }) {
  const { slope } = curves[curve], places = [start];
  let x = start, shrunk = rate;
  for (let t = 1; t <= STEPS && Math.abs(x) <= BEYOND; t++) {
    const most = clipping === "on" ? limit : Infinity;
    const clipped = Math.min(Math.max(slope(x), -most), most);
    x -= (decay === "harmonic" ? rate / t : shrunk) * clipped;
    if (decay === "exponential") shrunk *= 0.9;
    places.push(x);
  }
  return places;
}

/** How far from the nearest bottom. @param {string} curve @param {number} x */
export const distance = (curve, x) => Math.min(...curves[curve].bottoms.map((at) => Math.abs(x - at)));

/**
 * What plain descent does, by theory: "still" where the slope is 0, "settles" below the bound,
 * "jumps" for ever at it, "diverges", or between valleys is "restless".
 * @param {State} state
 */
export function verdict({ curve, start, rate }) {
  const { slope, bound } = curves[curve], most = bound(start);
  if (slope(start) === 0) return "still";
  const outer = curve !== "valleys" || most < CURVATURE_BOUND; // the start sets the bound
  if (outer && Math.abs(rate - most) <= 1e-9 * most) return "jumps";
  if (rate < most) return "settles";
  // From (x² − 4)² every start gets out above a rate of 1/8, below it those with a factor under −1.
  const out = outer || rate > 2 * CURVATURE_BOUND || curves[curve].factor(start, rate) < -1;
  return out ? "diverges" : "restless";
}

/**
 * The numbers that the figure says, and that the program prints under the same names.
 * @param {State} state
 */
export function numbers(state) {
  const { factor, bound } = curves[state.curve], places = descend(state);
  const last = places[places.length - 1];
  return {
    factor: factor(state.start, state.rate),
    bound: bound(state.start),
    first: places[1],
    steps: places.length - 1,
    last,
    distance: distance(state.curve, last),
  };
}

/** Python that prints what `numbers` returns. @param {State} state */
export function program({ curve, start, rate, clipping, limit, decay }) {
  const { code, bottoms } = curves[curve];
  const size = { none: "rate", harmonic: "rate / t", exponential: "size" }[decay];
  const exponential = decay === "exponential";
  return [
    "import numpy as np",
    "",
    `start, rate = ${float(start)}, ${float(rate)}`,
    `x, places${exponential ? ", size" : ""} = start, [start]${exponential ? ", rate" : ""}`,
    `for t in range(1, ${STEPS + 1}):`,
    `    slope = ${code.slope}`,
    ...(clipping === "on" ? [`    slope = np.clip(slope, -${float(limit)}, ${float(limit)})`] : []),
    `    x = x - ${size} * slope`,
    ...(exponential ? ["    size = size * 0.9"] : []),
    "    places.append(x)",
    `    if abs(x) > ${BEYOND.toExponential().replace("+", "")}:`,
    "        break",
    "",
    `print("factor", ${code.factor})`,
    `print("bound", ${code.bound})`,
    'print("first", places[1])',
    'print("steps", len(places) - 1)',
    'print("last", places[-1])',
    `print("distance", np.min(np.abs(places[-1] - np.array([${bottoms.map(float).join(", ")}]))))`,
    "",
  ].join("\n");
}

/** A number as Python writes a float. @param {number} x */
const float = (x) => (Number.isInteger(x) ? `${x}.0` : String(x));
