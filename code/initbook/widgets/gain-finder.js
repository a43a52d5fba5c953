// @ts-check
// The gain finder: what an activation leaves of a signal and of a gradient, and where the length and
// the correlation of the layers come to rest.
import { actions } from "./page/actions.js";
import { choice, element, presets, slider } from "./page/controls.js";
import { format } from "./page/format.js";
import { chart, describe, heightFor } from "./charts/gain-finder-chart.js";
import { explore, gainsOf, lengthSlope, lengths, momentsOf, program, restingCorrelation } from "./maths/gain-finder-math.js";
import settings from "./gain-finder.settings.js";
import { follow, read, setter } from "./page/live.js";
import { legend, picture } from "./page/picture.js";
import { circle, minus } from "./page/plot.js";
import { addressOf } from "./page/settings.js";

/**
 * @typedef {import("./maths/gain-finder-math.js").State} State
 * @typedef {State & { lengths: number[] }} Synced
 * @typedef {import("./charts/gain-finder-chart.js").Shown} Shown
 */

const { activation: ACTIVATION, std: STD, gain: GAIN, bias: BIAS, correlation: CORRELATION } = settings.state;
const NAMES = /** @type {const} */ (["activation", "std", "gain", "bias", "correlation"]);
const LAYERS = 30;

export const { hashKeys, clean } = addressOf(settings.state);

const said = (/** @type {number} */ x) => minus(Math.abs(x) < 5e-13 ? "0" : format(x)); // of rounding, 0

/**
 * @param {import("./page/live.js").Model<Synced>} model
 * @param {ReturnType<typeof setter<Synced>>} set
 */
function controls(model, set) {
  const q = () => model.get("std") ** 2, gains = () => gainsOf(model.get("activation"), q());
  const missing = () => q() - model.get("gain") ** 2 * momentsOf(model.get("activation"), q()).second;
  return {
    std: slider({
      label: "Std σ of pre-activations, start q = σ²", log: true, ...STD, step: 0.01,
      say: (std) => `sigma is ${format(std)}`, onInput: (value) => set("std", value),
    }),
    gain: slider({
      label: "Gain: the weights’ std in units of 1/√n", log: true, ...GAIN, step: 0.01,
      say: (gain) => `gain ${format(gain)}`, onInput: (value) => set("gain", value),
    }),
    gains: presets({
      label: "The gain that keeps, at this σ",
      options: [
        ["second moment", () => gains().second], ["variance", () => gains().variance],
        ["gradient", () => gains().gradient], ["1", () => 1], ["5/3", () => 5 / 3],
      ],
      onInput: (value) => set("gain", Math.min(Math.max(value, GAIN.min), GAIN.max)),
    }),
    activation: choice({
      legend: "Activation", choices: ACTIVATION.choices, onInput: (value) => set("activation", value),
    }),
    bias: slider({
      label: "Variance of the biases, Var(b)", ...BIAS, step: 0.01, say: (bias) => `bias variance ${format(bias)}`,
      onInput: (value) => set("bias", value),
    }),
    biases: presets({
      label: "Bias variances",
      options: [["0", () => 0], ["what q lacks", missing]],
      onInput: (value) => set("bias", Math.min(Math.max(value, BIAS.min), BIAS.max)),
    }),
    correlation: slider({
      label: "Correlation c of two inputs", ...CORRELATION, step: 0.01, say: (c) => `correlation ${minus(c)}`,
      onInput: (value) => set("correlation", value),
    }),
  };
}

/** @param {Shown} shown */
function ofLengths({ state, rest }) {
  const from = `q = ${said(state.std ** 2)}`;
  if (rest.kind === "everywhere") return "Every length stays as it is.";
  if (rest.kind === "fades") return `From ${from} the length fades to 0.`;
  if (rest.kind === "grows") return `From ${from} the length grows without bound.`;
  const slope = lengthSlope(state, rest.q), s = `the map’s slope there is ${said(slope)}`;
  if (rest.kind === "rests") return `From ${from} the length comes to rest at q = ${said(rest.q)}; ${s}.`;
  if (Math.abs(slope - 1) < 1e-3) return `${from} stays; ${s}.`;
  return slope < 1 ? `${from} stays, and lengths near it come to it: ${s}.` : `${from} stays, but lengths near it leave: ${s}.`;
}

