// @ts-check
// Draws a race as SVG markup: accuracy with its finish line, loss, and what every layer says now.
import { format, percent } from "../page/format.js";
import { line, px, text, ticks } from "../page/plot.js";
import { EVERY, FINISH, LETTERS } from "../maths/training-race-math.js";

/** @typedef {{ looks: import("../maths/training-race-math.js").Look[][], hidden: number }} Shown */

const LEFT = 42, RIGHT = 20, TITLE = 26, WIDE = 560, GAP = 14;
const LOSSES = [2.5, 6]; // the loss axis reaches at least, and at most, so far

/** @param {number} width */
function boxes(width) {
  const inner = width - LEFT - RIGHT;
  if (width < WIDE) {
    return {
      accuracy: { left: LEFT, top: TITLE, width: inner, height: 150 },
      loss: { left: LEFT, top: 236, width: inner, height: 120 },
      layers: { left: 20, top: 418, width: width - 21, height: 180 },
    };
  }
  const half = width / 2 - GAP;
  return {
    accuracy: { left: LEFT, top: TITLE, width: half - LEFT - RIGHT, height: 190 },
    loss: { left: half + 2 * GAP + 20, top: TITLE, width: half - 20 - RIGHT, height: 190 },
    layers: { left: 20, top: 284, width: width - 21, height: 180 },
  };
}

/** @typedef {{ left: number, top: number, width: number, height: number }} Box */

/** @param {number} width */
export function heightFor(width) {
  const { top, height } = boxes(width).layers;
  return top + height + 2;
}

/** @param {Shown} shown @param {number} width */
export function chart({ looks, hidden }, width) {
  const { accuracy, loss, layers } = boxes(width);
  const losses = looks.flat().map((look) => look.loss).filter(Number.isFinite);
  const reach = Math.min(Math.max(LOSSES[0], ...losses), LOSSES[1]);
  const finish = accuracy.top + accuracy.height * (1 - FINISH);
  return curves("Right among 500 new digits", accuracy, looks, ({ accuracy: value }) => value, 1, percent)
    + `<path class="finish" d="M${px(accuracy.left)} ${px(finish)}h${px(accuracy.width)}"/>`
    + text(accuracy.left + accuracy.width, finish - 5, "finish line", "end", "tick halo")
    + curves("Loss on the same digits", loss, looks, ({ loss: value }) => value, reach, String)
    + histograms(layers, looks, hidden);
}

/**
 * One curve a racer, from its first look to its last, with its letter at the end.
 * @param {string} title
 * @param {Box} box
 * @param {Shown["looks"]} looks
 * @param {(look: import("../maths/training-race-math.js").Look) => number} of
 * @param {number} reach
 * @param {(value: number) => string} say
 */
function curves(title, box, looks, of, reach, say) {
  const floor = box.top + box.height, taken = looks[0]?.at(-1)?.step ?? 0;
  const steps = Math.max(4 * EVERY, taken);
  const x = (/** @type {number} */ step) => box.left + (box.width * step) / steps;
  const y = (/** @type {number} */ value) => floor - (box.height * Math.min(value, reach)) / reach;
  const grid = ticks(0, reach, 4).map((value) =>
    `<path class="grid" d="M${px(box.left)} ${px(y(value))}h${px(box.width)}"/>` + text(box.left - 6, y(value) + 4, say(value), "end"));
  const below = ticks(0, steps, 4).map((step) => text(x(step), floor + 16, step, step === 0 ? "start" : step > 0.95 * steps ? "end" : "middle"));
  const lines = looks.map((list, r) => {
    const points = list.filter((look) => Number.isFinite(of(look))).map((look) => [x(look.step), y(of(look))]);
    return line(`racer of-${LETTERS[r]}`, points);
  });
  const ends = looks.flatMap((list, r) => {
    const last = list.filter((look) => Number.isFinite(of(look))).at(-1);
    return last ? [{ letter: LETTERS[r].toUpperCase(), at: x(last.step), y: y(of(last)) }] : [];
  }).sort((one, other) => one.y - other.y);
  ends.forEach((end, k) => { // letters that would cover each other move down
    if (k > 0) end.y = Math.max(end.y, ends[k - 1].y + 13);
  });
  const lift = Math.max(0, (ends.at(-1)?.y ?? 0) - floor); // and up again, from below the floor
  return text(box.left - LEFT + 2, box.top - 12, title, "start", "title") + grid.join("") + below.join("") + lines.join("")
    + ends.map(({ letter, at, y: level }) => text(at + 5, level - lift + 4, letter, "start", "letter")).join("");
}

/** A row of tiles for each racer, a tile for each hidden layer. @param {Box} box @param {Shown["looks"]} looks @param {number} hidden */
function histograms(box, looks, hidden) {
  const gap = 6, wide = (box.width - gap * (hidden - 1)) / hidden, high = (box.height - gap * 3) / 4;
  const tiles = LETTERS.map((letter, r) => {
    const top = box.top + r * (high + gap), bins = looks[r]?.at(-1)?.bins;
    const row = Array.from({ length: hidden }, (_, l) => {
      const left = box.left + l * (wide + gap);
      return `<rect class="tile" x="${px(left)}" y="${px(top)}" width="${px(wide)}" height="${px(high)}" rx="4"/>`
        + (bins ? bars(bins[l], left + 3, top + 3, wide - 6, high - 3) : "");
    });
    return text(2, top + high / 2 + 5, letter.toUpperCase(), "start", "letter") + row.join("");
  });
  return text(2, box.top - 24, "What the units of each hidden layer say", "start", "title")
    + text(2, box.top - 8, "layer 1 left; sigmoid 0 to 1, tanh ±1, ReLU 0 to 4", "start") + tiles.join("");
}

/** @param {number[]} bins @param {number} left @param {number} top @param {number} width @param {number} height */
function bars(bins, left, top, width, height) {
  const most = Math.max(...bins), wide = width / bins.length;
  if (!most) return "";
  const drawn = bins.map((share, k) => {
    const high = (height * share) / most;
    return `M${px(left + k * wide)} ${px(top + height)}v${px(-high)}h${px(wide)}v${px(high)}`;
  });
  return `<path class="bars" d="${drawn.join("")}"/>`;
}

/** The figure in a sentence, for those who don't see it. @param {Shown} shown */
export function describe({ looks }) {
  const now = looks.map((list) => list.at(-1));
  const what = "Accuracy and loss of four racers by step, a finish line at 80%, and a histogram of each hidden layer.";
  if (!now[0]) return `${what} The race has not begun.`;
  return `${what} After ${now[0].step} steps ` + now.map((look, r) =>
    look ? `${LETTERS[r].toUpperCase()} is at ${percent(look.accuracy)}, loss ${format(look.loss)}` : "").join("; ") + ".";
}
