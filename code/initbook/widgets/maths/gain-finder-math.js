// @ts-check
// What an activation leaves of a signal and of a gradient, and two maps from a layer to the next: that
// of the length q and that of the correlation c. Wide layers: pre-activations are normal.
import { functions, inPython } from "./functions.js";
import { expectation, nodes } from "./gaussian.js";

/** @typedef {{ activation: string, std: number, gain: number, bias: number, correlation: number }} State */

const EQUAL = 1e-6; // a length that the map changes by less, in its own units, stands still
const FAR = 1e6; // how far from its start a length is followed
const STRIDE = 1.2; // by which factor it is looked for
const TERMS = 1500, SETTLED = 1e-9; // of the series in c
const FINE = 0.25; // its polynomials have waves as short as 0.08

/** E[f], E[f²] and E[f′²] at pre-activations of variance q. @param {string} name @param {number} q */
export function momentsOf(name, q) {
  const { f, slope, kinks, leak } = functions[name];
  if (leak !== undefined) {
    const kept = (1 + leak * leak) / 2;
    return { mean: (1 - leak) * Math.sqrt(q / (2 * Math.PI)), second: kept * q, slope: kept };
  }
  const root = Math.sqrt(q), { z, weights } = nodes(root, kinks);
  let mean = 0, second = 0, ofSlope = 0;
  for (let i = 0; i < z.length; i++) {
    const value = f(root * z[i]), rise = slope(root * z[i]);
    mean += weights[i] * value;
    second += weights[i] * value * value;
    ofSlope += weights[i] * rise * rise;
  }
  return { mean, second, slope: ofSlope };
}

/** The three gains of the book at variance q. @param {string} name @param {number} q */
export function gainsOf(name, q) {
  const { mean, second, slope } = momentsOf(name, q), { f, kinks } = functions[name];
  const variance = expectation((z) => (f(z) - mean) ** 2, q, kinks); // nothing cancels
  return { second: Math.sqrt(q / second), variance: Math.sqrt(q / variance), gradient: 1 / Math.sqrt(slope) };
}

/** E[f(√q g)²]. @param {string} name @param {number} q */
function secondMoment(name, q) {
  const { f, kinks, leak } = functions[name];
  return leak === undefined ? expectation((z) => f(z) ** 2, q, kinks) : ((1 + leak * leak) / 2) * q;
}

/** The next layer's length, g² E[f(√q g)²] + σ_b². @param {State} state @param {number} q */
export const nextLength = ({ activation, gain, bias }, q) => gain * gain * secondMoment(activation, q) + bias;

/** The slope of the length map, g² E[z f(z) f′(z)] / q by Stein's identity. @param {State} state @param {number} q */
export function lengthSlope({ activation, gain }, q) {
  const { f, slope, kinks, leak } = functions[activation];
  if (leak !== undefined) return (gain * gain * (1 + leak * leak)) / 2;
  return (gain * gain * expectation((z) => z * f(z) * slope(z), q, kinks)) / q;
}

/** Where a sign changes between a and b. @param {(x: number) => number} of @param {number} a @param {number} b */
function crossing(of, a, b) {
  const up = of(b) > 0;
  for (let round = 0; round < 60; round++) {
    const middle = (a + b) / 2;
    if (of(middle) > 0 === up) b = middle;
    else a = middle;
  }
  return (a + b) / 2;
}

/**
 * Where a length goes from σ².
 * @typedef {{ kind: "rests" | "stays" | "everywhere" | "fades" | "grows", q: number }} Rest
 */

/**
 * Where the length goes from σ²: it "rests" at q, "stays" where it is ("everywhere" if the map is the
 * diagonal), "fades" to 0 or "grows" without bound.
 * @param {State} state
 * @returns {Rest}
 */
export function restOf(state) {
  const start = state.std * state.std, growth = (/** @type {number} */ q) => nextLength(state, q) - q;
  if (Math.abs(growth(start)) < EQUAL * start) {
    const line = functions[state.activation].leak !== undefined && state.bias < EQUAL * start;
    return { kind: line ? "everywhere" : "stays", q: start };
  }
  const up = growth(start) > 0, stride = up ? STRIDE : 1 / STRIDE;
  for (let q = start; q < FAR * start && q > start / FAR; q *= stride) {
    if (growth(q * stride) > 0 !== up) return { kind: "rests", q: crossing(growth, q, q * stride) };
  }
  return { kind: up ? "grows" : "fades", q: up ? Infinity : 0 };
}

