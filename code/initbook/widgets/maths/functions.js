// @ts-check
// Every activation of the book as activations.py has it: f, its slope f′, where they bend or jump, and
// both in NumPy, for a program that is copied.

/**
 * `leak` is a where f(z) = z for z > 0 and a·z below; `code` are f and f′, each after `helpers`.
 * @typedef {{ f: (z: number) => number, slope: (z: number) => number, kinks: number[], leak?: number,
 *   code: [f: string, slope: string] }} Activation
 */

const { abs, exp, log1p, max, min, sqrt, tanh, PI } = Math;

/**
 * The standard normal's Φ(x), to 1e-12: its power series around 0, and a continued fraction far out.
 * @param {number} x
 */
export function normalCdf(x) {
  const size = abs(x), density = exp((-x * x) / 2) / sqrt(2 * PI);
  let part = 0; // of what lies between 0 and |x|, or beyond it
  if (size < 4) {
    for (let term = size, k = 1; term > 1e-17 * part; k += 2) {
      part += term;
      term *= (x * x) / (k + 2);
    }
    part *= density;
    return x > 0 ? 0.5 + part : 0.5 - part;
  }
  for (let k = 40; k > 0; k--) part = k / (size + part);
  const beyond = density / (size + part);
  return x > 0 ? 1 - beyond : beyond;
}

const sigmoid = (/** @type {number} */ z) => 1 / (1 + exp(-z));
const softplus = (/** @type {number} */ z) => max(z, 0) + log1p(exp(-abs(z)));
const flank = (/** @type {number} */ z) => 1 - tanh(z) ** 2; // tanh′

/** @param {number} a @returns {Activation} */
const leaky = (a) => ({
  f: (z) => (z > 0 ? z : a * z), slope: (z) => (z > 0 ? 1 : a), kinks: a === 1 ? [] : [0], leak: a,
  code: [`np.where(z > 0, z, ${a} * z)`, `np.where(z > 0, 1.0, ${a})`],
});

/** @param {number} alpha @param {number} scale @returns {Activation} */
const exponential = (alpha, scale) => ({
  f: (z) => scale * (z > 0 ? z : alpha * Math.expm1(z)), slope: (z) => scale * (z > 0 ? 1 : alpha * exp(z)), kinks: [0],
  code: [
    `${scale} * np.where(z > 0, z, ${alpha} * np.expm1(np.minimum(z, 0)))`,
    `${scale} * np.where(z > 0, 1.0, ${alpha} * np.exp(np.minimum(z, 0)))`,
  ],
});

const INNER = sqrt(8 / PI); // of GELU's tanh form: ½ (1 + tanh(x/2)) is the sigmoid of x
const weight = (/** @type {number} */ z) => sigmoid(INNER * z * (1 + 0.044715 * z * z));

/** @type {Record<string, Activation>} */
export const functions = {
  identity: leaky(1),
  relu: leaky(0),
  leaky_relu: leaky(0.01),
  prelu: leaky(0.25),
  tanh: { f: tanh, slope: flank, kinks: [], code: ["np.tanh(z)", "1 - np.tanh(z) ** 2"] },
  hard_tanh: {
    f: (z) => min(max(z, -1), 1), slope: (z) => (abs(z) < 1 ? 1 : 0), kinks: [-1, 1],
    code: ["np.clip(z, -1, 1)", "1.0 * (abs(z) < 1)"],
  },
  sigmoid: {
    f: sigmoid, slope: (z) => sigmoid(z) * sigmoid(-z), kinks: [], code: ["sigmoid(z)", "sigmoid(z) * sigmoid(-z)"],
  },
  softplus: { f: softplus, slope: sigmoid, kinks: [], code: ["np.logaddexp(0, z)", "sigmoid(z)"] },
  softsign: {
    f: (z) => z / (1 + abs(z)), slope: (z) => 1 / (1 + abs(z)) ** 2, kinks: [0],
    code: ["z / (1 + abs(z))", "1 / (1 + abs(z)) ** 2"],
  },
  elu: exponential(1, 1),
  selu: exponential(1.6732632423543772, 1.0507009873554805),
  gelu: {
    f: (z) => z * normalCdf(z), slope: (z) => normalCdf(z) + (z * exp((-z * z) / 2)) / sqrt(2 * PI), kinks: [],
    code: ["z * cdf(z)", "cdf(z) + z * np.exp(-z * z / 2) / np.sqrt(2 * np.pi)"],
  },
  gelu_tanh: {
    f: (z) => z * weight(z),
    slope: (z) => (abs(z) > 40 ? Number(z > 0)
      : weight(z) * (1 + z * (1 - weight(z)) * INNER * (1 + 3 * 0.044715 * z * z))),
    kinks: [],
    code: ["z * weight(z)", "weight(z) * (1 + z * weight(-z) * np.sqrt(8 / np.pi) * (1 + 0.134145 * z * z))"],
  },
  silu: {
    f: (z) => z * sigmoid(z), slope: (z) => sigmoid(z) * (1 + z * sigmoid(-z)), kinks: [],
    code: ["z * sigmoid(z)", "sigmoid(z) * (1 + z * sigmoid(-z))"],
  },
  mish: {
    f: (z) => z * tanh(softplus(z)), slope: (z) => tanh(softplus(z)) + z * flank(softplus(z)) * sigmoid(z), kinks: [],
    code: [
      "z * np.tanh(np.logaddexp(0, z))",
      "np.tanh(np.logaddexp(0, z)) + z * (1 - np.tanh(np.logaddexp(0, z)) ** 2) * sigmoid(z)",
    ],
  },
};

/** What a `code` calls, in Python. @type {[name: string, lines: string[]][]} */
const HELPERS = [
  ["cdf(", ["cdf = np.vectorize(lambda z: math.erfc(-z / math.sqrt(2)) / 2)", ""]],
  ["weight(", ["def weight(z):", "    return sigmoid(np.sqrt(8 / np.pi) * z * (1 + 0.044715 * z * z))", ""]],
  ["sigmoid(", ["def sigmoid(z):", "    return (1 + np.tanh(z / 2)) / 2", ""]],
];

/**
 * f, and its slope where that is asked for, as Python functions of an array, with what they call.
 * @param {string} name @param {boolean} [withSlope]
 */
export function inPython(name, withSlope = true) {
  const [f, slope] = functions[name].code;
  let source = `def f(z):\n    return ${f}\n`;
  if (withSlope) source += `\ndef slope(z):\n    return ${slope}\n`;
  for (const [call, lines] of HELPERS) if (source.includes(call)) source = `${lines.join("\n")}\n${source}`;
  return source;
}
