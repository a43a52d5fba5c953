// @ts-check
// Batch normalization: a stack of ten layers with it and without, side by side.
import { actions } from "./page/actions.js";
import { chart, describe, heightFor } from "./charts/batch-normalization-chart.js";
import { COMPANIES, DEPTH, WIDTH, explore, numbersOf, program, theory } from "./maths/batch-normalization-math.js";
import settings from "./batch-normalization.settings.js";
import { choice, element, presets, slider } from "./page/controls.js";
import { format } from "./page/format.js";
import { follow, read, setter } from "./page/live.js";
import { legend, newDraw, picture } from "./page/picture.js";
import { circle, minus } from "./page/plot.js";
import { addressOf } from "./page/settings.js";

/**
 * @typedef {import("./maths/batch-normalization-math.js").State} State
 * @typedef {State & { signals: number[], deltas: number[] }} Synced
 * @typedef {import("./charts/batch-normalization-chart.js").Shown & { state: State }} Shown
 */

const { activation: ACTIVATION, scale: SCALE, gamma: GAMMA, beta: BETA, batch: BATCH, mode: MODE, batches: BATCHES, seed: SEED } = settings.state;
const NAMES = /** @type {const} */ (["activation", "scale", "gamma", "beta", "batch", "mode", "batches", "seed"]);
const SMALLEST = 0.05; // where the std's slider starts; its box and a preset reach 0

export const { hashKeys, clean } = addressOf(settings.state);

const said = (/** @type {number} */ x) => minus(format(x));

/** @param {ReturnType<typeof setter<Synced>>} set */
function controls(set) {
  return {
    scale: slider({
      label: "Weight std, in units of 1/√n", log: true, min: SMALLEST, max: SCALE.max, low: SCALE.min, step: 0.01,
      say: (scale) => `${format(scale)} over root n`, onInput: (value) => set("scale", value),
    }),
    presets: presets({
      label: "Weight stds to start from",
      options: [["zeros", () => 0], ["0.1", () => 0.1], ["1", () => 1], ["√2", () => Math.SQRT2], ["10", () => 10]],
      onInput: (value) => set("scale", value),
    }),
    batch: slider({
      label: "Batch size B", ...BATCH, step: 1, say: (batch) => `${batch} examples`,
      onInput: (value) => set("batch", Math.round(value)),
    }),
    activation: choice({ legend: "Activation", choices: ACTIVATION.choices, onInput: (value) => set("activation", value) }),
    gamma: slider({ label: "Scale γ", ...GAMMA, step: 0.05, onInput: (value) => set("gamma", value) }),
    beta: slider({ label: "Shift β", ...BETA, step: 0.05, say: (beta) => minus(beta), onInput: (value) => set("beta", value) }),
    mode: choice({ legend: "Mode", choices: MODE.choices, onInput: (value) => set("mode", value) }),
    batches: slider({
      label: "Batches in the running averages", ...BATCHES, step: 1, say: (k) => `${k} batches`,
      onInput: (value) => {
        set("batches", Math.round(value));
        set("mode", "evaluation"); // who moves it wants to see it
      },
    }),
  };
}

/** @param {Shown} shown */
function sentence({ state, normal, plain, answers, expected, evaluation }) {
  const found = numbersOf({ normal, plain, answers }), { example_least: least, example_most: most } = found;
  const down = (/** @type {number} */ growth, /** @type {Layer} */ bottom) =>
    bottom.delta ? `by ${format(growth)} a layer` : "to 0";
  const predicted = !evaluation && expected.growth && normal[0].delta ? ` (theory ${format(expected.growth)})` : "";
  const answer = said(least) === said(most) ? `always ${said(least)}` : `from ${said(least)} to ${said(most)}`;
  return `Behind layer ${DEPTH} the rms is ${format(found.signal_normalized)} with normalization, ${format(found.signal_plain)} without. `
    + `On its way down the squared gradient changes ${down(found.growth_normalized, normal[0])}${predicted}, and without ${down(found.growth_plain, plain[0])}. `
    + `Of one example, in ${COMPANIES} batches, a unit says ${answer}.`;
}

/** @typedef {import("./maths/batch-normalization-math.js").Layer} Layer */

/** @param {Shown} shown */
function caption({ state: { batches, batch }, evaluation }) {
  const modes = evaluation
    ? `Evaluation: running averages of ${batches} batches of ${batch}, at fixed weights, each counting 0.1.`
    : "Training: each batch’s own mean and variance.";
  return `${modes} ${DEPTH} layers of ${WIDTH} units; without normalization there is no γ and no β. Lines are theory: `
    + "for wide layers and, with normalization, a large batch in training mode. A gradient of rms 1 comes from above.";
}

const signs = () => legend([
  [circle("dot", 11, 7, 3.2), "with normalization"],
  ['<path class="theory" d="M1 7H21"/>', "its theory"],
  [circle("ring", 11, 7, 4), "without"],
  ['<path class="theory rms" d="M1 7H21"/>', "its theory"],
], { height: 14 });

/** @param {{ model: import("./page/live.js").Model<Synced>, el: HTMLElement, start?: State }} place */
function render({ model, el, start = read(model, NAMES) }) {
  const set = setter(model), parts = controls(set), state = () => read(model, NAMES);
  const seed = element("span", { class: "seed" });
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: heightFor, chart, describe });
  const buttons = actions({ names: NAMES, start, set, program: () => program(state()) });
  el.append(element("div", { class: "book-figure", role: "group", "aria-label": "Batch normalization" },
    element("div", { class: "controls" },
      element("div", {}, parts.scale.root, parts.presets.root, parts.batch.root,
        element("div", { class: "pairs" }, parts.gamma.root, parts.beta.root)),
      element("div", {}, parts.activation.root, parts.mode.root, parts.batches.root,
        element("div", { class: "again" }, newDraw(model, set, SEED), seed), buttons)),
    result, figure, signs(), note));

  /** @type {Shown} */
  let shown;
  const update = () => {
    const now = state();
    shown = { state: now, ...explore(now), expected: theory(now), evaluation: now.mode === "evaluation" };
    parts.scale.show(now.scale);
    parts.presets.show(now.scale);
    parts.batch.show(now.batch);
    parts.activation.show(now.activation);
    parts.gamma.show(now.gamma);
    parts.beta.show(now.beta);
    parts.mode.show(now.mode);
    parts.batches.show(now.batches);
    seed.textContent = `seed ${now.seed}`;
    result.textContent = sentence(shown);
    note.textContent = caption(shown);
    model.set("signals", shown.normal.map(({ signal }) => signal));
    model.set("deltas", shown.normal.map(({ delta }) => delta));
    model.save_changes();
  };
  return follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown, width) });
}

export default { render };
