// @ts-check
// Random numbers that Python can draw again: a number depends on seed, stream and place alone.
// splitmix32 gives whole numbers, and Box and Muller's transform makes them normal, in float64.

const GOLDEN = 0x9e3779b9, STREAM = 2 ** 17; // places in a stream, two for each normal number

/** @param {number} x */
function mix(x) {
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/**
 * The first `count` numbers of a stream, even between 0 and 1 and never 0.
 * @param {number} seed
 * @param {number} stream
 * @param {number} count
 */
export function uniforms(seed, stream, count) {
  const out = new Float64Array(count), start = mix(seed + 1);
  for (let k = 0; k < count; k++) {
    out[k] = (mix((start + Math.imul(GOLDEN, stream * STREAM + k + 1)) | 0) + 0.5) / 2 ** 32;
  }
  return out;
}

/**
 * The first `count` standard normal numbers of a stream, at most 65 536.
 * @param {number} seed
 * @param {number} stream
 * @param {number} count
 */
export function normals(seed, stream, count) {
  const u = uniforms(seed, stream, 2 * count), out = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    out[k] = Math.sqrt(-2 * Math.log(u[2 * k])) * Math.cos(2 * Math.PI * u[2 * k + 1]);
  }
  return out;
}

/** The same in Python, for a program that is copied: it needs `np` and `seed`. */
export const DRAWS_IN_PYTHON = `
def mix(x):
    x = (x ^ x >> 16) * 0x21F0AAAD % 2**32
    x = (x ^ x >> 15) * 0x735A2D97 % 2**32
    return x ^ x >> 15

def uniform(stream, count):
    start = mix(np.array([seed + 1], np.uint64))
    places = np.arange(stream * 2**17 + 1, stream * 2**17 + count + 1, dtype=np.uint64)
    return (mix((start + places * 0x9E3779B9) % 2**32) + 0.5) / 2**32

def normal(stream, *shape):
    u = uniform(stream, 2 * int(np.prod(shape)))
    return (np.sqrt(-2 * np.log(u[::2])) * np.cos(2 * np.pi * u[1::2])).reshape(shape)
`.trim();
