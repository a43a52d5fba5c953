// @ts-check
// Four starts trained side by side on real digits: each with its activation and its learning rate.
import { actions } from "./page/actions.js";
import { element, selection, slider } from "./page/controls.js";
import { format, percent } from "./page/format.js";
import { follow, read, setter } from "./page/live.js";
import { legend, newDraw, picture } from "./page/picture.js";
import { addressOf } from "./page/settings.js";
import { loadProducts } from "./maths/doubles.js";
import { chart, describe, heightFor } from "./charts/training-race-chart.js";
import { LETTERS, Race, STEPS, finished, program, racer, torchProgram, unpack } from "./maths/training-race-math.js";
import settings from "./training-race.settings.js";

/**
 * @typedef {import("./maths/training-race-math.js").State} State
 * @typedef {State & { steps: number, losses: (number | null)[], accuracies: number[], _asked: boolean, _digits: DataView }} Synced
 * @typedef {import("./page/live.js").Model<Synced>} Model
 * @typedef {import("./maths/training-race-math.js").Letter} Letter
 */

const { hidden: HIDDEN, batch: BATCH, seed: SEED, rate_a: RATE } = settings.state;
const NAMES = /** @type {(keyof State)[]} */ (Object.keys(settings.state));
const SLICE = 11; // milliseconds of training in a frame

export const { hashKeys, clean } = addressOf(settings.state);

/** Where a page without a kernel has the digits; a module that Jupyter loads has no folder. */
const address = import.meta.url.startsWith("http") ? new URL(settings.digits, import.meta.url).href : undefined;