/** @param {Shown} shown */
function ofCorrelations({ state, map, next_correlation: next }) {
  const c = state.correlation, kept = Math.abs(next - c) < 1e-9;
  const becomes = kept ? `a correlation of ${said(c)} stays` : `a correlation of ${said(c)} becomes ${said(next)}`;
  const chi = `At q = ${said(map.q)}, χ = ${said(map.chi)}`;
  if (!map.atRest) return `${chi}, and ${becomes} in the next layer.`;
  const tied = Math.abs(map.slope - 1) < 1e-3, end = restingCorrelation(map);
  const gradients = tied ? "gradients keep their size" : map.chi > 1 ? "gradients grow" : "gradients fade";
  const inputs = end === 1 ? "all inputs come to look alike" : `correlations come to rest at ${said(end)}`;
  return kept ? `${chi}: ${gradients}, and ${becomes}.` : `${chi}: ${gradients}, ${becomes}, and ${inputs}.`;
}

/** @param {Shown} shown */
function whatIsLeft({ mean, second, slope_second, gain_second, gain_variance, gain_gradient }) {
  return [
    `At this σ: E[f] = ${said(mean)}, E[f²] = ${said(second)}, E[f′²] = ${said(slope_second)}.`,
    `Gains that keep the second moment ${said(gain_second)}, the variance ${said(gain_variance)}, `
      + `the gradient ${said(gain_gradient)}.`,
  ];
}

/** @param {Shown} shown */
function caption({ map }) {
  const off = Math.abs(map.slope - map.chi) > 1e-6 * map.chi
    ? ` Off the fixed point the slope at c = 1 is ${said(map.slope)} and not χ.` : "";
  return `Theory of wide layers: q ← gain²·E[f(√q g)²] + Var(b), and χ = gain²·E[f′²] at that q.${off}`;
}

const signs = () => legend([
  ['<path class="theory" d="M1 7H21"/>', "map"],
  ['<path class="now" d="M1 7H21"/>', "diagonal"],
  ['<path class="theory rms" d="M1 7H21"/>', "tangent at c = 1"],
  [`<path class="way" d="M1 12V7H20V2"/>${circle("point", 2, 11, 3)}`, "stairs from the start"],
  [circle("dot", 11, 7, 4.5), "stable"],
  [circle("ring", 11, 7, 4.5), "unstable"],
], { height: 14 });

/** @param {{ model: import("./page/live.js").Model<Synced>, el: HTMLElement, start?: State }} place */
function render({ model, el, start = read(model, NAMES) }) {
  const set = setter(model), parts = controls(model, set), state = () => read(model, NAMES);
  const left = [element("p", { class: "spread" }), element("p", { class: "spread" })];
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: heightFor, chart, describe });
  const buttons = actions({ names: NAMES, start, set, program: () => program(state()) });
  el.append(element("div", { class: "book-figure", role: "group", "aria-label": "Gain finder" },
    element("div", { class: "controls" },
      element("div", {}, parts.std.root, ...left, parts.gain.root, parts.gains.root),
      element("div", {}, parts.activation.root, parts.bias.root, parts.biases.root, parts.correlation.root, buttons)),
    result, figure, signs(), note));

  /** @type {Shown} */
  let shown;
  const update = () => {
    const now = state();
    shown = { state: now, ...explore(now) };
    for (const name of NAMES) /** @type {{ show(value: any): void }} */ (parts[name]).show(now[name]);
    parts.gains.show(now.gain);
    parts.biases.show(now.bias);
    whatIsLeft(shown).forEach((words, i) => (left[i].textContent = words));
    result.textContent = `${ofLengths(shown)} ${ofCorrelations(shown)}`;
    note.textContent = caption(shown);
    model.set("lengths", lengths(now, LAYERS).filter(Number.isFinite));
    model.save_changes();
  };
  return follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown, width) });
}

export default { render };
