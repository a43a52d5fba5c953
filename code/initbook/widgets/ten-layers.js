// @ts-check
// Ten layers, nothing trained: what comes out of each, for any activation, weight std and shape.
import { actions } from "./page/actions.js";
import { choice, element, presets, selection, slider } from "./page/controls.js";
import { createEngine } from "./maths/engine.js";
import { format, percent } from "./page/format.js";
import { follow, read, setter } from "./page/live.js";
import { looks } from "./maths/looks.js";
import { functions } from "./maths/functions.js";
import { legend, newDraw, picture } from "./page/picture.js";
import { addressOf } from "./page/settings.js";
import { HEIGHT, chart, describe } from "./charts/ten-layers-chart.js";
import { meanField } from "./maths/ten-layers-math.js";
import settings from "./ten-layers.settings.js";

/**
 * @typedef {import("./maths/engine.js").State} State
 * @typedef {State & { stds: number[], rms: number[], means: number[] }} Synced
 * @typedef {import("./charts/ten-layers-chart.js").Shown & { rows: number }} Shown
 */

const { scale: SCALE, depth: DEPTH, width: WIDTH, batch: BATCH, seed: SEED, profile: PROFILE, law: LAW, norm: NORM } = settings.state;
const SMALLEST = 0.05; // where the std's slider starts; its box and presets reach 0
const BUDGET = 8, FEWEST = 20; // ms for a frame's layers, and inputs below which they say too little

const NAMES = /** @type {const} */ (
  ["activation", "scale", "depth", "width", "profile", "law", "norm", "batch", "seed"]);

export const { hashKeys, clean } = addressOf(settings.state);

/**
 * @param {import("./page/live.js").Model<Synced>} model
 * @param {ReturnType<typeof setter<Synced>>} set
 */
function controls(model, set) {
  const inUnits = (/** @type {number} */ std) => () => std * Math.sqrt(model.get("width"));
  /** @param {"depth" | "width" | "batch"} name @param {string} label @param {{ min: number, max: number }} range @param {number} step */
  const whole = (name, label, range, step) =>
    slider({ label, ...range, step, onInput: (value) => set(name, step * Math.round(value / step)) });
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
    activation: selection({ label: "Activation", choices: looks, onInput: (value) => set("activation", value) }),
    width: whole("width", "Width n", WIDTH, 1),
    depth: whole("depth", "Layers", DEPTH, 1),
    batch: whole("batch", "Batch", BATCH, 4),
    profile: choice({ legend: "Widths", choices: PROFILE.choices, onInput: (value) => set("profile", value) }),
    law: choice({ legend: "Law of the weights", choices: LAW.choices, onInput: (value) => set("law", value) }),
    norm: choice({ legend: "Batch normalization", choices: NORM.choices, onInput: (value) => set("norm", value) }),
  };
}

/**
 * What the share of far units, or of the others, is called, and where it begins.
 * @param {string} name of the activation
 */
function wordsOfFar(name) {
  const rest = functions[name].f(0), { far } = looks[name];
  if (far === undefined) return { note: "" };
  if (far === 0) return { others: "exactly 0", note: "Exact zeros are not drawn." };
  const edge = (/** @type {number} */ h) => Number(h.toPrecision(3));
  const edges = rest ? `h < ${edge(rest - far)} or h > ${edge(rest + far)}` : `|h| > ${far}`;
  return { these: "saturated", note: `Saturated: ${edges}.` };
}

/** @param {Shown} shown @param {string} verdict */
function sentence({ activation, layers, theory, pinned, guess }, verdict) {
  if (guess?.open) return "What is the std of each layer? Press and draw on the lower axis, or type it; then reveal.";
  const top = layers.length, last = layers[top - 1], expected = theory[top - 1];
  const { these, others } = wordsOfFar(activation);
  const compare = (/** @type {"std" | "rms"} */ of) =>
    `${of} ${format(last[of])} (mean field ${format(expected[of])})`;
  const parts = [compare("std")];
  if (last.rms > 1.02 * last.std) parts.push(compare("rms"));
  if (these) parts.push(`${percent(last.far)} ${these}`);
  if (others) parts.push(`${percent(1 - last.far)} ${others}`);
  const before = pinned?.layers[pinned.layers.length - 1];
  return `${verdict}Layer ${top}: ${parts.join(", ")}.`
    + (before ? ` A ends at layer ${pinned?.layers.length} with std ${format(before.std)}.` : "");
}

/** @param {Shown} shown @param {State} state @param {State | undefined} pinned */
function caption({ activation, layers, rows, guess }, state, pinned) {
  if (guess?.open) return "The std of the inputs is 1.";
  const outside = Math.max(...layers.map((layer) => layer.outside));
  const axis = looks[activation].inRms
    ? "Values in units of their layer’s rms" : "One axis of values for all layers";
  const beyond = outside > 0 ? `largest share beyond: ${percent(outside)}` : "none beyond";
  const { note } = wordsOfFar(activation);
  const of = pinned ? ` A: ${looks[pinned.activation].label}, ${format(pinned.scale)}/√n, width ${pinned.width}, `
    + `${PROFILE.choices[/** @type {"taper"} */ (pinned.profile)].label}, ${LAW.choices[/** @type {"normal"} */ (pinned.law)].label}, `
    + `${pinned.norm === "on" ? "normalized, " : ""}on the same seed.` : "";
  const few = rows < state.batch ? ` While you move: the first ${rows} inputs of ${state.batch}.` : "";
  return `${axis}; ${beyond}. Bars are scaled to the fullest bin. ${note}${of}${few}`;
}

