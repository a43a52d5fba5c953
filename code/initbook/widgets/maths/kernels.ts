// The hot loops of the ten-layer simulation, in AssemblyScript with SIMD.
// `npm run build:engine` compiles this file to engine.wasm; compiled.js loads it,
// and fallback.js does the same in plain JavaScript where WebAssembly or its SIMD is missing.
//
// Memory layout, all float32. `n` and `m` are widths, rounded up to a multiple of 8 where a row is
// stored.
//   activations  [batch / 4][n][4]   four inputs side by side for each unit
//   weights      [m / 8][n][8]       eight units side by side for each incoming connection

type Vector = v128;

const LANES: usize = 16; // bytes in a vector of four floats

@inline function all(x: f32): Vector {
  return f32x4.splat(x);
}

// ---- Standard normal numbers: xoshiro128++ in four lanes, then Box and Muller's transform ----

@inline function rotate(x: Vector, bits: i32): Vector {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

/** MurmurHash3's finalizer: turns consecutive integers into unrelated ones. */
function scramble(x: u32): u32 {
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return x ^ (x >> 16);
}

function startingState(key: u32, word: u32): Vector {
  let state = i32x4.splat(0);
  state = i32x4.replace_lane(state, 0, scramble(key + 4 * word));
  state = i32x4.replace_lane(state, 1, scramble(key + 4 * word + 1));
  state = i32x4.replace_lane(state, 2, scramble(key + 4 * word + 2));
  return i32x4.replace_lane(state, 3, scramble(key + 4 * word + 3));
}

/** ln(u) for u = x / 2^32, by the series of 2 artanh((m - 1) / (m + 1)) with √½ ≤ m < √2. */
@inline function logarithm(x: Vector): Vector {
  const sqrtHalf = 0x3f3504f3; // the bits of √½
  const exponent = i32x4.shr_s(i32x4.sub(x, i32x4.splat(sqrtHalf)), 23);
  const m = i32x4.sub(x, i32x4.shl(exponent, 23));
  const s = f32x4.div(f32x4.sub(m, all(1)), f32x4.add(m, all(1)));
  const s2 = f32x4.mul(s, s);
  let series = f32x4.add(all(2.0 / 7.0), f32x4.mul(s2, all(2.0 / 9.0)));
  series = f32x4.add(all(2.0 / 5.0), f32x4.mul(s2, series));
  series = f32x4.add(all(2.0 / 3.0), f32x4.mul(s2, series));
  series = f32x4.add(all(2), f32x4.mul(s2, series));
  const whole = f32x4.convert_i32x4_s(i32x4.sub(exponent, i32x4.splat(32)));
  return f32x4.add(f32x4.mul(whole, all(0.6931471805599453)), f32x4.mul(s, series));
}

/** Fills `count` floats (rounded up to 8) from `out` on; the same seed and stream give the same. */
export function normals(out: usize, count: usize, seed: u32, stream: u32): void {
  draw(out, count, seed, stream, false);
}

/** The same with numbers that are even between -1 and 1. */
export function uniforms(out: usize, count: usize, seed: u32, stream: u32): void {
  draw(out, count, seed, stream, true);
}

function draw(out: usize, count: usize, seed: u32, stream: u32, even: bool): void {
  const key = scramble(seed) + 0x9e3779b9 * (stream + 1);
  let s0 = startingState(key, 0), s1 = startingState(key, 1);
  let s2 = startingState(key, 2), s3 = startingState(key, 3);
  const end = out + 4 * count;
  while (out < end) {
    let draw = i32x4.splat(0), radius = all(0), first = draw;
    for (let half = 0; half < 2; half++) {
      draw = i32x4.add(rotate(i32x4.add(s0, s3), 7), s0);
      const shifted = i32x4.shl(s1, 9);
      s2 = v128.xor(s2, s0);
      s3 = v128.xor(s3, s1);
      s1 = v128.xor(s1, s2);
      s0 = v128.xor(s0, s3);
      s2 = v128.xor(s2, shifted);
      s3 = rotate(s3, 11);
      if (half == 0) {
        first = draw;
        // `| 1` keeps the logarithm finite
        const u = f32x4.convert_i32x4_u(v128.or(draw, i32x4.splat(1)));
        radius = f32x4.sqrt(f32x4.mul(all(-2), logarithm(u)));
      }
    }
    if (even) {
      v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(first), all(1.0 / 2147483648.0)));
      v128.store(out + LANES, f32x4.mul(f32x4.convert_i32x4_s(draw), all(1.0 / 2147483648.0)));
      out += 2 * LANES;
      continue;
    }
    // An angle between -45 and 45 degrees from the high bits, one of four quarters from the low two.
    const angle = f32x4.mul(f32x4.convert_i32x4_s(draw), all(0.7853981633974483 / 2147483648.0));
    const a2 = f32x4.mul(angle, angle);
    let sine = f32x4.add(all(-1.0 / 5040.0), f32x4.mul(a2, all(1.0 / 362880.0)));
    sine = f32x4.add(all(1.0 / 120.0), f32x4.mul(a2, sine));
    sine = f32x4.add(all(-1.0 / 6.0), f32x4.mul(a2, sine));
    sine = f32x4.mul(angle, f32x4.add(all(1), f32x4.mul(a2, sine)));
    let cosine = f32x4.add(all(-1.0 / 720.0), f32x4.mul(a2, all(1.0 / 40320.0)));
    cosine = f32x4.add(all(1.0 / 24.0), f32x4.mul(a2, cosine));
    cosine = f32x4.add(all(-1.0 / 2.0), f32x4.mul(a2, cosine));
    cosine = f32x4.add(all(1), f32x4.mul(a2, cosine));
    const swap = i32x4.shr_s(i32x4.shl(draw, 31), 31);
    const sign = i32x4.shl(i32x4.shr_u(draw, 1), 31);
    const x = v128.xor(v128.bitselect(sine, cosine, swap), sign);
    const y = v128.xor(v128.bitselect(cosine, sine, swap), sign);
    v128.store(out, f32x4.mul(radius, x));
    v128.store(out + LANES, f32x4.mul(radius, y));
    out += 2 * LANES;
  }
}

