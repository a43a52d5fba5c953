// @ts-check
// Descent on x⁴ and two other curves: which steps settle, and where the others lead.
import { actions } from "./page/actions.js";
import { choice, element, presets, slider } from "./page/controls.js";
import { chart, describe, heightFor } from "./charts/descent-chart.js";
import { BEYOND, curves, descend, numbers, program, verdict } from "./maths/descent-math.js";
import settings from "./descent.settings.js";
import { format, power } from "./page/format.js";
import { follow, read, setter } from "./page/live.js";
import { legend, picture } from "./page/picture.js";
import { circle, minus } from "./page/plot.js";
import { addressOf } from "./page/settings.js";

/**
 * @typedef {import("./maths/descent-math.js").State} State
 * @typedef {State & { places: number[] }} Synced
 * @typedef {import("./charts/descent-chart.js").Shown} Shown
 */

const { curve: CURVE, start: START, rate: RATE, clipping: CLIPPING, limit: LIMIT, decay: DECAY } = settings.state;
const NAMES = /** @type {const} */ (["curve", "start", "rate", "clipping", "limit", "decay"]);

export const { hashKeys, clean } = addressOf(settings.state);

const said = (/** @type {number} */ x) => minus(Math.abs(x) < 1e4 ? Number(x.toPrecision(4)) : format(x));

/**
 * @param {import("./page/live.js").Model<Synced>} model
 * @param {ReturnType<typeof setter<Synced>>} set
 */
function controls(model, set) {
  const bound = () => Math.min(curves[model.get("curve")].bound(model.get("start")), RATE.max);
  return {
    rate: slider({
      label: "Step size η", log: true, ...RATE, step: 0.0001,
      say: (rate) => `η is ${said(rate)}`, onInput: (value) => set("rate", value),
    }),
    presets: presets({
      label: "Steps to try",
      options: [["half the bound", () => bound() / 2], ["the bound", bound], ["0.1", () => 0.1]],
      onInput: (value) => set("rate", Math.max(value, RATE.min)),
    }),
    start: slider({
      label: "Start x₀", ...START, step: 0.1, say: (x) => `from ${said(x)}`,
      onInput: (value) => set("start", value),
    }),
    curve: choice({ legend: "Curve", choices: CURVE.choices, onInput: (value) => set("curve", value) }),
    clipping: choice({
      legend: "Clip the slope", choices: CLIPPING.choices,
      onInput: (value) => set("clipping", value),
    }),
    limit: slider({
      label: "Clipped at c", log: true, ...LIMIT, step: 0.1, say: (c) => `clipped at ${said(c)}`,
      onInput: (value) => {
        set("limit", value);
        set("clipping", "on"); // who moves it wants to see it
      },
    }),
    decay: choice({
      legend: "Size of step t", choices: DECAY.choices, onInput: (value) => set("decay", value),
    }),
  };
}

/** The factor of a plain first step, written out. @param {Shown} shown */
function factorInWords({ state: { curve, start, rate }, factor }) {
  const x = start < 0 ? `(${said(start)})` : said(start), eta = said(rate);
  const [symbols, put] = {
    quartic: ["1 − 4ηx²", `1 − 4 · ${eta} · ${x}²`],
    bowl: ["1 − 2η", `1 − 2 · ${eta}`],
    valleys: ["1 − 4η(x² − 4)", `1 − 4 · ${eta} · (${x}² − 4)`],
  }[curve] ?? [];
  return `${symbols} = ${put} = ${said(factor)}`;
}

/** @param {Shown} shown */
function firstStep({ state, places, factor }) {
  const slope = curves[state.curve].slope(state.start), to = said(places[1]);
  if (slope === 0) return `At ${said(state.start)} the slope is 0, so nothing moves.`;
  if (state.clipping === "on" && Math.abs(slope) > state.limit) {
    return `The slope ${said(slope)} is clipped to ${said(Math.sign(slope) * state.limit)}: `
      + `the first step leads from ${said(state.start)} to ${to}.`;
  }
  return `The first step multiplies ${said(state.start)} by ${said(factor)}, and lands at ${to}.`;
}