/** @param {Model} model @returns {Promise<Uint8Array>} */
async function loadDigits(model) {
  if (address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
    return new Uint8Array(await answer.arrayBuffer());
  }
  if (!model.get("_digits")?.byteLength) {
    await new Promise((come) => {
      model.on("change:_digits", come);
      model.set("_asked", true);
      model.save_changes();
    });
  }
  const { buffer, byteOffset, byteLength } = model.get("_digits");
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** @param {ReturnType<typeof setter<Synced>>} set @param {Letter} letter */
function lane(set, letter) {
  const name = letter.toUpperCase();
  const parts = {
    rate: slider({
      label: `Learning rate of ${name}`, log: true, ...RATE, step: 0.001,
      say: (rate) => `learning rate ${format(rate)}`, onInput: (rate) => set(`rate_${letter}`, rate),
    }),
    start: selection({ label: `Start of ${name}`, choices: settings.starts, onInput: (start) => set(`start_${letter}`, start) }),
    activation: selection({ label: "Activation", choices: settings.activations, onInput: (f) => set(`activation_${letter}`, f) }),
  };
  const root = element("div", { class: "lane", role: "group", "aria-label": `Racer ${name}` },
    element("div", { class: "pairs" }, parts.start.root, parts.activation.root), parts.rate.root);
  return {
    root,
    /** @param {State} state */
    show(state) {
      const { start, activation, rate } = racer(state, letter);
      parts.start.show(start);
      parts.activation.show(activation);
      parts.rate.show(rate);
    },
  };
}

/** @param {State} state @param {Letter} letter */
function words(state, letter) {
  const { start, activation, rate } = racer(state, letter);
  const { label } = settings.activations[/** @type {"tanh"} */ (activation)];
  return `${letter.toUpperCase()}: ${label}, ${settings.starts[/** @type {"he"} */ (start)].label}, rate ${format(rate)}`;
}

const listed = (/** @type {string[]} */ parts) =>
  parts.length < 2 ? parts.join() : `${parts.slice(0, -1).join(", ")} and ${parts[parts.length - 1]}`;

/** @param {State} state @param {Race | undefined} race */
function sentence(state, race) {
  if (!race) return `At the start line: ${LETTERS.map((letter) => words(state, letter)).join("; ")}.`;
  const now = race.looks.map((looks) => looks[looks.length - 1]), { step } = now[0];
  const name = (/** @type {number} */ r) => LETTERS[r].toUpperCase();
  const over = race.looks.flatMap((looks, r) => {
    const at = finished(looks);
    return at === undefined ? [] : [{ r, at }];
  }).sort((one, other) => one.at - other.at);
  const behind = now.flatMap(({ accuracy, loss }, r) => over.some((one) => one.r === r) ? []
    : [Number.isFinite(loss) ? `${name(r)} (${percent(accuracy)})` : `${name(r)} (out: its loss is no number)`]);
  const through = over.length
    ? `${listed(over.map(({ r, at }, k) => `${name(r)}${k ? "" : " crossed the line"} at step ${at}`))}` : "nobody has crossed the line";
  const rest = behind.length ? `; not within ${step} steps: ${listed(behind)}` : "";
  const losses = now.map(({ loss }, r) => `${name(r)} ${Number.isFinite(loss) ? format(loss) : "–"}`);
  return `After ${step} ${step === 1 ? "step" : "steps"}: ${through}${rest}. Losses: ${losses.join(", ")}.`;
}

/** @param {State} state */
const caption = ({ hidden, batch }) =>
  `${settings.pixels} pixels, ${hidden} hidden ${hidden === 1 ? "layer" : "layers"} of ${settings.width} units, ten classes; biases start at 0. `
  + `Plain gradient descent on ${batch} of ${settings.train} MNIST digits a step, drawn at random, the same for all four. Accuracy and loss on `
  + `${settings.test} other digits, every ${settings.every} steps and whenever the race stops. A racer has finished when it first reads ${percent(settings.finish)} of them.`;

const signs = () => legend(LETTERS.map((letter) => [`<path class="racer of-${letter}" d="M0 6H22"/>`, `racer ${letter.toUpperCase()}`]), { height: 12 });

/** @param {{ model: Model, el: HTMLElement, start?: Record<string, any> }} place */
function render({ model, el, start = read(model, NAMES) }) {
  const set = setter(model), state = () => /** @type {State} */ (read(model, NAMES));
  const lanes = LETTERS.map((letter) => lane(set, letter));
  const hidden = slider({ label: "Hidden layers", ...HIDDEN, step: 1, onInput: (value) => set("hidden", Math.round(value)) });
  const batch = slider({ label: "Digits a step", ...BATCH, step: 4, onInput: (value) => set("batch", 4 * Math.round(value / 4)) });
  const go = element("button", { type: "button" }, "Start"), one = element("button", { type: "button" }, "One step");
  const seed = element("span", { class: "seed" });
  const result = element("p", { class: "result", role: "status", "aria-live": "polite" });
  const note = element("p", { class: "note" });
  const { figure, draw } = picture({ height: heightFor, chart, describe });
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  /** @type {Race | undefined} */
  let race;
  /** @type {Promise<[ReturnType<typeof unpack>, Awaited<ReturnType<typeof loadProducts>>]> | undefined} */
  let loading;
  let frame = 0, asked = 0;
  const shown = () => ({ looks: race?.looks ?? LETTERS.map(() => []), hidden: model.get("hidden") });
  const redraw = () => figure.clientWidth && draw(shown(), figure.clientWidth);
  const tell = () => (result.textContent = sentence(state(), race));

  /** The race that the controls describe, begun where there is none: the digits come when first asked for. */
  async function begun() {
    const mine = ++asked;
    if (race) return race;
    result.textContent = "The digits are on their way.";
    loading ??= Promise.all([loadDigits(model).then(unpack), loadProducts()]);
    try {
      const [digits, kernels] = await loading;
      if (mine === asked) race = new Race(state(), digits, kernels);
    } catch (error) {
      loading = undefined; // the next press tries again
      console.error(error);
      result.textContent = "The digits could not be loaded; press the button again to retry.";
    }
    return mine === asked ? race : undefined;
  }

  /** Stands still between two steps, measured and told. */
  function stop() {
    asked++;
    cancelAnimationFrame(frame);
    frame = 0;
    result.setAttribute("aria-live", "polite");
    go.textContent = !race ? "Start" : race.steps < STEPS ? "Go on" : "Start again";
    if (!race) return;
    while (race.next !== 0) race.step();
    race.measure();
    tell();
    redraw();
    const now = race.looks.map((looks) => looks[looks.length - 1]);
    model.set("steps", race.steps);
    model.set("losses", now.map(({ loss }) => (Number.isFinite(loss) ? loss : null)));
    model.set("accuracies", now.map(({ accuracy }) => accuracy));
    model.save_changes();
  }

  function run() {
    if (!race) return;
    const { looks: [{ length }] } = race, end = performance.now() + SLICE;
    while (race.steps < STEPS && performance.now() < end) race.step();
    if (race.steps >= STEPS) return stop();
    frame = requestAnimationFrame(run);
    if (race.looks[0].length === length) return;
    tell();
    if (!still.matches) redraw(); // who asks for less motion sees the curves when the race stops
  }

  go.addEventListener("click", async () => {
    if (frame) return stop();
    if (race?.steps === STEPS) race = undefined;
    if (!(await begun()) || frame) return;
    result.setAttribute("aria-live", "off"); // said once, when it stops
    go.textContent = "Pause";
    tell();
    redraw();
    frame = requestAnimationFrame(run);
  });
  one.addEventListener("click", async () => {
    if (frame) stop();
    const running = await begun();
    if (!running || running.steps === STEPS) return;
    do running.step(); while (running.next !== 0);
    stop();
  });
  const leave = () => document.hidden && frame && stop();
  document.addEventListener("visibilitychange", leave);

  const taken = () => race?.steps ?? 0;
  const buttons = actions({
    names: NAMES, start, set,
    program: () => program(state(), taken(), address),
    torchProgram: () => torchProgram(state(), taken(), address),
  });
  el.append(element("div", { class: "book-figure", role: "group", "aria-label": "Training race" },
    element("div", { class: "controls" },
      element("div", {}, lanes[0].root, lanes[1].root, element("div", { class: "again" }, go, one)),
      element("div", {}, lanes[2].root, lanes[3].root, element("div", { class: "again" }, newDraw(model, set, SEED), seed)),
      element("div", {}, hidden.root, batch.root),
      buttons),
    result, figure, signs(), note));

  const update = () => {
    const now = state();
    race = undefined; // another setup is another race
    stop();
    lanes.forEach((part) => part.show(now));
    hidden.show(now.hidden);
    batch.show(now.batch);
    seed.textContent = `seed ${now.seed}`;
    note.textContent = caption(now);
    tell();
  };
  const end = follow({ model, names: NAMES, figure, update, draw: (width) => draw(shown(), width) });
  return () => {
    stop();
    document.removeEventListener("visibilitychange", leave);
    end();
  };
}

export default { render };
