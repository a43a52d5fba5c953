// @ts-check
// The stack that is shown as a NumPy program, and what it prints. Loaded when it is asked for.
import { ENGINE_DRAWS_IN_PYTHON } from "./engine-draws.js";
import { EPSILON, createEngine, widthsOf } from "./engine.js";
import { functions, inPython } from "./functions.js";
import { expectation } from "./moments.js";
import { meanField } from "./ten-layers-math.js";

/** @typedef {import("./engine.js").State} State */

export { createEngine as prepare }; // for tests: what `numbers` takes

/** By how much a tiny change of the input grows up to the top, against the signal. @param {State} state */
export function roundingGrows(state) {
  const { f } = functions[state.activation], s2 = state.scale ** 2;
  const slope = (/** @type {number} */ z) => (f(z + 1e-4) - f(z - 1e-4)) / 2e-4;
  let change = 1, before = 1, size = 1;
  for (const { q, std, rms } of meanField(state)) {
    change *= (state.norm === "on" ? s2 / (s2 * before + EPSILON) : s2) * expectation((z) => slope(z) ** 2, q);
    [before, size] = [std * std, rms];
  }
  return size && Math.sqrt(change) / size;
}

/** Beyond this, float32's digits do not reach the top: another order of sums gives other numbers. */
export const CHAOS = 30;

/** The numbers that the program prints. @param {State} state @param {import("./engine.js").Engine} engine */
export function numbers(state, engine) {
  return Object.fromEntries(engine.simulate(state).flatMap(({ std, rms, mean }, l) =>
    [[`std_${l + 1}`, std], [`rms_${l + 1}`, rms], [`mean_${l + 1}`, mean]]));
}

/** What makes an even number between −1 and 1 one of variance 1. @type {Record<string, string>} */
const LAWS = {
  uniform: "return np.sqrt(3) * even",
  truncated_normal: `cut = NormalDist()  # at two of its stds
    quantiles = 0.5 + (cut.cdf(2) - 0.5) * even
    return np.vectorize(cut.inv_cdf)(quantiles) / 0.8796256610342398`,
};

/** Python that prints what `numbers` returns. @param {State} state */
export function program(state) {
  const { activation, scale, depth, law, norm, batch, seed } = state, f = inPython(activation, false);
  const layers = meanField(state), weights = law === "normal" ? "normals" : "evens";
  const chaos = roundingGrows(state) > CHAOS
    ? "# Rounding errors grow from layer to layer: the page computes in float32, this in float64.\n" : "";
  const small = layers[depth - 1].rms < 1e-30 ? "# The page computes in float32, where what is below 1e-38 is 0.\n" : "";
  const evens = law === "normal" ? "" : `

def evens(streams, count):
    words = np.concatenate([w for pair in pairs(streams, count) for w in pair], axis=1)
    even = words[:, :count].view(np.int32) / 2**31
    ${LAWS[law]}

`;
  return `
${f.includes("math.") ? "import math\n" : ""}${law === "truncated_normal" ? "from statistics import NormalDist\n" : ""}
import numpy as np

${chaos}${small}seed, scale, batch = ${seed}, ${scale}, ${batch}
n = np.array([${widthsOf(state).join(", ")}])


${ENGINE_DRAWS_IN_PYTHON}

${evens}
${f}

stride = -(-n // 8) * 8  # the page keeps rows of whole eights
streams = np.arange(len(n), dtype=np.uint32)
x = normals(streams[:1], batch * stride[0])
h = x.reshape(-1, stride[0], 4).swapaxes(1, 2).reshape(batch, -1)[:, : n[0]]
W = ${weights}(streams[1:], int(max(n[:-1] * stride[1:])))
for l, w in enumerate(W):
    fan_in, fan_out = n[l], n[l + 1]
    w = w[: fan_in * stride[l + 1]].reshape(-1, fan_in, 8).swapaxes(0, 1)
    z = h @ w.reshape(fan_in, -1)[:, :fan_out] * (scale / np.sqrt(fan_in))
${norm === "on" ? `    z = (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + ${EPSILON})\n` : ""}    h = f(z)
    print(f"std_{l + 1}", h.std())
    print(f"rms_{l + 1}", np.sqrt(np.mean(h**2)))
    print(f"mean_{l + 1}", h.mean())
`.trimStart();
}
