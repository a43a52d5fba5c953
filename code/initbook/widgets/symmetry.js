// @ts-check
// A small net learns a wave from zeros, from a constant or from random weights: do units part?
import { actions } from "./page/actions.js";
import { choice, element, slider } from "./page/controls.js";
import { format } from "./page/format.js";
import { follow, read, setter } from "./page/live.js";
import { newDraw, picture } from "./page/picture.js";
import { addressOf } from "./page/settings.js";
import { chart, describe, heightFor } from "./charts/symmetry-chart.js";
import { STEPS, UNITS, kinds, numbers, program, train } from "./maths/symmetry-math.js";
import settings from "./symmetry.settings.js";

/**
 * @typedef {import("./maths/symmetry-math.js").State} State
 * @typedef {State & { distances: number[], losses: number[] }} Synced
 * @typedef {import("./charts/symmetry-chart.js").Shown & { state: State }} Shown
 */

const { start: START, seed: SEED } = settings.state;
const NAMES = /** @type {const} */ (["step", "start", "nudge", "biases", "dropout", "adam", "seed"]);
const CHANGES = /** @type {const} */ (["nudge", "biases", "dropout", "adam"]);
const STRIDE = 12; // steps a frame

export const { hashKeys, clean } = addressOf(settings.state);

/**
 * @param {import("./page/live.js").Model<Synced>} model
 * @param {ReturnType<typeof setter<Synced>>} set
 */
function changes(model, set) {
  const words = { nudge: "one weight moved by 10⁻⁶", biases: "random biases", dropout: "dropout", adam: "Adam" };
  const root = element("fieldset", { class: "choice" }, element("legend", {}, "Change one thing, or several"));
  const boxes = CHANGES.map((name) => {
    const box = element("input", { type: "checkbox" });
    box.addEventListener("change", () => set(name, box.checked ? "on" : "off"));
    root.append(element("label", {}, box, element("span", {}, words[name])));
    return box;
  });
  return {
    root,
    show() {
      boxes.forEach((box, i) => (box.checked = model.get(CHANGES[i]) === "on"));
    },
  };
}

/**
 * A button that lets the steps run; who asks for less motion sees their end at once.
 * @param {import("./page/live.js").Model<Synced>} model
 * @param {(step: number) => void} go
 * @param {() => void} stopped
 */
function runner(model, go, stopped) {
  const button = element("button", { type: "button" }, "Train");
  let frame = 0;
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    button.textContent = "Train";
    stopped();
  };
  const next = () => {
    const step = Math.min(model.get("step") + STRIDE, STEPS);
    if (step === STEPS) stop();
    else frame = requestAnimationFrame(next);
    go(step);
  };
  button.addEventListener("click", () => {
    if (frame) return stop();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return go(STEPS);
    if (model.get("step") === STEPS) go(0);
    button.textContent = "Pause";
    frame = requestAnimationFrame(next);
  });
  return { button, stop, running: () => frame !== 0 };
}

/** @param {Shown} shown */
function sentence({ state, training }) {
  const { distance, kinds: many, loss } = numbers(state, training);
  const when = state.step === 0 ? "Before the first step" : state.step === 1 ? "After 1 step" : `After ${state.step} steps`;
  const end = `The loss is ${format(loss)}.`;
  if (many === 1) return `${when} all ${UNITS} units are twins: their distance is exactly 0. ${end}`;
  const of = kinds(training.nets[state.step]);
  const most = Math.max(...of.map((kind) => of.filter((other) => other === kind).length));
  const who = many === UNITS ? `no two of the ${UNITS} units are equal` : `${most} of the ${UNITS} units are twins`;
  return `${when} ${who}, and the largest distance between two is ${format(distance)}. ${end}`;
}

/** @param {Shown} shown */
function caption({ state }) {
  const { rate, adamRate, keep } = settings;
  const rule = state.adam === "on" ? `Adam with a learning rate of ${adamRate}` : `Gradient descent with a learning rate of ${rate}`;
  const pauses = state.dropout === "on" ? `, each unit pausing one time in ${Math.round(1 / (1 - keep))}` : "";
  const begin = { zeros: "weights 0", constant: "weights 1", random: "weights N(0, 1)" }[state.start];
  return `y = Σ v tanh(wx + b) + c, from ${begin} and biases ${state.biases === "on" ? "N(0, 1)" : "0"}. ${rule}${pauses}, `
    + "in float64; every sum over the points runs from the first to the last. The distance is the largest between two units’ w, b or v.";
}

/** @param {{ model: import("./page/live.js").Model<Synced>, el: HTMLElement, start?: Record<string, any> }} place */
function render({ model, el, start = read(model, NAMES) }) {
  const set = setter(model), state = () => read(model, NAMES);
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const run = runner(model, (step) => {
    if (run.running()) result.setAttribute("aria-live", "off"); // said once, at the end
    set("step", step);
  }, () => {
    result.setAttribute("aria-live", "polite");
    result.textContent = sentence(shown);
  });
  const step = slider({
    label: "Steps", min: 0, max: STEPS, step: 1, say: (value) => `after ${value} steps`,
    onInput: (value) => set("step", Math.round(value)),
  });
  for (const grabbed of ["pointerdown", "keydown"]) step.root.addEventListener(grabbed, run.stop);
  const begin = choice({
    legend: "Start the weights from",
    choices: START.choices,
    onInput: (value) => set("start", value),
  });
  const changed = changes(model, set);
  const seed = element("span", { class: "seed" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: heightFor, chart, describe });
  const buttons = actions({ names: NAMES, start, set, program: () => program(state()) });
  buttons.addEventListener("click", run.stop);
  el.append(element("div", { class: "book-figure", role: "group", "aria-label": "Symmetry" },
    element("div", { class: "controls" },
      element("div", {}, step.root, element("div", { class: "again" }, run.button), begin.root),
      element("div", {}, changed.root, element("div", { class: "again" }, newDraw(model, set, SEED), seed), buttons)),
    result, figure, note));

  let trained = "";
  /** @type {Shown} */
  let shown;
  const update = () => {
    const now = state(), key = JSON.stringify({ ...now, step: 0 });
    const training = key === trained ? shown.training : train(now);
    shown = { state: now, step: now.step, training };
    step.show(now.step);
    begin.show(now.start);
    changed.show();
    seed.textContent = `seed ${now.seed}`;
    result.textContent = sentence(shown);
    note.textContent = caption(shown);
    if (key === trained) return;
    trained = key;
    model.set("distances", training.gaps);
    model.set("losses", training.losses);
    model.save_changes();
  };
  const end = follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown, width) });
  return () => {
    run.stop();
    end();
  };
}

export default { render };
