// Ten layers, nothing trained: what comes out of each, for any activation, weight std and width.
import { activations, names } from "./activations.js";
import { HEIGHT, chart, describe } from "./chart.js";
import { choice, element, presets, slider } from "./controls.js";
import { DEPTH, createEngine } from "./engine.js";
import { format, percent } from "./format.js";
import { meanField } from "./moments.js";

const STATE = ["activation", "scale", "width", "batch", "seed"];
const LIMITS = { scale: [0, 25], width: [32, 500], seed: [0, 2 ** 31 - 1] };
const SMALLEST = 0.05; // where the std's slider starts; its box and presets reach 0

/** Keys in the page's address and the state that they hold. */
export const hashKeys = { act: "activation", std: "scale", n: "width", seed: "seed" };

/** A usable value for what stands in an address, or undefined. */
export function clean(name, text) {
  if (name === "activation") return names.includes(text) ? text : undefined;
  const value = Number(text), [low, high] = LIMITS[name];
  if (text.trim() === "" || Number.isNaN(value)) return undefined;
  const inside = Math.min(Math.max(value, low), high);
  return name === "scale" ? inside : Math.round(inside);
}

function controls(model, set) {
  const width = () => model.get("width");
  const inUnits = (std) => () => std * Math.sqrt(width());
  return {
    scale: slider({
      label: "Weight std, in units of 1/√n", log: true,
      min: SMALLEST, max: LIMITS.scale[1], low: 0, step: 0.01,
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
      legend: "Activation", options: names.map((name) => [name, activations[name].label]),
      onInput: (value) => set("activation", value),
    }),
    width: slider({
      label: "Width n", min: LIMITS.width[0], max: LIMITS.width[1], step: 4,
      onInput: (value) => set("width", Math.round(value)),
    }),
  };
}

function sentence({ activation, layers, theory }) {
  const last = layers.at(-1), expected = theory.at(-1);
  const { share } = activations[activation];
  const compare = (of) => `${of} ${format(last[of])} (mean field ${format(expected[of])})`;
  const parts = [compare("std")];
  if (last.rms > 1.02 * last.std) parts.push(compare("rms"));
  if (share) {
    const [amount, what] = share(last.far);
    parts.push(`${percent(amount)} ${what}`);
  }
  return `Layer ${DEPTH}: ${parts.join(", ")}.`;
}

function caption({ activation, layers }) {
  const { inRms, note = "" } = activations[activation];
  const outside = Math.max(...layers.map((layer) => layer.outside));
  const axis = inRms ? "Values in units of their layer’s rms" : "One axis of values for all layers";
  const beyond = outside > 0 ? `largest share beyond: ${percent(outside)}` : "none beyond";
  return `${axis}; ${beyond}. Bars are scaled to the fullest bin. ${note}`;
}

function legend() {
  const item = (shape, words) =>
    `<span><svg width="22" height="12" aria-hidden="true">${shape}</svg>${words}</span>`;
  const list = element("div", { class: "legend" });
  list.innerHTML = item('<circle class="std" cx="11" cy="6" r="3"/>', "std")
    + item('<circle class="rms" cx="11" cy="6" r="5"/>', "rms")
    + item('<path class="theory std" d="M1 6H21"/>', "mean field, std")
    + item('<path class="theory rms" d="M1 6H21"/>', "mean field, rms");
  return list;
}

async function render({ model, el }) {
  const engine = await createEngine();
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const parts = controls(model, set);
  const spread = element("p", { class: "spread" });
  const again = element("button", { type: "button", class: "draw" }, "New draw");
  again.addEventListener("click", () => set("seed", (model.get("seed") + 1) % LIMITS.seed[1]));
  const seed = element("span", { class: "seed" });
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const figure = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  figure.setAttribute("role", "img");
  figure.setAttribute("height", HEIGHT);
  const about = { role: "group", "aria-label": "Ten layers", "data-engine": engine.name };
  const root = element("div", { class: "book-figure", ...about },
    element("div", { class: "controls" },
      element("div", {}, parts.scale.root, parts.presets.root, spread),
      element("div", {}, parts.activation.root, parts.width.root,
        element("div", { class: "again" }, again, seed))),
    result, figure, legend(), note);
  el.append(root);

  let shown, width = figure.clientWidth, pending = 0;
  const draw = () => {
    if (!width) return; // not yet in the page
    figure.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    figure.innerHTML = chart({ ...shown, width });
    figure.setAttribute("aria-label", describe(shown));
  };
  const update = () => {
    pending = 0;
    const state = Object.fromEntries(STATE.map((name) => [name, model.get(name)]));
    const layers = engine.simulate(state);
    shown = { ...state, layers, theory: meanField(state.activation, state.scale, DEPTH) };
    parts.presets.show(state.scale);
    for (const name of ["scale", "activation", "width"]) parts[name].show(state[name]);
    const sigma = state.scale / Math.sqrt(state.width);
    spread.textContent = `σ = ${format(sigma)}, n·Var(w) = ${format(state.scale ** 2)}`;
    seed.textContent = `seed ${state.seed}`;
    result.textContent = sentence(shown);
    note.textContent = caption(shown);
    draw();
    for (const [trait, of] of [["stds", "std"], ["rms", "rms"], ["means", "mean"]]) {
      model.set(trait, layers.map((layer) => layer[of]));
    }
    model.save_changes();
  };
  const soon = () => (pending ||= requestAnimationFrame(update));

  for (const name of STATE) model.on(`change:${name}`, soon);
  const resized = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    draw();
  });
  update();
  resized.observe(figure);
  return () => {
    cancelAnimationFrame(pending);
    resized.disconnect();
    for (const name of STATE) model.off(`change:${name}`, soon);
  };
}

export default { render };
