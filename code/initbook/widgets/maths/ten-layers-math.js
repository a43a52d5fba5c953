// @ts-check
// What mean-field theory expects of a stack.
import { EPSILON } from "./engine.js";
import { moments } from "./moments.js";
import { functions } from "./functions.js";

/**
 * Mean-field theory of each layer, for wide ones: z is normal with q = s² E[h²], or under batch
 * normalization, which takes each unit's mean away, with v / (v + ε) where v = s² Var(h).
 * @param {Pick<import("./engine.js").State, "activation" | "scale" | "depth" | "norm">} state
 */
export function meanField({ activation, scale, depth, norm }) {
  let second = 1, variance = 1;
  return Array.from({ length: depth }, () => {
    const v = scale * scale * variance, q = norm === "on" ? v / (v + EPSILON) : scale * scale * second;
    const layer = moments(functions[activation], q);
    ({ second, variance } = layer);
    return { q, mean: layer.first, std: Math.sqrt(variance), rms: Math.sqrt(second) };
  });
}
