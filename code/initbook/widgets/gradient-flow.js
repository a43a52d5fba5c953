// @ts-check
// A signal on its way up a deep stack and a gradient on its way down, in one picture.
import { actions } from "./page/actions.js";
import { choice, element, presets, slider } from "./page/controls.js";
import { format } from "./page/format.js";
import { HEIGHT, chart, describe, marks, names } from "./charts/gradient-flow-chart.js";
import { CHAOS, flow, numbersOf, prepare, program, roundingGrows, theory, widthsOf } from "./maths/gradient-flow-math.js";
import settings from "./gradient-flow.settings.js";
import { follow, read, setter } from "./page/live.js";
import { legend, newDraw, picture } from "./page/picture.js";
import { addressOf } from "./page/settings.js";

/**
 * @typedef {import("./maths/gradient-flow-math.js").State} State
 * @typedef {State & { signals: number[], deltas: number[], gradients: number[] }} Synced
 * @typedef {import("./charts/gradient-flow-chart.js").Shown & { state: State }} Shown
 */

const { activation: ACTIVATION, scale: SCALE, depth: DEPTH, width: WIDTH, profile: PROFILE, seed: SEED } = settings.state;
const NAMES = /** @type {const} */ (["activation", "scale", "depth", "width", "profile", "batch", "seed"]);

export const { hashKeys, clean } = addressOf(settings.state);

/** @param {ReturnType<typeof setter<Synced>>} set */
function controls(set) {
  return {
    scale: slider({
      label: "Weight std, in units of 1/√fan_in", log: true, ...SCALE, step: 0.01,
      say: (scale) => `${format(scale)} over root fan in`, onInput: (value) => set("scale", value),
    }),
    presets: presets({
      label: "Weight stds to start from",
      options: [["1/√3", () => 1 / Math.sqrt(3)], ["1", () => 1], ["√2", () => Math.SQRT2], ["4", () => 4]],
      onInput: (value) => set("scale", value),
    }),
    depth: slider({
      label: "Layers", ...DEPTH, step: 1, say: (depth) => `${depth} layers`,
      onInput: (value) => set("depth", Math.round(value)),
    }),
    activation: choice({
      legend: "Activation", choices: ACTIVATION.choices, onInput: (value) => set("activation", value),
    }),
    profile: choice({
      legend: "Widths", choices: PROFILE.choices, onInput: (value) => set("profile", value),
    }),
    width: slider({
      label: "Largest width", ...WIDTH, step: 1, onInput: (value) => set("width", Math.round(value)),
    }),
  };
}

/** @param {number} ratio */
function change(ratio) {
  if (ratio > 0.5 && ratio < 2) return `keeps ${format(ratio)} of its rms`;
  return ratio < 1 ? `falls to ${format(ratio)} of its rms` : `grows to ${format(ratio)} times its rms`;
}

/** @param {Shown} shown */
function sentence({ layers, expected }) {
  const { signal_top, signal_predicted, delta_top, delta_bottom, delta_ratio, delta_ratio_predicted } =
    numbersOf(layers, expected);
  const depth = layers.length;
  const up = `The signal’s rms is ${format(signal_top)} at layer ${depth} (predicted ${format(signal_predicted)}).`;
  if (!delta_top) return `The gradient’s rms is 0: no unit of layer ${depth} answers. ${up}`;
  if (!delta_bottom) return `On its way down the gradient meets a dead layer: its rms at layer 1 is 0. ${up}`;
  return `From layer ${depth} down to layer 1 the gradient ${change(delta_ratio)} (predicted `
    + `${format(delta_ratio_predicted)}). ${up}`;
}

/** @param {Shown} shown */
function caption({ state, widths }) {
  const least = Math.min(...widths), chaos = roundingGrows(state) > CHAOS
    ? " Here a tiny change of the input grows from layer to layer, so that rounding decides the last digits." : "";
  return `Weights N(0, σ²) with σ = ${format(state.scale)}/√fan_in, ${state.batch} normal inputs, biases 0; a random `
    + "gradient of rms 1 comes from above. The lines are mean-field theory, for wide layers: the more layers for their "
    + `width (here ${widths.length - 1}, of ${least} units at the narrowest), the further a draw strays.${chaos}`;
}

const MEANINGS = { signal: "signal h", delta: "gradient δ", gradient: "weights’ gradient ∂W" };

const signs = () => legend(names.map((name) => [
  `<path class="theory of-${name}" d="M0 6H22"/>${marks[name].mark([[11, 6]], 2.6)}`, MEANINGS[name],
]), { height: 12, words: ["lines: mean field"] });

/** @param {{ model: import("./page/live.js").Model<Synced>, el: HTMLElement, start?: Record<string, any> }} place */
async function render({ model, el, start = read(model, NAMES) }) {
  const source = await prepare();
  const set = setter(model), parts = controls(set), state = () => read(model, NAMES);
  const spread = element("p", { class: "spread" });
  const seed = element("span", { class: "seed" });
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: HEIGHT, chart, describe });
  const buttons = actions({ names: NAMES, start, set, program: () => program(state()) });
  el.append(element("div", { class: "book-figure", role: "group", "aria-label": "Gradient flow", "data-engine": source.engine },
    element("div", { class: "controls" },
      element("div", {}, parts.scale.root, parts.presets.root, parts.depth.root, spread),
      element("div", {}, parts.activation.root, parts.profile.root, parts.width.root,
        element("div", { class: "again" }, newDraw(model, set, SEED), seed), buttons)),
    result, figure, signs(), note));

  /** @type {Shown} */
  let shown;
  const update = () => {
    const now = state(), layers = flow(now, source);
    shown = { state: now, layers, expected: theory(now), widths: widthsOf(now) };
    parts.scale.show(now.scale);
    parts.presets.show(now.scale);
    parts.depth.show(now.depth);
    parts.activation.show(now.activation);
    parts.profile.show(now.profile);
    parts.width.show(now.width);
    spread.textContent = `fan_in·Var(w) = ${format(now.scale ** 2)}`;
    seed.textContent = `seed ${now.seed}`;
    result.textContent = sentence(shown);
    note.textContent = caption(shown);
    model.set("signals", layers.map(({ signal }) => signal));
    model.set("deltas", layers.map(({ delta }) => delta));
    model.set("gradients", layers.map(({ gradient }) => gradient));
    model.save_changes();
  };
  return follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown, width) });
}

export default { render };
