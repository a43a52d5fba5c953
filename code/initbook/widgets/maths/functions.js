// @ts-check
// Every activation of the book as activations.py has it: f, its slope f′, where they bend or jump, and
// both in NumPy, for a program that is copied.

/**
 * `leak` is a where f(z) = z for z > 0 and a·z below; `code` are f and f′, each after `helpers`.
 * @typedef {{ f: (z: number) => number, slope: (z: number) => number, kinks: number[], leak?: number,
 *   code: [f: string, slope: string] }} Activation
 */

const { abs, exp, log1p, max, min, sqrt, tanh, PI, SQRT2 } = Math;

/** The normal distribution's Φ, to 1e-7 of its value (Press et al., Numerical Recipes, 6.2). @param {number} z */
export function cdf(z) {
  const x = abs(z) / SQRT2, t = 2 / (2 + x);
  const tail = (t / 2) * exp(-x * x - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418
    + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587
    + t * (-0.82215223 + t * 0.17087277)))))))));
  return z > 0 ? 1 - tail : tail;
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
    f: (z) => z * cdf(z), slope: (z) => cdf(z) + (z * exp((-z * z) / 2)) / sqrt(2 * PI), kinks: [],
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

/** f and its slope as Python functions of an array, with what they call. @param {string} name */
export function inPython(name) {
  const [f, slope] = functions[name].code;
  let source = `def f(z):\n    return ${f}\n\ndef slope(z):\n    return ${slope}\n`;
  for (const [call, lines] of HELPERS) if (source.includes(call)) source = `${lines.join("\n")}\n${source}`;
  return source;
}
