// @ts-check
// Matrix products in float64: compiled from products.ts, or the same in plain JavaScript.

/**
 * A product as products.ts describes it; places are byte offsets in `memory`.
 * @typedef {(a: number, b: number, out: number, m: number, k: number, n: number, down: number, along: number) => void} Product
 * @typedef {{ memory: { buffer: ArrayBuffer, grow(pages: number): unknown }, product: Product }} Products
 */

/** @param {BufferSource} [bytes] of products.wasm @returns {Promise<{ kernels: Products, name: "wasm" | "javascript" }>} */
export async function loadProducts(bytes) {
  try {
    bytes ??= await (await fetch(new URL("./products.wasm", import.meta.url))).arrayBuffer();
    const { instance } = await WebAssembly.instantiate(bytes);
    return { kernels: /** @type {any} */ (instance.exports), name: "wasm" };
  } catch {
    return { kernels: plainProducts(), name: "javascript" };
  }
}

/** @returns {Products} */
function plainProducts() {
  const memory = {
    buffer: new ArrayBuffer(0),
    /** @param {number} pages */
    grow(pages) {
      const bigger = new Uint8Array(this.buffer.byteLength + 65536 * pages);
      bigger.set(new Uint8Array(this.buffer));
      this.buffer = bigger.buffer;
    },
  };
  /** @type {Product} */
  function product(a, b, out, m, k, n, down, along) {
    const numbers = new Float64Array(memory.buffer);
    a /= 8, b /= 8, out /= 8;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j += 4) { // four sums at a time
        let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
        for (let p = 0, at = a + i * down, from = b + j; p < k; p++, at += along, from += n) {
          const x = numbers[at];
          s0 += x * numbers[from];
          s1 += x * numbers[from + 1];
          s2 += x * numbers[from + 2];
          s3 += x * numbers[from + 3];
        }
        const to = out + i * n + j;
        numbers[to] = s0;
        numbers[to + 1] = s1;
        numbers[to + 2] = s2;
        numbers[to + 3] = s3;
      }
    }
  }
  return { memory, product };
}