/** @param {Shown} shown */
function whatFollows({ state, places }) {
  const steps = places.length - 1, { last, distance } = numbers(state);
  const plain = state.clipping === "off" && state.decay === "none", kind = verdict(state);
  if (kind === "still") return "";
  if (Math.abs(last) > BEYOND) return `Then it diverges: beyond ${power(12)} at step ${steps}.`;
  const there = distance ? `${said(distance)} from ${state.curve === "valleys" ? `the bottom at ${last < 0 ? "−2" : "2"}` : "the bottom"}` : "on the bottom";
  if (distance === 0) return `After ${steps} steps it is ${there}.`;
  const [before, between] = places.slice(-3);
  const tied = Math.abs(last - before) <= 1e-9 * Math.abs(last), apart = Math.abs(last - between) > 1e-6;
  if (plain && kind === "diverges") return `It diverges: after ${steps} steps it is at ${said(last)}.`;
  if (tied && apart && state.decay === "none") return `It ends jumping between ${said(last)} and ${said(between)}.`;
  if (plain && kind === "restless") return `It never settles: after ${steps} steps it is ${there}.`;
  if (plain && kind === "settles") return `It settles: after ${steps} steps it is ${there}.`;
  return `After ${steps} steps it is ${there}.`;
}

/** @param {Shown} shown */
function stable({ state, bound }) {
  const plain = state.clipping === "off" && state.decay === "none";
  if (curves[state.curve].slope(state.start) === 0) return "";
  return `${plain ? "Stable" : "Stable without clipping and decay"}: η < ${said(bound)}.`;
}

/** @param {Shown} shown */
function caption({ state: { curve, clipping, limit, decay } }) {
  const why = {
    quartic: "The bound is 1/(2x₀²).",
    bowl: "The bound is 1, wherever the start is.",
    valleys: "The bound is 1/16, by the valleys’ curvature, and from |x₀| = √12 outwards 1/(2(x₀² − 4)).",
  }[curve];
  const any = curve === "quartic" && clipping === "on" && decay === "none"
    ? ` Clipped at ${said(limit)} it settles from any start while η < ∛(2/c²) = ${said(Math.cbrt(2 / limit ** 2))}.` : "";
  return why + any;
}

/** What the lines mean; the theory belongs to curves with one bottom. */
const signs = () => legend([
  [circle("ring", 11, 7, 5), "start"],
  [`<path class="way" d="M1 7H21"/>${circle("dot", 11, 7, 2.6)}`, "steps"],
  ['<path class="theory" d="M1 7H21"/>', "if each step had the first one’s factor"],
  ['<path class="band" d="M1 2H21v10H1Z"/>', "stable without clipping and decay"],
], { height: 14 });

/** @param {{ model: import("./page/live.js").Model<Synced>, el: HTMLElement, start?: State }} place */
function render({ model, el, start = read(model, NAMES) }) {
  const set = setter(model), parts = controls(model, set);
  const factor = element("p", { class: "spread" });
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: heightFor, chart, describe });
  const state = () => read(model, NAMES);
  const buttons = actions({ names: NAMES, start, set, program: () => program(state()) });
  el.append(element("div", { class: "book-figure", role: "group", "aria-label": "Descent" },
    element("div", { class: "controls" },
      element("div", {}, parts.rate.root, parts.presets.root, parts.start.root, factor),
      element("div", {}, element("div", { class: "choices" }, parts.curve.root, parts.decay.root, parts.clipping.root),
        parts.limit.root, buttons)),
    result, figure, signs(), note));

  /** @type {Shown} */
  let shown;
  const update = () => {
    const now = state();
    shown = { state: now, places: descend(now), ...numbers(now) };
    for (const name of NAMES) /** @type {{ show(value: any): void }} */ (parts[name]).show(now[name]);
    parts.presets.show(now.rate);
    factor.textContent = factorInWords(shown);
    result.textContent = [firstStep(shown), whatFollows(shown), stable(shown)].filter(Boolean).join(" ");
    note.textContent = caption(shown);
    model.set("places", shown.places);
    model.save_changes();
  };
  return follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown, width) });
}

export default { render };
