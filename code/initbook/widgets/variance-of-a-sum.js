// @ts-check
// The variance of a sum: what n random products add up to, measured over draws and predicted.
import { actions } from "./page/actions.js";
import { choice, element, presets, slider } from "./page/controls.js";
import { format, percent } from "./page/format.js";
import { follow, read, setter } from "./page/live.js";
import { legend, newDraw, picture } from "./page/picture.js";
import { minus } from "./page/plot.js";
import { addressOf } from "./page/settings.js";
import { chart, describe, heightFor } from "./charts/sum-chart.js";
import { DRAWS, prepare, program, sample, summary } from "./maths/sum-math.js";
import settings from "./variance-of-a-sum.settings.js";

/**
 * @typedef {import("./maths/sum-math.js").State} State
 * @typedef {State & { measured: number, predicted: number }} Synced
 * @typedef {import("./charts/sum-chart.js").Shown & ReturnType<typeof summary>} Shown
 */

const { n: N, var_w: VAR_W, mean_w: MEAN_W, var_x: VAR_X, mean_x: MEAN_X, correlation: CORRELATION,
  law: LAW, held: HELD, unit: UNIT, seed: SEED } = settings.state;
const NAMES = /** @type {const} */ (
  ["n", "var_w", "mean_w", "var_x", "mean_x", "correlation", "law", "held", "unit", "seed"]);
const SMALLEST = 0.0001; // where the slider of Var(w) starts; its box reaches 0

export const { hashKeys, clean } = addressOf(settings.state);

const said = (/** @type {number} */ x) => minus(format(x));
const given = (/** @type {number} */ x) => minus(Number(x.toPrecision(4)));

/**
 * @param {import("./page/live.js").Model<Synced>} model
 * @param {ReturnType<typeof setter<Synced>>} set
 */
function controls(model, set) {
  /** @param {"mean_w" | "var_x" | "mean_x" | "correlation"} name @param {string} label @param {{ min: number, max: number }} range @param {number} step */
  const plain = (name, label, { min, max }, step) =>
    slider({ label, min, max, step, say: given, onInput: (value) => set(name, value) });
  return {
    n: slider({ label: "Inputs n", ...N, step: 1, onInput: (value) => set("n", Math.round(value)) }),
    var_w: slider({
      label: "Var(w)", log: true, min: SMALLEST, max: VAR_W.max, low: VAR_W.min, step: 0.0001,
      say: said, onInput: (value) => set("var_w", value),
    }),
    presets: presets({
      label: "Variances to try",
      options: [["1/n", () => 1 / model.get("n")], ["2/n", () => 2 / model.get("n")], ["1", () => 1]],
      onInput: (value) => set("var_w", value),
    }),
    mean_w: plain("mean_w", "Mean of w", MEAN_W, 0.01),
    var_x: plain("var_x", "Var(x)", VAR_X, 0.05),
    mean_x: plain("mean_x", "Mean of x", MEAN_X, 0.1),
    correlation: plain("correlation", "Correlation of x", CORRELATION, 0.01),
    law: choice({ legend: "Law of the weights", choices: LAW.choices, onInput: (value) => set("law", value) }),
    held: choice({ legend: "Held still", choices: HELD.choices, onInput: (value) => set("held", value) }),
  };
}

/** What is predicted, written out. @param {Shown} shown */
function formula({ state, predicted }) {
  const { n, var_w, mean_w, var_x, mean_x, held } = state, end = ` = ${said(predicted)}`;
  if (held === "inputs") return `E[z² | x] = Var(w) Σ xᵢ²${mean_w ? " + E[w]² (Σ xᵢ)²" : ""}${end}`;
  if (held === "weights") return `E[z² | w] = Σ wᵢ Cᵢₖ wₖ${mean_x ? " + E[x]² (Σ wᵢ)²" : ""}${end}`;
  const first = `${n} · ${given(var_w)} · ${given(var_x + mean_x ** 2)}`;
  if (!mean_w) return `E[z²] = n Var(w) E[x²] = ${first}${end}`;
  const second = predicted - n * var_w * (var_x + mean_x ** 2);
  return `E[z²] = n Var(w) E[x²] + E[w]² E[s²] = ${first} + ${said(second)}${end}`;
}

