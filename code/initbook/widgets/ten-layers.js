// @ts-check
// Ten layers, nothing trained: what comes out of each, for any activation, weight std and width.
import { activations } from "./activations.js";
import { HEIGHT, chart, describe } from "./chart.js";
import { choice, element, presets, slider } from "./controls.js";
import { DEPTH, createEngine } from "./engine.js";
import { format, percent } from "./format.js";
import { follow, read, setter } from "./live.js";
import { looks } from "./looks.js";
import { meanField } from "./moments.js";
import { legend, newDraw, picture } from "./picture.js";
import { addressOf } from "./settings.js";
import settings from "./ten-layers.settings.js";

/**
 * @typedef {import("./engine.js").State & { stds: number[], rms: number[], means: number[] }} State
 * @typedef {ReturnType<typeof meanField>} Theory
 * @typedef {{ activation: string, layers: import("./engine.js").Layer[], theory: Theory }} Shown
 */

const { scale: SCALE, width: WIDTH, seed: SEED } = settings.state;
const SMALLEST = 0.05; // where the std's slider starts; its box and presets reach 0

const DRAWN = /** @type {const} */ (["activation", "scale", "width", "batch", "seed"]);

export const { hashKeys, clean } = addressOf(settings.state);

/**
 * @param {import("./live.js").Model<State>} model
 * @param {ReturnType<typeof setter<State>>} set
 */
function controls(model, set) {
  const inUnits = (/** @type {number} */ std) => () => std * Math.sqrt(model.get("width"));
  return {
    scale: slider({
      label: "Weight std, in units of 1/√n", log: true,
      min: SMALLEST, max: SCALE.max, low: SCALE.min, step: 0.01,
      say: (scale) => `${format(scale)} over root n`, onInput: (value) => set("scale", value),
    }),
    presets: presets({
      label: "Weight stds to start from",
      options: [
        ["zeros", () => 0], ["0.01", inUnits(0.01)], ["0.02", inUnits(0.02)],
        ["√(1/n)", () => 1], ["√(2/n)", () => Math.SQRT2], ["1", inUnits(1)],
      ],
      onInput: (value) => set("scale", value),
    }),
    activation: choice({
      legend: "Activation", choices: looks,
      onInput: (value) => set("activation", value),
    }),
    width: slider({
      label: "Width n", min: WIDTH.min, max: WIDTH.max, step: 4,
      onInput: (value) => set("width", Math.round(value)),
    }),
  };
}

/**
 * What the share of far units, or of the others, is called, and where it begins.
 * @param {string} name of the activation
 */
function wordsOfFar(name) {
  const { rest } = activations[name], { far } = looks[name];
  if (far === undefined) return { note: "" };
  if (far === 0) return { others: "exactly 0", note: "Exact zeros are not drawn." };
  const edge = (/** @type {number} */ h) => Number(h.toPrecision(3));
  const edges = rest ? `h < ${edge(rest - far)} or h > ${edge(rest + far)}` : `|h| > ${far}`;
  return { these: "saturated", note: `Saturated: ${edges}.` };
}

/** @param {Shown} shown */
function sentence({ activation, layers, theory }) {
  const last = layers[DEPTH - 1], expected = theory[DEPTH - 1];
  const { these, others } = wordsOfFar(activation);
  const compare = (/** @type {"std" | "rms"} */ of) =>
    `${of} ${format(last[of])} (mean field ${format(expected[of])})`;
  const parts = [compare("std")];
  if (last.rms > 1.02 * last.std) parts.push(compare("rms"));
  if (these) parts.push(`${percent(last.far)} ${these}`);
  if (others) parts.push(`${percent(1 - last.far)} ${others}`);
  return `Layer ${DEPTH}: ${parts.join(", ")}.`;
}

/** @param {Shown} shown */
function caption({ activation, layers }) {
  const outside = Math.max(...layers.map((layer) => layer.outside));
  const axis = looks[activation].inRms
    ? "Values in units of their layer’s rms" : "One axis of values for all layers";
  const beyond = outside > 0 ? `largest share beyond: ${percent(outside)}` : "none beyond";
  const { note } = wordsOfFar(activation);
  return `${axis}; ${beyond}. Bars are scaled to the fullest bin. ${note}`;
}

const signs = () => legend([
  ['<circle class="std" cx="11" cy="6" r="3"/>', "std"],
  ['<circle class="rms" cx="11" cy="6" r="5"/>', "rms"],
  ['<path class="theory std" d="M1 6H21"/>', "mean field, std"],
  ['<path class="theory rms" d="M1 6H21"/>', "mean field, rms"],
], { height: 12 });

/** @param {{ model: import("./live.js").Model<State>, el: HTMLElement }} place */
async function render({ model, el }) {
  const engine = await createEngine();
  const set = setter(model);
  const parts = controls(model, set);
  const spread = element("p", { class: "spread" });
  const seed = element("span", { class: "seed" });
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: HEIGHT, chart, describe });
  const about = { role: "group", "aria-label": "Ten layers", "data-engine": engine.name };
  const root = element("div", { class: "book-figure", ...about },
    element("div", { class: "controls" },
      element("div", {}, parts.scale.root, parts.presets.root, spread),
      element("div", {}, parts.activation.root, parts.width.root,
        element("div", { class: "again" }, newDraw(model, set, SEED), seed))),
    result, figure, signs(), note);
  el.append(root);

  /** @type {Shown} */
  let shown;
  const update = () => {
    const state = read(model, DRAWN), { activation, scale, width } = state;
    const layers = engine.simulate(state);
    shown = { activation, layers, theory: meanField(activation, scale, DEPTH) };
    parts.scale.show(scale);
    parts.presets.show(scale);
    parts.activation.show(activation);
    parts.width.show(width);
    spread.textContent = `σ = ${format(scale / Math.sqrt(width))}, n·Var(w) = ${format(scale ** 2)}`;
    seed.textContent = `seed ${state.seed}`;
    result.textContent = sentence(shown);
    note.textContent = caption(shown);
    model.set("stds", layers.map((layer) => layer.std));
    model.set("rms", layers.map((layer) => layer.rms));
    model.set("means", layers.map((layer) => layer.mean));
    model.save_changes();
  };
  return follow({ model, names: DRAWN, figure, update, draw: (width) => draw(shown, width) });
}

export default { render };