/**
 * The fixed points of the length map up to `most`, each with the map's slope there: stable below 1.
 * @param {State} state
 * @param {Rest} rest
 * @param {number} most
 */
export function fixedPoints(state, rest, most) {
  const growth = (/** @type {number} */ q) => nextLength(state, q) - q, start = state.std * state.std;
  /** @type {{ at: number, slope: number }[]} */
  const found = [];
  if (rest.kind === "everywhere") return found;
  if (state.bias === 0 && functions[state.activation].f(0) === 0) {
    found.push({ at: 0, slope: nextLength(state, 1e-8 * start) / (1e-8 * start) });
  }
  const known = rest.kind === "stays" ? start : NaN; // rounding decides on which side growth lies there
  let before = most / FAR;
  for (let q = before * STRIDE; before < most; before = q, q *= STRIDE) {
    if (known >= before && known < q) found.push({ at: known, slope: lengthSlope(state, known) });
    else if (growth(before) > 0 !== growth(q) > 0) {
      const at = crossing(growth, before, q);
      if (!(Math.abs(at / known - 1) < 1e-3)) found.push({ at, slope: lengthSlope(state, at) });
    }
  }
  return found;
}

/** The lengths of the layers, from σ² on. @param {State} state @param {number} layers */
export function lengths(state, layers) {
  const path = [state.std * state.std];
  while (path.length <= layers) path.push(nextLength(state, path[path.length - 1]));
  return path;
}

/**
 * E[f(u) f(v)] as a function of the correlation c of u and v, of variance q each: the series Σ a_k² c^k,
 * where a_k are f's coefficients in Hermite's polynomials. What the terms leave over stands at high
 * powers, the even and the odd part by itself, so that c = 1 and c = −1 are exact.
 * @param {string} name
 * @param {number} q
 */
export function overlapOf(name, q) {
  const { f, kinks, leak } = functions[name];
  if (leak !== undefined) return (/** @type {number} */ c) => leakyOverlap(leak, q, c);
  const root = Math.sqrt(q), { z, weights } = nodes(root, kinks, FINE), n = z.length;
  const weighted = new Float64Array(n), left = [0, 0]; // of E[f_even²], E[f_odd²]
  /** @type {number[]} */
  const squares = [];
  for (let i = 0; i < n; i++) {
    const here = f(root * z[i]), there = f(-root * z[i]);
    weighted[i] = weights[i] * here;
    left[0] += (weights[i] * (here + there) ** 2) / 4;
    left[1] += (weights[i] * (here - there) ** 2) / 4;
  }
  const whole = left[0] + left[1], at = Float64Array.from(z);
  let before = new Float64Array(n), now = new Float64Array(n).fill(1);
  for (let k = 0; k < TERMS && left[0] + left[1] > SETTLED * whole; k++) {
    let a = 0;
    for (let i = 0; i < n; i++) a += weighted[i] * now[i];
    squares.push(a * a);
    left[k % 2] -= a * a;
    const down = Math.sqrt(k), up = 1 / Math.sqrt(k + 1);
    for (let i = 0; i < n; i++) before[i] = up * (at[i] * now[i] - down * before[i]);
    [before, now] = [now, before];
  }
  const far = 2 * squares.length, [even, odd] = left.map((rest) => Math.max(rest, 0));
  return (/** @type {number} */ c) => {
    let sum = 0;
    for (let k = squares.length - 1; k >= 0; k--) sum = sum * c + squares[k];
    return sum + even * c ** far + odd * c ** (far + 1);
  };
}

/** The same for z above 0 and a·z below, in closed form (Cho and Saul 2009). @param {number} a @param {number} q @param {number} c */
function leakyOverlap(a, q, c) {
  const angle = Math.acos(Math.min(1, Math.max(-1, c))), bend = (angle * c - Math.sin(angle)) / Math.PI;
  return (q / 2) * ((1 + a * a) * c - (1 - a) ** 2 * bend);
}

/**
 * The correlation's map, at the length at which the layers rest and, where they do not, at σ². There
 * its slope at c = 1 is χ; in general it is χ q over the next length.
 * @param {State} state
 * @param {Rest} rest
 */
export function correlationMap(state, rest) {
  const { activation, gain, bias, std } = state;
  const atRest = rest.kind !== "fades" && rest.kind !== "grows", q = atRest ? rest.q : std * std;
  const overlap = overlapOf(activation, q), length = nextLength(state, q);
  const next = (/** @type {number} */ c) => Math.max(-1, Math.min(1, (gain * gain * overlap(c) + bias) / length));
  const chi = gain * gain * momentsOf(activation, q).slope;
  return { q, atRest, next, chi, slope: (chi * q) / length };
}