// ---- One layer: activation(sigma * inputs @ weights), as a product and what is applied to it ----

const TANH = 0, RELU = 1, SIGMOID = 2; // and 3, the identity: the order in activations.js

/** With pmin and pmax, one instruction each where min and max, which pass NaN on, are many. */
@inline function clamp(x: Vector, limit: f32): Vector {
  return f32x4.pmax(all(-limit), f32x4.pmin(all(limit), x));
}

/** tanh(x) from Lambert's continued fraction N/D at x/2 and tanh(2y) = 2ND / (N² + D²): 1e-7. */
@inline function tanh(x: Vector): Vector {
  const y = f32x4.mul(clamp(x, 9), all(0.5));
  const y2 = f32x4.mul(y, y);
  let top = f32x4.add(all(378), y2);
  top = f32x4.add(all(17325), f32x4.mul(y2, top));
  top = f32x4.mul(y, f32x4.add(all(135135), f32x4.mul(y2, top)));
  let bottom = f32x4.add(all(3150), f32x4.mul(y2, all(28)));
  bottom = f32x4.add(all(62370), f32x4.mul(y2, bottom));
  bottom = f32x4.add(all(135135), f32x4.mul(y2, bottom));
  const product = f32x4.mul(top, bottom);
  const squares = f32x4.add(f32x4.mul(top, top), f32x4.mul(bottom, bottom));
  const t = f32x4.div(f32x4.add(product, product), squares);
  return clamp(t, 1); // rounding may pass 1
}

@inline function activate(x: Vector, activation: i32): Vector {
  if (activation == RELU) return f32x4.pmax(all(0), x);
  if (activation != TANH && activation != SIGMOID) return x;
  const half = activation == SIGMOID ? all(0.5) : all(1);
  const t = tanh(f32x4.mul(x, half)); // sigmoid(x) = ½ + ½ tanh(x / 2)
  return activation == TANH ? t : f32x4.add(half, f32x4.mul(half, t));
}

/** Stores the sums of four inputs (rows) for four units as four units (rows) for four inputs. */
@inline function transpose(out: usize, r0: Vector, r1: Vector, r2: Vector, r3: Vector): void {
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(a, c, 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(a, c, 2, 3, 6, 7), LANES);
  v128.store(out, v128.shuffle<f32>(b, d, 0, 1, 4, 5), 2 * LANES);
  v128.store(out, v128.shuffle<f32>(b, d, 2, 3, 6, 7), 3 * LANES);
}

