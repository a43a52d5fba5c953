// @ts-check
// Numbers as a reader sees them.

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** @param {number} exponent */
export function power(exponent) {
  const digits = String(Math.abs(exponent)).replace(/\d/g, (d) => SUPERSCRIPTS[Number(d)]);
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** Three significant digits, with a power of ten outside 0.001 to 10 000. @param {number} x */
export function format(x) {
  if (x === 0) return "0";
  if (Math.abs(x) >= 1e-3 && Math.abs(x) < 1e4) {
    const digits = x.toPrecision(3);
    return digits.includes("e") ? String(Number(digits)) : digits;
  }
  const [mantissa, exponent] = x.toExponential(2).split("e");
  return `${mantissa} × ${power(Number(exponent))}`;
}

/** @param {number} share */
export function percent(share) {
  const value = 100 * share;
  if (value > 0 && value < 0.1) return "under 0.1%";
  return `${value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)}%`;
}
