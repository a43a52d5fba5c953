// @ts-check
// Draws a descent as SVG markup: the steps that are stable, the curve with the path on it, and the
// distance from the bottom against the step.
import { STEPS, curves, distance } from "../maths/descent-math.js";
import settings from "../descent.settings.js";
import { format, power } from "../page/format.js";
import { circle, decades, line, minus, px, text, ticks } from "../page/plot.js";

const LEFT = 46, RIGHT = 10, BAND = 70, TITLE = 20, AXIS = 22; // in pixels
const WIDE = 560;
const SAMPLES = 240;
const { rate: RATE } = settings.state;

/**
 * @typedef {import("../maths/descent-math.js").State} State
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 * @typedef {{ state: State, places: number[], bound: number, factor: number }} Shown
 */

/** Two panels side by side, or one below the other. @param {number} width */
function panels(width) {
  const top = BAND + TITLE;
  if (width < WIDE) {
    const inner = width - LEFT - RIGHT;
    return [
      { left: LEFT, top, width: inner, height: 200 },
      { left: LEFT, top: top + 200 + AXIS + TITLE + 12, width: inner, height: 130 },
    ];
  }
  const inner = (width - 2 * LEFT - 2 * RIGHT - 12) / 100;
  return [
    { left: LEFT, top, width: 56 * inner, height: 240 },
    { left: 2 * LEFT + RIGHT + 12 + 56 * inner, top, width: 44 * inner, height: 240 },
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
  return band(shown, width) + valley(shown, first) + distances(shown, second);
}

/** The rates on a log axis, shaded where they settle. @param {Shown} shown @param {number} width */
function band({ state, bound }, width) {
  const span = Math.log(RATE.max / RATE.min), inner = width - LEFT - RIGHT;
  const x = (/** @type {number} */ rate) =>
    LEFT + (inner * Math.log(Math.min(Math.max(rate, RATE.min), RATE.max) / RATE.min)) / span;
  const edge = x(bound), top = 22, height = 16, middle = top + height / 2;
  const axis = decades(RATE.min, RATE.max, 6).map((exponent) =>
    text(x(10 ** exponent), top + height + 15, Number((10 ** exponent).toPrecision(1)), "middle"));
  const shade = edge > LEFT
    ? `<path class="band" d="M${LEFT} ${top}H${px(edge)}v${height}H${LEFT}Z"/>` : "";
  const mark = bound > RATE.min && bound < RATE.max
    ? `<path class="theory" d="M${px(edge)} ${top - 3}v${height + 6}"/>` : "";
  return text(0, 13, "Shaded: steps η that settle from here", "start", "title")
    + `<path class="grid" d="M${LEFT} ${px(middle)}H${px(LEFT + inner)}"/>`
    + shade + mark + circle("dot", x(state.rate), middle, 6) + text(0, middle + 4, "η", "start")
    + axis.join("");
}

/** @param {Box} box @param {number} low @param {number} high */
const across = (box, low, high) => (/** @type {number} */ value) =>
  box.left + (box.width * (value - low)) / (high - low);

/** The curve, and on it the path: along by a step, then down or up to the curve. @param {Shown} shown @param {Box} box */
function valley({ state, places }, box) {
  const { height } = curves[state.curve], two = state.curve === "valleys";
  const least = Math.max(Math.abs(state.start), two ? 2.6 : 0.3);
  const near = places.filter((place) => Math.abs(place) <= 2.5 * least);
  const reach = Math.max(least, ...near.map(Math.abs)), edge = 1.35 * reach;
  const high = Math.max(1.7 * height(reach), two ? 20 : 0);
  const x = across(box, -edge, edge), floor = box.top + box.height;
  const y = (/** @type {number} */ value) => floor - (box.height * value) / high;
  const at = Array.from({ length: SAMPLES + 1 }, (_, i) => edge * ((2 * i) / SAMPLES - 1));
  const drawn = at.filter((place) => height(place) <= high).map((place) => [x(place), y(height(place))]);
  return text(box.left - LEFT, box.top - 8, `The path on ${settings.state.curve.choices[/** @type {"bowl"} */ (state.curve)].label}`, "start", "title")
    + grid(box, ticks(0, high, 4).map((value) => [y(value), label(value)]))
    + ticks(-edge, edge, box.width / 50).map((value) => text(x(value), floor + 16, label(value), "middle")).join("")
    + text(box.left - LEFT, floor + 16, "x", "start")
    + line("curve", drawn) + path(places, reach, edge, x, (place) => y(height(place)))
    + circle("ring", x(state.start), y(height(state.start)), 6);
}

/**
 * @param {number[]} places
 * @param {number} reach beyond which a place is not shown
 * @param {number} edge of the picture
 * @param {(place: number) => number} x
 * @param {(place: number) => number} y
 */
function path(places, reach, edge, x, y) {
  let way = "", dots = "", said = "";
  places.forEach((place, k) => {
    if (Math.abs(place) > reach) return;
    dots += circle("dot", x(place), y(place), k ? 2.6 : 3);
    if (k + 1 === places.length) return;
    const next = places[k + 1], inside = Math.abs(next) <= reach;
    const end = inside ? next : Math.sign(next) * edge;
    way += `M${px(x(place))} ${px(y(place))}H${px(x(end))}`;
    if (inside) way += `V${px(y(next))}`;
    else {
      const to = Math.sign(next);
      way += `l${-7 * to} -4m${7 * to} 4l${-7 * to} 4`;
      if (!said) said = text(x(end) - 2 * to, y(place) - 9, `to ${label(next)}`, to > 0 ? "end" : "start", "ended");
    }
  });
  return `<path class="way" d="${way}"/>${dots}${said}`;
}

/** @param {Shown} shown @param {Box} box */
function distances({ state, places, factor }, box) {
  const title = state.curve === "valleys" ? "Distance from the nearest bottom" : "Distance |x| from the bottom";
  const head = text(box.left - LEFT, box.top - 8, `${title}, by step`, "start", "title");
  const floor = box.top + box.height, x = across(box, 0, STEPS);
  const far = places.map((place) => distance(state.curve, place)), shown = far.filter((d) => d > 0);
  const steps = ticks(0, STEPS, 4).map((step) => text(x(step), floor + 16, step, "middle")).join("")
    + text(box.left - LEFT, floor + 16, "step", "start");
  if (!shown.length) return head + text(box.left, box.top + 40, "0 at every step: nowhere on this axis.", "start");
  const most = Math.max(...shown), begin = far[0] || most;
  const top = Math.ceil(Math.log10(Math.min(most, 1e4 * begin)) - 1e-9);
  const low = Math.floor(Math.log10(Math.max(Math.min(...shown), 1e-6 * begin)) + 1e-9);
  const bottom = Math.min(low, top - 2);
  const y = (/** @type {number} */ exponent) => floor - (box.height * (exponent - bottom)) / (top - bottom);
  const marks = decades(10 ** bottom, 10 ** top, 5).map((e) =>
    [y(e), Math.abs(e) < 3 ? String(Number((10 ** e).toPrecision(1))) : power(e)]);
  const logs = far.map((d, k) => [k, Math.log10(d)]);
  const measured = within(logs, bottom, top).map(([k, e]) => [x(k), y(e)]);
  const dots = logs.filter(([, e]) => e >= bottom && e <= top).map(([k, e]) => circle("dot", x(k), y(e), 2.6));
  const zero = far.indexOf(0);
  const { slope } = curves[state.curve];
  const clipped = state.clipping === "on" && Math.abs(slope(state.start)) > state.limit;
  const kept = state.curve === "valleys" || clipped || !factor || !state.start ? [] : Array.from({ length: STEPS + 1 }, (_, k) =>
    [k, Math.log10(Math.abs(state.start)) + k * Math.log10(Math.abs(factor))]);
  return head + grid(box, /** @type {[number, string][]} */ (marks)) + steps
    + line("theory", within(kept, bottom, top).map(([k, e]) => [x(k), y(e)]))
    + line("way", measured) + dots.join("")
    + (zero >= 0 ? text(box.left + box.width, box.top + 14, `exactly 0 from step ${zero} on`, "end") : "");
}

/**
 * Points from the first on, up to where the line leaves the heights from `low` to `high`.
 * @param {number[][]} points
 * @param {number} low
 * @param {number} high
 */
function within(points, low, high) {
  const kept = [];
  for (const [i, [k, e]] of points.entries()) {
    if (e >= low && e <= high) {
      kept.push([k, e]);
      continue;
    }
    if (i && Number.isFinite(e)) {
      const [before, from] = points[i - 1], edge = e > high ? high : low;
      kept.push([before + ((k - before) * (edge - from)) / (e - from), edge]);
    }
    break;
  }
  return kept;
}

/** @param {Box} box @param {[number, string][]} marks */
function grid(box, marks) {
  return marks.map(([y, words]) =>
    `<path class="grid" d="M${px(box.left)} ${px(y)}h${px(box.width)}"/>` + text(box.left - 6, y + 4, words, "end")).join("");
}

/** A number on an axis, short. @param {number} value */
function label(value) {
  const size = Math.abs(value);
  if (size >= 1e5) return minus(format(value));
  return minus(Number(value.toPrecision(4)));
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe({ state, places }) {
  const name = settings.state.curve.choices[/** @type {"bowl"} */ (state.curve)].label;
  const end = places[places.length - 1], steps = places.length - 1;
  return `The curve ${name} with the path of ${steps} steps from ${label(state.start)} to ${label(end)}, `
    + "a band of stable steps, and the distance from the bottom by step on a log axis.";
}