/** out = inputs @ weights, where `inputs` holds batch × n activations and `out` batch × m. */
export function product(
  inputs: usize, weights: usize, out: usize, batch: usize, n: usize, m: usize,
): void {
  const panels = (m + 7) / 8;
  const block = ((n + 7) / 8) * 8 * LANES; // bytes that hold four inputs
  const end = inputs + (batch / 4) * block;
  for (let panel: usize = 0; panel < panels; panel++) {
    let target = out + panel * 8 * LANES;
    for (let start = inputs; start < end; start += block) {
      // Four inputs by eight units: as many sums as the registers hold.
      let a0 = all(0), a1 = all(0), a2 = all(0), a3 = all(0);
      let b0 = all(0), b1 = all(0), b2 = all(0), b3 = all(0);
      let w = weights + panel * n * 2 * LANES;
      for (let h = start, last = start + n * LANES; h < last; h += LANES, w += 2 * LANES) {
        const left = v128.load(w), right = v128.load(w, LANES);
        const h0 = v128.load32_splat(h), h1 = v128.load32_splat(h, 4);
        const h2 = v128.load32_splat(h, 8), h3 = v128.load32_splat(h, 12);
        a0 = f32x4.add(a0, f32x4.mul(h0, left));
        b0 = f32x4.add(b0, f32x4.mul(h0, right));
        a1 = f32x4.add(a1, f32x4.mul(h1, left));
        b1 = f32x4.add(b1, f32x4.mul(h1, right));
        a2 = f32x4.add(a2, f32x4.mul(h2, left));
        b2 = f32x4.add(b2, f32x4.mul(h2, right));
        a3 = f32x4.add(a3, f32x4.mul(h3, left));
        b3 = f32x4.add(b3, f32x4.mul(h3, right));
      }
      transpose(target, a0, a1, a2, a3);
      transpose(target + 4 * LANES, b0, b1, b2, b3);
      target += panels * 8 * LANES;
    }
  }
}

/** out = activation(sigma * from), `count` floats, a multiple of 4. */
export function apply(from: usize, out: usize, count: usize, sigma: f32, activation: i32): void {
  const scale = all(sigma);
  for (const end = from + 4 * count; from < end; from += LANES, out += LANES) {
    v128.store(out, activate(f32x4.mul(scale, v128.load(from)), activation));
  }
}

// ---- What a layer looks like ----

@inline function sum(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

/** Writes two float64 at `out`: the sum and the sum of squares of h - center. */
export function sums(h: usize, batch: usize, n: usize, center: f32, out: usize): void {
  let total: v128 = f64x2.splat(0), squares: v128 = f64x2.splat(0);
  const block = ((n + 7) / 8) * 8 * LANES;
  for (const end = h + (batch / 4) * block; h < end; h += block) {
    for (let at = h, stop = h + n * LANES; at < stop; at += LANES) {
      const d = f32x4.sub(v128.load(at), all(center));
      const low = f64x2.promote_low_f32x4(d);
      const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(d, d, 2, 3, 2, 3));
      total = f64x2.add(total, f64x2.add(low, high));
      squares = f64x2.add(squares, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
    }
  }
  f64.store(out, sum(total));
  f64.store(out, sum(squares), 8);
}

/**
 * Counts h in `bins` bins up to `high`, which belongs to the last; `negative` of them lie below 0.
 * Four counts, one for each lane, make a bin, so that equal neighbors need not wait for each other.
 * Counts at `out`: below, the bins, above; then how many lie further than `far` from `center`.
 */
export function histogram(
  h: usize, batch: usize, n: usize, high: f32, bins: i32, negative: i32, center: f32, far: f32,
  out: usize,
): void {
  memory.fill(out, 0, LANES * (bins + 3));
  const perUnit = all(f32(bins - negative) / high);
  let beyond = i32x4.splat(0);
  const block = ((n + 7) / 8) * 8 * LANES;
  for (const end = h + (batch / 4) * block; h < end; h += block) {
    for (let at = h, stop = h + n * LANES; at < stop; at += LANES) {
      const x = v128.load(at);
      const distance = f32x4.abs(f32x4.sub(x, all(center)));
      beyond = i32x4.sub(beyond, f32x4.gt(distance, all(far))); // true is -1
      // Rounded down before the shift: adding first would lose the sign of a tiny number.
      let bin = i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.mul(x, perUnit)));
      bin = i32x4.max_s(i32x4.add(bin, i32x4.splat(negative + 1)), i32x4.splat(0));
      const last = i32x4.add(i32x4.splat(bins + 1), f32x4.le(x, all(high)));
      bin = i32x4.min_s(bin, last);
      count(out, i32x4.extract_lane(bin, 0));
      count(out + 4, i32x4.extract_lane(bin, 1));
      count(out + 8, i32x4.extract_lane(bin, 2));
      count(out + 12, i32x4.extract_lane(bin, 3));
    }
  }
  v128.store(out + LANES * (bins + 2), beyond);
}

@inline function count(out: usize, bin: i32): void {
  const at = out + LANES * <usize>bin;
  i32.store(at, i32.load(at) + 1);
}
