// @ts-check
// The hot loops: compiled from kernels.ts, or in plain JavaScript where WebAssembly's SIMD is missing.

/**
 * What kernels.ts exports, and fallback.js in its place. Buffers are byte offsets in `memory`.
 * @typedef {object} Kernels
 * @property {{ buffer: ArrayBuffer, grow(pages: number): unknown }} memory
 * @property {(out: number, count: number, seed: number, stream: number) => void} normals
 * @property {(out: number, count: number, seed: number, stream: number) => void} uniforms
 * @property {(inputs: number, weights: number, out: number, batch: number, n: number, m: number) => void} product
 * @property {(from: number, out: number, count: number, sigma: number, activation: number) => void} apply
 * @property {(h: number, batch: number, n: number, center: number, out: number) => void} sums
 * @property {(h: number, batch: number, n: number, high: number, bins: number, negative: number,
 *   center: number, far: number, out: number) => void} histogram
 */

const PAGE = 65536;

/**
 * The kernels, and which of the two they are.
 * @param {BufferSource} [bytes] of engine.wasm
 * @returns {Promise<{ kernels: Kernels, name: "wasm" | "javascript" }>}
 */
export async function loadKernels(bytes) {
  try {
    bytes ??= await (await fetch(new URL("./engine.wasm", import.meta.url))).arrayBuffer();
    const { instance } = await WebAssembly.instantiate(bytes);
    return { kernels: /** @type {any} */ (instance.exports), name: "wasm" };
  } catch {
    const { fallbackKernels } = await import("./fallback.js"); // few readers need it
    return { kernels: fallbackKernels(), name: "javascript" };
  }
}

/** Makes the memory at least `bytes` long. @param {Kernels} kernels @param {number} bytes */
export function reserve({ memory }, bytes) {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}
