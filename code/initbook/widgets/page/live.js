// @ts-check
// What every widget does with its model: follow it, once a frame, for as long as it is shown.

/**
 * What a widget may ask of its model, in Jupyter and on a page without a kernel.
 * @template {Record<string, any>} State
 * @typedef {Pick<import("@anywidget/types").AnyModel<State>,
 *   "get" | "set" | "on" | "off" | "save_changes">} Model
 */

/**
 * Sets a value as the reader does: Python, if there is one, hears of it.
 * @template {Record<string, any>} State
 * @param {Model<State>} model
 * @returns {<K extends keyof State>(name: K, value: State[K]) => void}
 */
export function setter(model) {
  return (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
}

/**
 * The values of some names.
 * @template {Record<string, any>} State
 * @template {keyof State} Name
 * @param {Model<State>} model
 * @param {readonly Name[]} names
 * @returns {Pick<State, Name>}
 */
export function read(model, names) {
  return /** @type {any} */ (Object.fromEntries(names.map((name) => [name, model.get(name)])));
}

const REST = 150; // ms without a change

/**
 * Calls `update` now and in the frame after a change of one of the `names`, and `draw` after it and
 * whenever the figure's width changes. `update` may take a shortcut where it is not told to be
 * `thorough`; then it returns true, and is called again when changes rest. Returns what ends it.
 * @template {Record<string, any>} State
 * @param {{ model: Model<State>, names: readonly (keyof State & string)[], figure: Element,
 *   update: (thorough: boolean) => boolean | void, draw: (width: number) => void }} what
 */
export function follow({ model, names, figure, update, draw }) {
  let width = figure.clientWidth, pending = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let resting;
  const redraw = () => {
    if (width) draw(width); // 0: not yet in the page
  };
  const now = (thorough = true) => {
    pending = 0;
    clearTimeout(resting);
    if (update(thorough)) resting = setTimeout(now, REST);
    redraw();
  };
  const soon = () => {
    pending ||= requestAnimationFrame(() => now(false));
  };
  const resized = new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    redraw();
  });
  now();
  for (const name of names) model.on(`change:${name}`, soon);
  resized.observe(figure);
  return () => {
    cancelAnimationFrame(pending);
    clearTimeout(resting);
    resized.disconnect();
    for (const name of names) model.off(`change:${name}`, soon);
  };
}
