// A matrix product in float64, in AssemblyScript with SIMD: of the training race and gradient flow.
// `npm run build:products` compiles this file to products.wasm; doubles.js loads it, and
// does the same in plain JavaScript where WebAssembly or its SIMD is missing.

/**
 * out = a @ b for row-major `b` (k × n) and `out` (m × n). The entry (i, p) of `a` lies at
 * i · down + p · along, so that a transposed matrix need not be copied. All counts are in numbers;
 * m and n are multiples of 4.
 */
export function product(
  a: usize, b: usize, out: usize, m: usize, k: usize, n: usize, down: usize, along: usize,
): void {
  const row: usize = 8 * n, lower: usize = 8 * down, next: usize = 8 * along;
  for (let i: usize = 0; i < m; i += 4, a += 4 * lower, out += 4 * row) {
    for (let j: usize = 0; j < row; j += 32) {
      // Four rows by four columns: as many sums as the registers hold.
      let a0 = f64x2.splat(0), a1 = f64x2.splat(0), a2 = f64x2.splat(0), a3 = f64x2.splat(0);
      let b0 = f64x2.splat(0), b1 = f64x2.splat(0), b2 = f64x2.splat(0), b3 = f64x2.splat(0);
      let at = a;
      for (let from = b + j, end = from + k * row; from < end; from += row, at += next) {
        const left = v128.load(from), right = v128.load(from, 16);
        const x0 = v128.load64_splat(at), x1 = v128.load64_splat(at + lower);
        const x2 = v128.load64_splat(at + 2 * lower), x3 = v128.load64_splat(at + 3 * lower);
        a0 = f64x2.add(a0, f64x2.mul(x0, left));
        b0 = f64x2.add(b0, f64x2.mul(x0, right));
        a1 = f64x2.add(a1, f64x2.mul(x1, left));
        b1 = f64x2.add(b1, f64x2.mul(x1, right));
        a2 = f64x2.add(a2, f64x2.mul(x2, left));
        b2 = f64x2.add(b2, f64x2.mul(x2, right));
        a3 = f64x2.add(a3, f64x2.mul(x3, left));
        b3 = f64x2.add(b3, f64x2.mul(x3, right));
      }
      let to = out + j;
      v128.store(to, a0);
      v128.store(to, b0, 16);
      v128.store(to += row, a1);
      v128.store(to, b1, 16);
      v128.store(to += row, a2);
      v128.store(to, b2, 16);
      v128.store(to += row, a3);
      v128.store(to, b3, 16);
    }
  }
}
