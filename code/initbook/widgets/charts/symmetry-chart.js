// @ts-check
// Draws a net of eight units as SVG markup: what it makes of the wave, what each unit adds to that,
// and the distance between units by step, on a log axis.
import { format, power } from "../page/format.js";
import { circle, line, px, text, ticks } from "../page/plot.js";
import { STEPS, UNITS, kinds, output, wave, xs } from "../maths/symmetry-math.js";

const LEFT = 46, RIGHT = 8, TITLE = 26, WIDE = 560, ROW = 4; // ROW units side by side
const SAMPLES = 80;

/**
 * @typedef {import("../maths/symmetry-math.js").Net} Net
 * @typedef {{ step: number, training: import("../maths/symmetry-math.js").Training }} Shown
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 */

/** @param {number} width @returns {Box[]} */
function boxes(width) {
  const inner = width - LEFT - RIGHT;
  if (width < WIDE) {
    return [
      { left: LEFT, top: TITLE, width: inner, height: 130 },
      { left: 0, top: 214, width, height: 150 },
      { left: LEFT, top: 404, width: inner, height: 130 },
    ];
  }
  const half = width / 2 - 14;
  return [
    { left: LEFT, top: TITLE, width: half - LEFT, height: 170 },
    { left: half + 28, top: TITLE, width: half, height: 170 },
    { left: LEFT, top: 256, width: inner, height: 130 },
  ];
}

/** @param {number} width */
export function heightFor(width) {
  const { top, height } = boxes(width)[2];
  return top + height + 22;
}

/** @param {Shown} shown @param {number} width */
export function chart(shown, width) {
  const [first, second, third] = boxes(width), net = shown.training.nets[shown.step];
  return fit(net, first) + units(net, second) + distances(shown, third);
}

/** @param {Box} box @param {number} y @param {string | number} label */
const gridline = (box, y, label) =>
  `<path class="grid" d="M${px(box.left)} ${px(y)}h${px(box.width)}"/>` + text(box.left - 6, y + 4, label, "end");

/** The points and the net's curve. @param {Net} net @param {Box} box */
function fit(net, box) {
  const x = (/** @type {number} */ at) => box.left + (box.width * (at + 2)) / 4;
  const at = Array.from({ length: SAMPLES + 1 }, (_, i) => (4 * i) / SAMPLES - 2);
  const said = at.map((place) => output(net, place));
  const reach = Math.max(1.2, ...said.map(Math.abs));
  const y = (/** @type {number} */ value) => box.top + (box.height * (reach - value)) / (2 * reach);
  const marks = ticks(-reach, reach, 4).map((value) => gridline(box, y(value), String(value).replace("-", "−")));
  const places = [-2, 0, 2].map((place) => text(x(place), box.top + box.height + 16, String(place).replace("-", "−"), "middle"));
  return text(box.left - LEFT, box.top - 12, "The wave, and what the net says", "start", "title")
    + marks.join("") + places.join("")
    + xs.map((place, i) => circle("point", x(place), y(wave[i]), 2.2)).join("")
    + line("answer", at.map((place, i) => [x(place), y(said[i])]));
}

/** A tile for each unit with its curve and the letter of its kind. @param {Net} net @param {Box} box */
function units(net, box) {
  const letters = kinds(net).map((kind) => String.fromCharCode(65 + kind));
  const add = (/** @type {number} */ j, /** @type {number} */ x) => net[2 * UNITS + j] * Math.tanh(net[j] * x + net[UNITS + j]);
  const all = letters.flatMap((_, j) => [-2, -1, 0, 1, 2].map((x) => Math.abs(add(j, x))));
  const reach = 1.1 * Math.max(0.1, ...all), gap = 6;
  const wide = (box.width - 1 - gap * (ROW - 1)) / ROW, high = (box.height - gap) / 2;
  const tiles = letters.map((letter, j) => {
    const left = box.left + 0.5 + (j % ROW) * (wide + gap), top = box.top + Math.floor(j / ROW) * (high + gap);
    const curve = Array.from({ length: 25 }, (_, i) => {
      const x = i / 6 - 2;
      return [left + 3 + ((wide - 6) * i) / 24, top + (high * (reach - add(j, x))) / (2 * reach)];
    });
    return `<rect class="tile" x="${px(left)}" y="${px(top)}" width="${px(wide)}" height="${px(high)}" rx="4"/>`
      + `<path class="grid" d="M${px(left)} ${px(top + high / 2)}h${px(wide)}"/>`
      + line("answer", curve) + text(left + 6, top + 15, letter, "start", "letter");
  });
  return text(box.left, box.top - 12, "What each unit adds; equal units share a letter", "start", "title") + tiles.join("");
}

/** @param {Shown} shown @param {Box} box */
function distances({ step, training: { gaps } }, box) {
  const floor = box.top + box.height, x = (/** @type {number} */ k) => box.left + (box.width * k) / STEPS;
  const head = text(box.left - LEFT, box.top - 12, "Largest distance between two units, by step", "start", "title");
  const marks = [0, 500, 1000, 1500, STEPS].map((k) => text(x(k), floor + 16, k, k === STEPS ? "end" : "middle")).join("")
    + text(0, floor + 16, "step", "start");
  const logs = gaps.map((gap) => Math.log10(gap)), known = logs.filter(Number.isFinite);
  const now = `<path class="now" d="M${px(x(step))} ${px(box.top)}V${px(floor)}"/>`;
  if (!known.length) {
    return head + marks + `<path class="grid" d="M${px(box.left)} ${px(floor)}h${px(box.width)}"/>` + now
      + text(box.left + 8, box.top + box.height / 2, "exactly 0 at every step: nowhere on this axis", "start");
  }
  const least = Math.min(...known), most = Math.max(...known);
  const every = [1, 2, 5].find((each) => (most - least) / each <= 4) ?? 10;
  const low = every * Math.floor(least / every + 1e-9), high = Math.max(low + 2 * every, every * Math.ceil(most / every - 1e-9));
  const y = (/** @type {number} */ log) => floor - (box.height * (log - low)) / (high - low);
  let axis = "";
  for (let e = low; e <= high; e += every) {
    axis += gridline(box, y(e), Math.abs(e) < 3 ? String(Number((10 ** e).toPrecision(1))) : power(e));
  }
  const points = logs.flatMap((log, k) => (Number.isFinite(log) && (k % 4 === 0 || k === step) ? [[x(k), y(log), k]] : []));
  const dot = Number.isFinite(logs[step]) ? circle("dot", x(step), y(logs[step]), 4.5) : "";
  return head + axis + marks + now
    + line("curve", points) + line("answer", points.filter(([, , k]) => k <= step)) + dot;
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe({ step, training }) {
  const many = Math.max(...kinds(training.nets[step])) + 1;
  return `A wave with the curve of a net of ${UNITS} units after ${step} steps; the units’ own curves, of ${many} `
    + `${many === 1 ? "kind" : "kinds"}; their largest distance by step, on a log axis: ${format(training.gaps[0])} at `
    + `the start, ${format(training.gaps[step])} now, ${format(training.gaps[STEPS])} after ${STEPS} steps.`;
}
