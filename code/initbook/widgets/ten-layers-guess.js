// @ts-check
// The reader's own curve of stds, drawn on the picture or typed, before the layers show theirs.
// Loaded when it is asked for.
import { placeOf, span } from "./charts/ten-layers-chart.js";
import { element } from "./page/controls.js";
import { format } from "./page/format.js";

const MOST = 10; // points of a guess

/** @typedef {import("./maths/engine.js").Layer} Layer */
/** @typedef {{ points: { layer: number, value: number }[], open: boolean }} Guess */

/**
 * Its buttons and fields; `changed` is called when the figure is to be drawn again.
 * @param {{ figure: SVGSVGElement, depth: () => number, changed: () => void }} what
 */
export function guessing({ figure, depth, changed }) {
  /** @type {Guess | undefined} */
  let guess;
  const toggle = element("button", { type: "button" }), reveal = element("button", { type: "button" }, "Reveal");
  const fields = element("div", { class: "fields", role: "group", "aria-label": "Your std of each layer" });

  /** @param {number} index @param {number} value */
  const place = (index, value) => {
    if (!guess?.open || !(value > 0)) return;
    guess.points[index].value = Math.min(Math.max(value, span.low), span.high);
    changed();
  };
  const fill = () => fields.querySelectorAll("input").forEach((field, i) => {
    const value = guess?.points[i].value ?? 1;
    if (field !== document.activeElement) field.value = value < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(2)));
  });
  const show = () => {
    toggle.textContent = guess ? "Stop guessing" : "Guess the curve first";
    reveal.hidden = fields.hidden = !guess?.open;
    figure.classList.toggle("guessing", Boolean(guess?.open));
    changed();
  };
  const begin = () => {
    const last = depth(), count = Math.min(MOST, last);
    const points = Array.from({ length: count }, (_, i) => ({ layer: Math.round(1 + (i * (last - 1)) / (count - 1)), value: 1 }));
    guess = { points, open: true };
    fields.replaceChildren(...points.map(({ layer }, i) => {
      const field = element("input", { type: "number", min: span.low, max: span.high, step: "any" });
      field.addEventListener("input", () => place(i, field.valueAsNumber));
      field.addEventListener("blur", () => setTimeout(fill));
      return element("label", {}, `layer ${layer}`, field);
    }));
    fill();
  };
  toggle.addEventListener("click", () => {
    if (guess) guess = undefined;
    else begin();
    show();
  });
  reveal.addEventListener("click", () => {
    if (guess) guess.open = false;
    show();
    toggle.focus();
  });
  let pressed = false;
  const point = (/** @type {PointerEvent} */ event) => {
    if (!guess?.open || !pressed) return;
    const box = figure.getBoundingClientRect();
    const { layer, value } = placeOf(event.clientX - box.left, event.clientY - box.top, box.width, depth());
    const gaps = guess.points.map((at) => Math.abs(at.layer - layer));
    place(gaps.indexOf(Math.min(...gaps)), value);
    fill();
  };
  figure.addEventListener("pointerdown", (event) => {
    pressed = true;
    if (guess?.open) figure.setPointerCapture(event.pointerId);
    point(event);
  });
  figure.addEventListener("pointermove", point);
  for (const end of ["pointerup", "pointercancel"]) figure.addEventListener(end, () => (pressed = false));
  begin();
  show();
  return {
    root: element("div", { class: "again" }, toggle, reveal),
    fields,
    get: () => guess,
    /** What a revealed guess was worth. @param {Layer[]} layers */
    say: (layers) => (guess ? `${verdict(guess, layers)} ` : ""),
    /** Another stack is shown: a guess of the last one says nothing of it, an open one goes on. */
    moved() {
      if (guess && (!guess.open || guess.points[guess.points.length - 1].layer !== depth())) {
        if (guess.open) begin();
        else guess = undefined;
        show();
      }
    },
    stop() {
      guess = undefined;
      show();
    },
  };
}

/**
 * How far a guess of stds is off, in factors: on the average of logarithms, and where it is worst.
 * @param {{ layer: number, value: number }[]} guess
 * @param {Pick<Layer, "std">[]} layers
 */
export function judge(guess, layers) {
  const known = guess.filter(({ layer }) => layers[layer - 1].std > 0);
  const sizes = known.map(({ layer, value }) => Math.abs(Math.log(value / layers[layer - 1].std)));
  const factor = Math.exp(sizes.reduce((a, b) => a + b, 0) / sizes.length);
  return { zeros: guess.length - known.length, factor, worst: known[sizes.indexOf(Math.max(...sizes))] };
}

/** How far off it was. @param {Guess} guess @param {Layer[]} layers */
function verdict({ points }, layers) {
  const { zeros, factor, worst } = judge(points, layers);
  if (zeros === points.length) return "Every std is exactly 0: no factor leads from your curve to it.";
  const { layer, value } = worst, std = layers[layer - 1].std;
  if (factor < 1.1 && !zeros) return "Your curve was right to within a tenth.";
  return `Your curve was off by a factor of ${format(factor)} on average, most at layer ${layer}: you said `
    + `${format(value)}, it is ${format(std)}, so yours was too ${value > std ? "high" : "low"}.`
    + (zeros ? ` At ${zeros} of your points the std is exactly 0.` : "");
}