/** Where correlations come to rest: at 1, or below it if the slope there is above 1. @param {ReturnType<typeof correlationMap>} map */
export function restingCorrelation({ next, slope }) {
  if (slope <= 1 + EQUAL) return 1;
  if (next(0) < 1e-9) return 0; // an odd f without biases
  const near = 1 - 1e-5;
  return next(near) >= near ? 1 : crossing((c) => next(c) - c, 0, near);
}

/** All that is shown of a state; the programs' numbers are among it. @param {State} state */
export function explore(state) {
  const rest = restOf(state), map = correlationMap(state, rest);
  return { rest, map, ...numbersOf(state, rest, map) };
}

/** @param {State} state @param {Rest} rest @param {ReturnType<typeof correlationMap>} map */
function numbersOf(state, rest, map) {
  const start = state.std * state.std, { mean, second, slope } = momentsOf(state.activation, start);
  const gains = gainsOf(state.activation, start);
  return {
    mean, second, slope_second: slope,
    gain_second: gains.second, gain_variance: gains.variance, gain_gradient: gains.gradient,
    next_length: nextLength(state, start), rest_length: rest.q,
    chi: map.chi, slope_at_1: map.slope, next_correlation: map.next(state.correlation),
  };
}

/** The numbers that are said, and that the program prints. @param {State} state */
export function numbers(state) {
  const rest = restOf(state);
  return numbersOf(state, rest, correlationMap(state, rest));
}

/** Python that prints what `numbers` returns. @param {State} state */
export function program({ activation, std, gain, bias, correlation }) {
  const code = inPython(activation);
  return `
${code.includes("math.") ? "import math\n\n" : ""}import numpy as np

std, gain, bias, c = ${std}, ${gain}, ${bias}, ${correlation}
kinks = np.array([${functions[activation].kinks.map((kink) => `${kink}.0`).join(", ")}])

${code}
def average(F, q):  # over z ~ N(0, q), by thin slices between the kinks
    edges, total = np.clip([-9, *kinks / np.sqrt(q), 9], -9, 9), 0.0
    for a, b in zip(edges[:-1], edges[1:]):
        g = a + (b - a) * (np.arange(8000) + 0.5) / 8000
        total += np.sum(F(np.sqrt(q) * g) * np.exp(-g * g / 2)) * (b - a) / 8000
    return total / np.sqrt(2 * np.pi)

def length(q):
    return gain**2 * average(lambda z: f(z) ** 2, q) + bias

q = start = std**2
mean = average(f, q)
second = average(lambda z: f(z) ** 2, q)
slope_second = average(lambda z: slope(z) ** 2, q)
variance = average(lambda z: (f(z) - mean) ** 2, q)

up = length(q) > q
if abs(length(q) - q) >= ${EQUAL} * q:  # else it rests here
    while start / 1e6 < q < start * 1e6 and (length(q) > q) == up:
        low, q = q, q * ${STRIDE} if up else q / ${STRIDE}
    high, rests = q, (length(q) > q) != up
    for _ in range(50 * rests):
        q = (low + high) / 2
        low, high = (q, high) if (length(q) > q) == up else (low, q)
    rest = q if rests else np.inf if up else 0.0
    q = q if rests else start
else:
    rest = q

chi = gain**2 * average(lambda z: slope(z) ** 2, q)
step = 0.005
g = np.arange(-6, 6, step) + step / 2
bell = np.exp(-g * g / 2) * step / np.sqrt(2 * np.pi)
both = 0.0  # E[f(u) f(v)] for u and v with the correlation c
for x, p in zip(g, bell):
    v = np.sqrt(q) * (c * x + np.sqrt(1 - c**2) * g)
    both += p * f(np.sqrt(q) * np.array([x]))[0] * np.sum(bell * f(v))

print("mean", mean)
print("second", second)
print("slope_second", slope_second)
print("gain_second", std / np.sqrt(second))
print("gain_variance", std / np.sqrt(variance))
print("gain_gradient", 1 / np.sqrt(slope_second))
print("next_length", length(start))
print("rest_length", rest)
print("chi", chi)
print("slope_at_1", chi * q / length(q))
print("next_correlation", (gain**2 * both + bias) / length(q))
`.trimStart();
}
