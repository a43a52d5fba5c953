// @ts-check
// Averages over a standard normal number, as gaussian.py takes them where a function has kinks: by
// Gauss and Legendre's rule on panels that end at every kink and widen away from 0.

const REACH = 8.5; // the Gaussian beyond weighs 2e-17
const EDGES = [-REACH, -4, -2, -1, 0, 1, 2, 4, REACH];

/** Nodes and weights of the rule with n nodes on (−1, 1), by Newton's method. @param {number} n */
function legendre(n) {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5)), slope = 1;
    for (let round = 0; round < 8; round++) {
      let before = 1, value = x;
      for (let k = 2; k <= n; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
      slope = (n * (x * value - before)) / (x * x - 1);
      x -= value / slope;
    }
    return [x, 2 / ((1 - x * x) * slope * slope)];
  });
}

const RULE = legendre(16);

/**
 * Nodes z and weights for averages of a function of √q z that turns within about 1 of 0 and bends at
 * the `kinks`; no panel is wider than `widest`.
 * @param {number} root √q
 * @param {number[]} kinks
 */
export function nodes(root, kinks = [], widest = Infinity) {
  const own = [];
  for (let edge = 0.5; edge < REACH * root; edge *= 2) own.push(-edge / root, edge / root);
  const edges = [...EDGES, ...own, ...(root ? kinks.map((kink) => kink / root) : [])].filter((edge) => Math.abs(edge) <= REACH);
  edges.sort((a, b) => a - b);
  /** @type {number[]} */
  const z = [], weights = [];
  for (let k = 1; k < edges.length; k++) {
    const parts = Math.ceil((edges[k] - edges[k - 1]) / widest) || 1;
    const half = (edges[k] - edges[k - 1]) / parts / 2;
    if (half < 1e-12) continue;
    for (let part = 0; part < parts; part++) {
      const middle = edges[k - 1] + half * (2 * part + 1);
      for (const [x, weight] of RULE) {
        const at = middle + half * x;
        z.push(at);
        weights.push((half * weight * Math.exp((-at * at) / 2)) / Math.sqrt(2 * Math.PI));
      }
    }
  }
  return { z, weights };
}

/**
 * E[g(√q z)] for a standard normal z.
 * @param {(x: number) => number} g
 * @param {number} q
 * @param {number[]} kinks of g
 */
export function expectation(g, q, kinks = []) {
  const root = Math.sqrt(q), { z, weights } = nodes(root, kinks);
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += weights[i] * g(root * z[i]);
  return sum;
}
