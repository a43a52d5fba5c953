// @ts-check
// Draws the ten layers as SVG markup: a histogram for each, and below it its std on a log axis.
// Colors come from widgets.css, so the figure follows the page's theme.
import { format, power } from "./format.js";
import { looks } from "./looks.js";
import { px, text } from "./plot.js";

const LEFT = 46, RIGHT = 6; // room for the tick labels, in pixels
const HISTOGRAMS = { top: 24, height: 150 };
const CURVE = { top: 212, height: 130 };
export const HEIGHT = 366;

/**
 * @typedef {import("./engine.js").Layer} Layer
 * @typedef {{ std: number, rms: number }} Spread
 */

/**
 * `layers` as measured and `theory` for the same layers; `width` in pixels.
 * @param {{ activation: string, layers: Layer[], theory: Spread[] }} what
 * @param {number} width
 */
export function chart({ activation, layers, theory }, width) {
  const column = (width - LEFT - RIGHT) / layers.length;
  const left = (/** @type {number} */ l) => LEFT + l * column;
  const center = (/** @type {number} */ l) => left(l) + column / 2;
  return [
    text(0, 14, "Activations of each layer", "start", "title"),
    valueAxis(activation, width),
    ...layers.map((layer, l) => histogram(layer.bins, left(l), 0.84 * column)),
    text(0, CURVE.top - 14, "Their spread, on a log axis", "start", "title"),
    curve(layers, theory, center, width),
    ...layers.map((_, l) => text(center(l), HEIGHT - 6, l + 1, "middle")),
    text(0, HEIGHT - 6, "layer", "start"),
  ].join("");
}

/** @param {number} y @param {number} width */
function gridline(y, width, name = "grid") {
  return `<path class="${name}" d="M${LEFT} ${px(y)}H${px(width - RIGHT)}"/>`;
}

/** @param {string} activation @param {number} width */
function valueAxis(activation, width) {
  const { range: [low, high], inRms } = looks[activation];
  return [low, (low + high) / 2, high].map((value) => {
    const y = HISTOGRAMS.top + (HISTOGRAMS.height * (high - value)) / (high - low);
    const label = `${value}${inRms && value !== 0 ? " rms" : ""}`.replace("-", "−");
    return gridline(y, width) + text(LEFT - 6, y + 4, label, "end");
  }).join("");
}

/**
 * One outline; values run upwards and shares to the right, each scaled to its fullest bin.
 * @param {number[]} bins
 * @param {number} x
 * @param {number} length
 */
function histogram(bins, x, length) {
  const fullest = Math.max(...bins), step = HISTOGRAMS.height / bins.length;
  let outline = `M${px(x)} ${HISTOGRAMS.top + HISTOGRAMS.height}`;
  for (const share of bins) outline += `H${px(x + (length * share) / fullest)}v${-step.toFixed(3)}`;
  return `<path class="bars" d="${outline}H${px(x)}Z"/>`;
}

/**
 * @param {Layer[]} layers
 * @param {Spread[]} theory
 * @param {(l: number) => number} center
 * @param {number} width
 */
function curve(layers, theory, center, width) {
  const values = [...layers, ...theory].flatMap(({ std, rms }) => [std, rms]).filter((v) => v > 0);
  if (!values.length) {
    return text(LEFT, CURVE.top + 40, "All are exactly 0: nowhere on this axis.", "start");
  }
  const [low, high] = bounds(Math.min(...values), Math.max(...values));
  const y = (/** @type {number} */ value) => CURVE.top + (CURVE.height * Math.log(high / value)) / Math.log(high / low);
  /** @param {"std" | "rms"} of */
  const line = (of) => {
    const place = (/** @type {Spread} */ layer, /** @type {number} */ l) => (layer[of] > 0 ? [`${px(center(l))} ${px(y(layer[of]))}`] : []);
    const points = theory.flatMap(place);
    return points.length ? `<path class="theory ${of}" d="M${points.join("L")}"/>` : "";
  };
  /** @param {"std" | "rms"} of @param {number} l @param {number} r */
  const dot = (of, l, r) =>
    `<circle class="${of}" cx="${px(center(l))}" cy="${px(y(layers[l][of]))}" r="${r}"/>`;
  /** @param {"std" | "rms"} of @param {number} r */
  const dots = (of, r) => layers.map((layer, l) => (layer[of] > 0 ? dot(of, l, r) : "")).join("");
  return logAxis(low, high, y, width)
    + line("rms") + line("std")
    + dots("rms", 5.5) + dots("std", 3);
}

/**
 * Steps of 1, 2 and 5 around the values, or whole decades where they span more than two.
 * @param {number} smallest
 * @param {number} largest
 */
function bounds(smallest, largest) {
  const steps = largest / smallest < 100 ? [1, 2, 5] : [1];
  const around = (/** @type {number} */ value) => {
    const decade = 10 ** Math.floor(Math.log10(value));
    return [...steps.map((step) => step * decade), 10 * decade];
  };
  const low = Math.max(...around(smallest).filter((step) => step <= smallest));
  const high = Math.min(...around(largest).filter((step) => step >= largest));
  return [low, Math.max(high, 5 * low)];
}

/**
 * @param {number} low
 * @param {number} high
 * @param {(value: number) => number} y
 * @param {number} width
 */
function logAxis(low, high, y, width) {
  const first = Math.floor(Math.log10(low) + 1e-9), last = Math.ceil(Math.log10(high) - 1e-9);
  const steps = high / low <= 100 ? [1, 2, 5] : [1], every = Math.ceil((last - first) / 6);
  let axis = "";
  for (let exponent = first; exponent <= last; exponent += every) {
    for (const step of steps) {
      const value = step * 10 ** exponent;
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
      const label = Math.abs(exponent) < 3 ? String(Number(value.toPrecision(1))) : power(exponent);
      axis += gridline(y(value), width) + text(LEFT - 6, y(value) + 4, label, "end");
    }
  }
  return axis;
}

/**
 * The figure in a sentence, for those who don't see it.
 * @param {{ activation: string, layers: Layer[] }} what
 */
export function describe({ activation, layers }) {
  const [first, last] = [layers[0], layers[layers.length - 1]], depth = layers.length;
  return `Histograms of ${depth} ${looks[activation].label} layers and a curve of their std: `
    + `${format(first.std)} at layer 1, ${format(last.std)} at layer ${depth}.`;
}
