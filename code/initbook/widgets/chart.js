// Draws the ten layers as SVG markup: a histogram for each, and below it its std on a log axis.
// Colors come from widgets.css, so the figure follows the page's theme.
import { activations } from "./activations.js";
import { format, power } from "./format.js";

const LEFT = 46, RIGHT = 6; // room for the tick labels, in pixels
const HISTOGRAMS = { top: 24, height: 150 };
const CURVE = { top: 212, height: 130 };
export const HEIGHT = 366;

const px = (x) => x.toFixed(1);

/** `layers` as measured and `theory` for the same layers; `width` in pixels. */
export function chart({ activation, layers, theory, width }) {
  const column = (width - LEFT - RIGHT) / layers.length;
  const left = (l) => LEFT + l * column;
  const numbers = layers.map((_, l) => text(left(l) + column / 2, HEIGHT - 6, l + 1, "middle"));
  return [
    text(0, 14, "Activations of each layer", "start", "title"),
    valueAxis(activation, width),
    ...layers.map((layer, l) => histogram(layer.bins, left(l), 0.84 * column)),
    text(0, CURVE.top - 14, "Their spread, on a log axis", "start", "title"),
    curve(layers, theory, (l) => left(l) + column / 2, width),
    ...numbers,
    text(0, HEIGHT - 6, "layer", "start"),
  ].join("");
}

function text(x, y, content, anchor, name = "tick") {
  return `<text class="${name}" x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${content}</text>`;
}

function gridline(y, width, name = "grid") {
  return `<path class="${name}" d="M${LEFT} ${px(y)}H${px(width - RIGHT)}"/>`;
}

function valueAxis(activation, width) {
  const { range: [low, high], inRms } = activations[activation];
  return [low, (low + high) / 2, high].map((value) => {
    const y = HISTOGRAMS.top + (HISTOGRAMS.height * (high - value)) / (high - low);
    const label = `${value}${inRms && value !== 0 ? " rms" : ""}`.replace("-", "−");
    return gridline(y, width) + text(LEFT - 6, y + 4, label, "end");
  }).join("");
}

/** One outline; values run upwards and shares to the right, each scaled to its fullest bin. */
function histogram(bins, x, length) {
  const fullest = Math.max(...bins), step = HISTOGRAMS.height / bins.length;
  let outline = `M${px(x)} ${HISTOGRAMS.top + HISTOGRAMS.height}`;
  for (const share of bins) outline += `H${px(x + (length * share) / fullest)}v${-step.toFixed(3)}`;
  return `<path class="bars" d="${outline}H${px(x)}Z"/>`;
}

function curve(layers, theory, center, width) {
  const values = [...layers, ...theory].flatMap(({ std, rms }) => [std, rms]).filter((v) => v > 0);
  if (!values.length) {
    return text(LEFT, CURVE.top + 40, "Every activation is exactly 0: no place on a log axis.", "start");
  }
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  const y = (value) => CURVE.top + (CURVE.height * (high - Math.log10(value))) / (high - low);
  const line = (name, of) => {
    const points = theory.flatMap((t, l) => (t[of] > 0 ? [`${px(center(l))} ${px(y(t[of]))}`] : []));
    return points.length ? `<path class="theory ${name}" d="M${points.join("L")}"/>` : "";
  };
  const dots = (of, radius) => layers.map((layer, l) => (layer[of] > 0
    ? `<circle class="${of}" cx="${px(center(l))}" cy="${px(y(layer[of]))}" r="${radius}"/>` : "")).join("");
  return logAxis(low, high, y, width) + line("rms", "rms") + line("std", "std")
    + dots("rms", 5.5) + dots("std", 3);
}

function logAxis(low, high, y, width) {
  const every = Math.ceil((high - low) / 6);
  const multiples = high - low === 1 ? [1, 2, 5] : [1];
  let axis = "";
  for (let exponent = low; exponent <= high; exponent += every) {
    for (const multiple of exponent === high ? [1] : multiples) {
      const value = multiple * 10 ** exponent;
      const label = Math.abs(exponent) < 3 ? String(Number(value.toPrecision(3))) : power(exponent);
      axis += gridline(y(value), width) + text(LEFT - 6, y(value) + 4, label, "end");
    }
  }
  return axis;
}

/** The figure in a sentence, for those who don't see it. */
export function describe({ activation, layers }) {
  const [first, last] = [layers[0], layers.at(-1)];
  return `Histograms of ${layers.length} ${activations[activation].label} layers, and a curve of their `
    + `standard deviation: ${format(first.std)} at layer 1, ${format(last.std)} at layer ${layers.length}.`;
}
