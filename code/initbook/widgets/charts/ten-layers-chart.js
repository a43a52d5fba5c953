// @ts-check
// Draws a stack of layers as SVG markup: a histogram for each, and below it its std on a log axis.
// Colors come from widgets.css, so the figure follows the page's theme.
import { format, power } from "../page/format.js";
import { looks } from "../maths/looks.js";
import { circle, line, minus, px, text } from "../page/plot.js";

const LEFT = 46, RIGHT = 6; // room for the tick labels, in pixels
const HISTOGRAMS = { top: 24, height: 150 };
const CURVE = { top: 212, height: 130 };
export const HEIGHT = 366;
export const span = { low: 1e-8, high: 100 }; // of a guess

/**
 * @typedef {import("../maths/engine.js").Layer} Layer
 * @typedef {{ std: number, rms: number }} Spread
 * @typedef {{ activation: string, layers: Layer[] }} Stack
 * @typedef {Stack & { theory: Spread[], pinned?: Stack, guess?: import("../ten-layers-guess.js").Guess }} Shown
 * @typedef {{ center: (l: number) => number, y: (value: number) => number }} Axes
 */

/** @param {number} width in pixels @param {number} depth */
const columnOf = (width, depth) => (width - LEFT - RIGHT) / depth;

/** The layer and the std at a place in the picture. @param {number} x @param {number} y @param {number} width @param {number} depth */
export function placeOf(x, y, width, depth) {
  const up = 1 - (y - CURVE.top) / CURVE.height;
  return { layer: 0.5 + (x - LEFT) / columnOf(width, depth), value: span.low * (span.high / span.low) ** up };
}

/**
 * `layers` as measured and `theory` for the same layers, and other `pinned` ones behind them. While
 * a `guess` is open it alone is drawn.
 * @param {Shown} shown
 * @param {number} width
 */
export function chart({ activation, layers, theory, pinned, guess }, width) {
  const depth = Math.max(layers.length, guess?.open ? 0 : pinned?.layers.length ?? 0), column = columnOf(width, depth);
  const left = (/** @type {number} */ l) => LEFT + l * column;
  const center = (/** @type {number} */ l) => left(l) + column / 2;
  const every = Math.ceil(20 / column);
  const head = text(0, 14, "Activations of each layer", "start", "title")
    + text(0, CURVE.top - 14, "Their spread, on a log axis", "start", "title")
    + layers.map((_, l) => ((l + 1) % every ? "" : text(center(l), HEIGHT - 6, l + 1, "middle"))).join("")
    + text(0, HEIGHT - 6, "layer", "start");
  if (guess?.open) {
    const { y, marks } = scale(span.low, span.high, width);
    return head + text(LEFT, HISTOGRAMS.top + 70, "Hidden until you reveal them.", "start") + marks + guessed(guess, { center, y });
  }
  const same = pinned && looks[pinned.activation].range.join() === looks[activation].range.join()
    && looks[pinned.activation].inRms === looks[activation].inRms;
  return head + valueAxis(activation, width)
    + layers.map((layer, l) => histogram("bars", layer.bins, left(l), 0.84 * column)).join("")
    + (same ? pinned.layers.map((layer, l) => histogram("behind", layer.bins, left(l), 0.84 * column)).join("") : "")
    + means({ activation, layers }, center, column)
    + curves({ layers, theory, pinned, guess }, center, width);
}

/** @param {number} y @param {number} width */
function gridline(y, width, name = "grid") {
  return `<path class="${name}" d="M${LEFT} ${px(y)}H${px(width - RIGHT)}"/>`;
}

/** Where a value of the histograms' axis lies. @param {string} activation @param {number} value */
function height(activation, value) {
  const [low, high] = looks[activation].range;
  return HISTOGRAMS.top + (HISTOGRAMS.height * (high - Math.min(Math.max(value, low), high))) / (high - low);
}

/** @param {string} activation @param {number} width */
function valueAxis(activation, width) {
  const { range: [low, high], inRms } = looks[activation];
  return [low, low === -1 && high === 4 ? 0 : (low + high) / 2, high].map((value) => {
    const y = height(activation, value);
    return gridline(y, width) + text(LEFT - 6, y + 4, minus(`${value}${inRms && value !== 0 ? " rms" : ""}`), "end");
  }).join("");
}

/**
 * One outline; values run upwards and shares to the right, each scaled to its fullest bin.
 * @param {string} name
 * @param {number[]} bins
 * @param {number} x
 * @param {number} length
 */