/** @param {Shown} shown */
const signs = ({ pinned, guess }) => legend([
  ['<circle class="std" cx="11" cy="6" r="3"/>', "std"],
  ['<circle class="rms" cx="11" cy="6" r="5"/>', "rms"],
  ['<path class="mean" d="M4 6H18"/>', "mean"],
  ['<path class="theory std" d="M1 6H21"/>', "mean field, std"],
  ['<path class="theory rms" d="M1 6H21"/>', "mean field, rms"],
  .../** @type {[string, string][]} */ (pinned ? [['<path class="pinned" d="M1 6H21M8 3h6v6h-6Z"/>', "A, std"]] : []),
  .../** @type {[string, string][]} */ (guess ? [['<path class="guessed" d="M1 6H21"/><path class="guessed sign" d="M11 1l5 5l-5 5l-5 -5Z"/>', "your guess"]] : []),
], { height: 12 });

/** @param {{ model: import("./page/live.js").Model<Synced>, el: HTMLElement, start?: State }} place */
async function render({ model, el, start = read(model, NAMES) }) {
  const engine = await createEngine();
  const set = setter(model), parts = controls(model, set), state = () => read(model, NAMES);
  const spread = element("p", { class: "spread" });
  const seed = element("span", { class: "seed" });
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: HEIGHT, chart, describe });
  /** @type {Shown} */
  let shown;
  /** @type {State | undefined} */
  let pinned;
  let seen = "", pace = 0; // ms that an input takes

  const pin = element("button", { type: "button" }, "Pin as A");
  pin.addEventListener("click", () => {
    pinned = pinned ? undefined : state();
    again();
  });
  /** @type {ReturnType<import("./ten-layers-guess.js")["guessing"]> | undefined} */
  let guess;
  const first = element("button", { type: "button" }, "Guess the curve first");
  const guesses = element("div", { class: "again" }, first);
  first.addEventListener("click", async () => {
    const { guessing } = await import("./ten-layers-guess.js");
    guess = guessing({ figure, depth: () => model.get("depth"), changed: () => again() });
    guesses.replaceWith(guess.root);
    figure.before(guess.fields);
    guess.root.querySelector("button")?.focus();
    again();
  });
  const program = async () => (await import("./maths/ten-layers-program.js")).program(state());
  const buttons = actions({ names: NAMES, start, set, program });
  buttons.querySelector("button")?.addEventListener("click", () => {
    pinned = undefined;
    guess?.stop();
    again();
  });
  const about = { role: "group", "aria-label": "Ten layers", "data-engine": engine.name };
  let key = signs(/** @type {any} */ ({}));
  el.append(element("div", { class: "book-figure", ...about },
    element("div", { class: "controls" },
      element("div", {}, parts.scale.root, parts.presets.root, spread, parts.activation.root, guesses),
      element("div", {}, parts.width.root, parts.depth.root,
        element("div", { class: "again" }, newDraw(model, set, SEED), pin, seed), buttons,
        element("details", {}, element("summary", {}, "Law, widths, batch"),
          parts.law.root, parts.profile.root, parts.norm.root, parts.batch.root))),
    result, figure, key, note));

  /** What depends on the pin, the guess and the layers alone. */
  const tell = () => {
    result.textContent = sentence(shown, guess?.say(shown.layers) ?? "");
    note.textContent = caption(shown, state(), pinned);
    pin.textContent = pinned ? "Unpin A" : "Pin as A";
    const next = signs(shown);
    key.replaceWith(next);
    key = next;
  };
  const update = (/** @type {boolean} */ thorough) => {
    const now = state(), { activation, scale, width, batch } = now;
    if (seen && seen !== JSON.stringify(now)) guess?.moved();
    seen = JSON.stringify(now);
    const fits = Math.max(FEWEST, 4 * Math.floor(BUDGET / pace / 4));
    const rows = thorough ? batch : Math.min(batch, fits);
    engine.draw(now); // once, so that it says nothing of the next frame
    const begun = performance.now();
    const layers = engine.simulate(now, rows);
    pace = (performance.now() - begun) / rows;
    shown = { activation, layers, theory: meanField(now), rows, ...compared(now) };
    for (const [name, part] of Object.entries(parts)) {
      const { show } = /** @type {{ show(value: any): void }} */ (part);
      show(now[/** @type {keyof State} */ (name === "presets" ? "scale" : name)]);
    }
    spread.textContent = `σ = ${format(scale / Math.sqrt(width))}, n·Var(w) = ${format(scale ** 2)}`;
    seed.textContent = `seed ${now.seed}`;
    tell();
    if (rows < batch) return true;
    model.set("stds", layers.map((layer) => layer.std));
    model.set("rms", layers.map((layer) => layer.rms));
    model.set("means", layers.map((layer) => layer.mean));
    model.save_changes();
    return false;
  };
  /** The pinned stack on the seed that is shown, computed once. */
  let aside = { of: "", layers: /** @type {import("./maths/engine.js").Layer[]} */ ([]) };
  const compared = (/** @type {State} */ now) => {
    if (!pinned) return { guess: guess?.get() };
    const before = { ...pinned, seed: now.seed }, of = JSON.stringify(before);
    if (aside.of !== of) aside = { of, layers: engine.simulate(before) };
    return { guess: guess?.get(), pinned: { activation: pinned.activation, layers: aside.layers } };
  };
  const again = () => {
    if (!shown) return;
    shown = { activation: shown.activation, layers: shown.layers, theory: shown.theory, rows: shown.rows, ...compared(state()) };
    tell();
    if (figure.clientWidth) draw(shown, figure.clientWidth);
  };
  return follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown, width) });
}

export default { render };