/** A value to the digits that half its interval allows. @param {number} value @param {number} half */
function withHalf(value, half) {
  if (!(half >= 1e-3 && half < 10)) return `${said(value)} ± ${said(half)}`;
  const digits = 1 - Math.floor(Math.log10(half));
  return `${value.toFixed(digits)} ± ${half.toFixed(digits)}`;
}

/** @param {Shown} shown */
function sentence({ state, measured, half, predicted, far, opened }) {
  const { n, unit } = state;
  return `Mean square of z: ${withHalf(measured, half)}, predicted ${said(predicted)}. `
    + `${percent(far)} lie beyond 3 predicted stds (normal: 0.3%). `
    + `Unit ${unit + 1}: ${n === 1 ? "its one product is" : `its ${n} products add up to`} ${said(opened)}.`;
}

/** @param {Shown} shown */
function caption({ state: { law, held, mean_w, correlation } }) {
  const drawn = {
    nothing: "Weights and inputs are drawn anew each time.",
    inputs: "The opened unit’s inputs meet new weights each time.",
    weights: "The opened unit’s weights meet new inputs each time: now correlation counts.",
  }[held];
  const drops = held === "nothing" && !mean_w && correlation > 0
    ? " The correlation is not in the formula: it changes the shape alone." : "";
  const tails = law === "heavy"
    ? " Heavy tails: Student’s t with 3 degrees of freedom, which has a variance but no fourth moment, so no such interval can be trusted." : "";
  return `${DRAWS.toLocaleString("en")} draws; ± is half a 95% interval. ${drawn}${drops}${tails}`;
}

const signs = () => legend([
  ['<path class="theory" d="M1 7H21"/>', "normal law, as predicted"],
  ['<path class="mark" d="M11 3l5 8h-10Z"/>', "the opened unit"],
  ['<path class="sticks" style="stroke-width:3" d="M5 13V5M11 13V1M17 13V8"/>', "its products"],
  ['<path class="way" d="M1 11H8V7H14V3H21"/>', "their sum so far"],
  ['<path class="theory rms" d="M1 7H21"/>', "its mean ± one std, predicted"],
], { height: 14 });

/** @param {{ model: import("./page/live.js").Model<Synced>, el: HTMLElement, start?: State }} place */
async function render({ model, el, start = read(model, NAMES) }) {
  const source = await prepare();
  const set = setter(model), parts = controls(model, set);
  const predicted = element("p", { class: "spread" });
  const next = element("button", { type: "button" }, "Next unit");
  next.addEventListener("click", () => set("unit", (model.get("unit") + 1) % (UNIT.max + 1)));
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: heightFor, chart, describe });
  const state = () => read(model, NAMES);
  const buttons = actions({ names: NAMES, start, set, program: () => program(state()) });
  const about = { role: "group", "aria-label": "Variance of a sum", "data-engine": source.engine };
  el.append(element("div", { class: "book-figure", ...about },
    element("div", { class: "controls" },
      element("div", {}, parts.n.root, parts.var_w.root, parts.presets.root, predicted,
        element("div", { class: "again" }, next, newDraw(model, set, SEED))),
      element("div", {}, element("div", { class: "pairs" },
        parts.mean_w.root, parts.mean_x.root, parts.var_x.root, parts.correlation.root),
        element("div", { class: "choices" }, parts.law.root, parts.held.root), buttons)),
    result, figure, signs(), note));

  /** @type {Shown} */
  let shown;
  const update = () => {
    const now = state(), drawn = sample(now, source);
    shown = { state: now, drawn, ...summary(now, drawn) };
    for (const [name, part] of Object.entries(parts)) {
      const { show } = /** @type {{ show(value: any): void }} */ (part);
      show(now[/** @type {keyof State} */ (name === "presets" ? "var_w" : name)]);
    }
    predicted.textContent = formula(shown);
    result.textContent = sentence(shown);
    note.textContent = caption(shown);
    model.set("measured", shown.measured);
    model.set("predicted", shown.predicted);
    model.save_changes();
  };
  return follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown, width) });
}

export default { render };
