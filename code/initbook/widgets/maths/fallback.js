// @ts-check
// What kernels.ts does, in plain JavaScript and on the same memory layout (described there).
import { activations, names } from "./activations.js";

/** @typedef {import("./compiled.js").Kernels} Kernels */

/** @param {number} x @param {number} bits */
const rotate = (x, bits) => (x << bits) | (x >>> (32 - bits));

/** @param {number} x */
function scramble(x) {
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

/** xoshiro128++ from four words of state. @param {number[]} state */
function generator([s0, s1, s2, s3]) {
  return () => {
    const draw = (rotate((s0 + s3) | 0, 7) + s0) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotate(s3, 11);
    return draw;
  };
}

/** @returns {Kernels} */
export function fallbackKernels() {
  const memory = {
    buffer: new ArrayBuffer(0),
    /** @param {number} pages */
    grow(pages) {
      const bigger = new Uint8Array(this.buffer.byteLength + 65536 * pages);
      bigger.set(new Uint8Array(this.buffer));
      this.buffer = bigger.buffer;
    },
  };
  /** @param {number} at @param {number} count */
  const floats = (at, count) => new Float32Array(memory.buffer, at, count);
  /** @param {number} n */
  const stride = (n) => 8 * Math.ceil(n / 8);

  /** Four generators, a lane each. @param {number} seed @param {number} stream */
  function generators(seed, stream) {
    const key = scramble(seed) + Math.imul(0x9e3779b9, stream + 1);
    return [0, 1, 2, 3].map((lane) =>
      generator([0, 1, 2, 3].map((word) => scramble((key + 4 * word + lane) | 0))));
  }

  /** @type {Kernels["uniforms"]} */
  function uniforms(out, count, seed, stream) {
    const lanes = generators(seed, stream), to = floats(out, 8 * Math.ceil(count / 8));
    for (let i = 0; i < to.length; i++) to[i] = (lanes[i % 4]() | 0) / 2 ** 31;
  }

  /** @type {Kernels["normals"]} */
  function normals(out, count, seed, stream) {
    const lanes = generators(seed, stream);
    const to = floats(out, 8 * Math.ceil(count / 8));
    for (let i = 0; i < to.length; i += 8) {
      for (let lane = 0; lane < 4; lane++) {
        const radius = Math.sqrt(-2 * Math.log(((lanes[lane]() | 1) >>> 0) / 2 ** 32));
        const draw = lanes[lane]();
        const angle = ((draw | 0) / 2 ** 31) * (Math.PI / 4);
        const signed = draw & 2 ? -radius : radius;
        const [x, y] = [signed * Math.cos(angle), signed * Math.sin(angle)];
        to[i + lane] = draw & 1 ? y : x;
        to[i + lane + 4] = draw & 1 ? x : y;
      }
    }
  }

  /** @type {Kernels["product"]} */
  function product(inputs, weights, out, batch, n, m) {
    const h = floats(inputs, batch * stride(n)), to = floats(out, batch * stride(m));
    const w = floats(weights, n * stride(m));
    for (let b = 0; b < batch / 4; b++) {
      const start = 4 * b * stride(n), target = 4 * b * stride(m);
      for (let unit = 0; unit < m; unit++) {
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        let at = (unit >> 3) * n * 8 + (unit & 7);
        for (let i = start; i < start + 4 * n; i += 4, at += 8) {
          const weight = w[at];
          s0 += h[i] * weight;
          s1 += h[i + 1] * weight;
          s2 += h[i + 2] * weight;
          s3 += h[i + 3] * weight;
        }
        to.set([s0, s1, s2, s3], target + 4 * unit);
      }
    }
  }

  /** @type {Kernels["apply"]} */
  function apply(from, out, count, sigma, activation) {
    const { f } = activations[names[activation]];
    const z = floats(from, count), to = floats(out, count);
    for (let i = 0; i < count; i++) to[i] = f(sigma * z[i]);
  }

  /**
   * Calls `see` with every activation that is not padding.
   * @param {number} at
   * @param {number} batch
   * @param {number} n
   * @param {(x: number) => void} see
   */
  function each(at, batch, n, see) {
    const h = floats(at, batch * stride(n)), block = 4 * stride(n);
    for (let start = 0; start < h.length; start += block) {
      for (let i = start; i < start + 4 * n; i++) see(h[i]);
    }
  }

  /** @type {Kernels["sums"]} */
  function sums(h, batch, n, center, out) {
    let total = 0, squares = 0;
    each(h, batch, n, (x) => {
      total += x - center;
      squares += (x - center) ** 2;
    });
    new Float64Array(memory.buffer, out, 2).set([total, squares]);
  }

  /** @type {Kernels["histogram"]} */
  function histogram(h, batch, n, high, bins, negative, center, far, out) {
    const perUnit = (bins - negative) / high;
    const counts = new Uint32Array(memory.buffer, out, 4 * (bins + 3)).fill(0);
    each(h, batch, n, (x) => {
      const bin = Math.max(Math.floor(x * perUnit) + negative + 1, 0);
      counts[4 * Math.min(bin, x <= high ? bins : bins + 1)]++;
      if (Math.abs(x - center) > far) counts[4 * (bins + 2)]++;
    });
  }

  return { memory, normals, uniforms, product, apply, sums, histogram };
}