function histogram(name, bins, x, length) {
  const fullest = Math.max(...bins) || 1, step = HISTOGRAMS.height / bins.length;
  let outline = `M${px(x)} ${HISTOGRAMS.top + HISTOGRAMS.height}`;
  for (const share of bins) outline += `H${px(x + (length * share) / fullest)}v${-step.toFixed(3)}`;
  return `<path class="${name}" d="${outline}H${px(x)}Z"/>`;
}

/** A dash at each mean. @param {Stack} stack @param {(l: number) => number} center @param {number} column */
function means({ activation, layers }, center, column) {
  const { inRms } = looks[activation];
  const dashes = layers.map(({ mean, rms }, l) =>
    `M${px(center(l) - column / 2)} ${px(height(activation, inRms ? mean / (rms || 1) : mean))}h${px(0.9 * column)}`);
  return `<path class="mean" d="${dashes.join("")}"/>`;
}

/**
 * @param {Omit<Shown, "activation">} shown
 * @param {(l: number) => number} center
 * @param {number} width
 */
function curves({ layers, theory, pinned, guess }, center, width) {
  const values = [...layers, ...theory, ...(pinned?.layers ?? [])].flatMap(({ std, rms }) => [std, rms])
    .concat(guess?.points.map(({ value }) => value) ?? []).filter((v) => v > 0);
  if (!values.length) {
    return text(LEFT, CURVE.top + 40, "All are exactly 0: nowhere on this axis.", "start");
  }
  const { y, marks } = scale(...bounds(Math.min(...values), Math.max(...values)), width);
  /** @param {Spread[]} of @param {"std" | "rms"} by */
  const points = (of, by) => of.flatMap((layer, l) => (layer[by] > 0 ? [[center(l), y(layer[by])]] : []));
  const r = Math.min(3, Math.max(1.5, columnOf(width, layers.length) / 5));
  /** @param {"std" | "rms"} by @param {number} size */
  const dots = (by, size) => points(layers, by).map(([x, at]) => circle(by, x, at, size)).join("");
  const before = pinned ? points(pinned.layers, "std") : [];
  const squares = before.map(([x, at]) => `M${px(x - r)} ${px(at - r)}h${2 * r}v${2 * r}h${-2 * r}Z`);
  return marks + line("theory rms", points(theory, "rms")) + line("theory std", points(theory, "std"))
    + (pinned ? `<path class="pinned" d="${squares.join("")}"/>` + line("pinned", before) : "")
    + dots("rms", 1.8 * r) + dots("std", r) + (guess ? guessed(guess, { center, y }) : "");
}

/** @param {import("../ten-layers-guess.js").Guess} guess @param {Axes} axes */
function guessed({ points }, { center, y }) {
  const places = points.map(({ layer, value }) => [center(layer - 1), y(value)]);
  const signs = places.map(([x, at]) => `M${px(x)} ${px(at - 5)}l5 5l-5 5l-5 -5Z`);
  return line("guessed", places) + `<path class="guessed sign" d="${signs.join("")}"/>`;
}

/**
 * Steps of 1, 2 and 5 around the values, or whole decades where they span more than two.
 * @param {number} smallest
 * @param {number} largest
 * @returns {[number, number]}
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
 * A log axis: where a value lies, and its lines with their labels.
 * @param {number} low
 * @param {number} high
 * @param {number} width
 */
function scale(low, high, width) {
  const y = (/** @type {number} */ value) => CURVE.top + (CURVE.height * Math.log(high / value)) / Math.log(high / low);
  const first = Math.floor(Math.log10(low) + 1e-9), last = Math.ceil(Math.log10(high) - 1e-9);
  const steps = high / low <= 100 ? [1, 2, 5] : [1], every = Math.ceil((last - first) / 6);
  let marks = "";
  for (let exponent = first; exponent <= last; exponent += every) {
    for (const step of steps) {
      const value = step * 10 ** exponent;
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
      const label = Math.abs(exponent) < 3 ? String(Number(value.toPrecision(1))) : power(exponent);
      marks += gridline(y(value), width) + text(LEFT - 6, y(value) + 4, label, "end");
    }
  }
  return { y, marks };
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe({ activation, layers, pinned, guess }) {
  const ends = (/** @type {Layer[]} */ of) =>
    `${format(of[0].std)} at layer 1, ${format(of[of.length - 1].std)} at layer ${of.length}`;
  if (guess?.open) {
    return `Your curve of stds: ${guess.points.map(({ layer, value }) => `${format(value)} at layer ${layer}`).join(", ")}.`;
  }
  return `Histograms of ${layers.length} ${looks[activation].label} layers and a curve of their std: ${ends(layers)}.`
    + (pinned ? ` A, behind it: ${ends(pinned.layers)}.` : "");
}
