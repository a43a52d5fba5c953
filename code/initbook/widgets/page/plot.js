// @ts-check
// Pieces of a figure in SVG markup that the widgets share. Styles are in widgets.css.

export const px = (/** @type {number} */ x) => x.toFixed(1);

/** The text with a true minus sign. @param {string | number} number */
export const minus = (number) => String(number).replaceAll("-", "−");

/**
 * @param {number} x
 * @param {number} y
 * @param {string | number} content
 * @param {"start" | "middle" | "end"} anchor
 */
export function text(x, y, content, anchor, name = "tick") {
  const place = `x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"`;
  return `<text class="${name}" ${place}>${content}</text>`;
}

/** A line through points. @param {string} name @param {number[][]} points */
export function line(name, points) {
  if (points.length < 2) return "";
  return `<path class="${name}" d="M${points.map(([x, y]) => `${px(x)} ${px(y)}`).join("L")}"/>`;
}

/** @param {string} name @param {number} x @param {number} y @param {number} r */
export function circle(name, x, y, r) {
  return `<circle class="${name}" cx="${px(x)}" cy="${px(y)}" r="${r}"/>`;
}

/**
 * Round numbers from `low` to `high`, about `count` of them: steps of 1, 2 or 5.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 */
export function ticks(low, high, count) {
  const rough = (high - low) / count, decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5].find((s) => s * decade >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/**
 * Exponents of the powers of ten from `low` to `high`, at most `most` of them.
 * @param {number} low
 * @param {number} high
 * @param {number} most
 */
export function decades(low, high, most) {
  const first = Math.ceil(Math.log10(low) - 1e-9), last = Math.floor(Math.log10(high) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first) / most)), found = [];
  for (let exponent = first; exponent <= last; exponent += every) found.push(exponent);
  return found;
}
