// @ts-check
// What a widget's state may hold stands in one table, NAME.settings.js, for Python and the page.

/**
 * One of several names, or a number from `min` to `max` that is a multiple of `multiple`. An entry
 * with a `key` is kept under it in the page's address.
 * @typedef {{ key?: string, choices: Record<string, unknown> }} Choice
 * @typedef {{ key?: string, min: number, max: number, multiple?: number }} Range
 * @typedef {Choice | Range} Setting
 */

/**
 * What mount-widgets.js asks of a widget that keeps its state in the address.
 * @param {Record<string, Setting>} state
 */
export function addressOf(state) {
  return {
    /** Keys in the address and the state that they hold. @type {Record<string, string>} */
    hashKeys: Object.fromEntries(
      Object.entries(state).flatMap(([name, { key }]) => (key ? [[key, name]] : [])),
    ),
    /** @param {string} name @param {string} text */
    clean: (name, text) => cleaned(state[name], text),
  };
}

/**
 * A usable value for what stands in an address, or undefined.
 * @param {Setting} setting
 * @param {string} text
 */
function cleaned(setting, text) {
  if ("choices" in setting) return Object.hasOwn(setting.choices, text) ? text : undefined;
  const value = Number(text), { min, max, multiple } = setting;
  if (text.trim() === "" || Number.isNaN(value)) return undefined;
  const inside = Math.min(Math.max(value, min), max);
  return multiple ? multiple * Math.round(inside / multiple) : inside;
}
