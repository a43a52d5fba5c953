// @ts-check
// The widths n_0 … n_L of a stack, from its widest and the shares of a profile.

/**
 * `shares` are those of the bottom, the middle and the top, with straight lines between.
 * @param {number[]} shares
 * @param {number} width
 * @param {number} depth
 */
export function profileOf([bottom, middle, top], width, depth) {
  return Array.from({ length: depth + 1 }, (_, l) => {
    const at = (2 * l) / depth;
    const share = at <= 1 ? bottom + (middle - bottom) * at : middle + (top - middle) * (at - 1);
    return Math.floor(width * share + 0.5);
  });
}
