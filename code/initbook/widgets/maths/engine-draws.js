// @ts-check
// The engine's random numbers (kernels.ts) in Python, for programs that are copied.

/** `normals(streams, count)` has a row for each stream; it needs `np` and `seed`. */
export const ENGINE_DRAWS_IN_PYTHON = `
def rotate(a, bits):
    return a << bits | a >> 32 - bits


def scramble(a):
    a = (a ^ a >> 16) * 0x85EBCA6B
    a = (a ^ a >> 13) * 0xC2B2AE35
    return a ^ a >> 16


def pairs(streams, count):
    """Pairs of random words: the page's own generator, xoshiro128++ in four lanes."""
    key = scramble(np.array([seed], np.uint32)) + (streams + 1) * 0x9E3779B9
    lanes = np.arange(16, dtype=np.uint32).reshape(4, 1, 4)
    a, b, c, d = scramble(key[:, None] + lanes)
    for _ in range(0, count, 8):
        pair = []
        for _ in range(2):
            pair.append(rotate(a + d, 7) + a)
            shifted = b << 9
            c, d = c ^ a, d ^ b
            b, a = b ^ c, a ^ d
            c, d = c ^ shifted, rotate(d, 11)
        yield pair


def normals(streams, count):
    """Box and Muller's transform of them."""
    out = []
    for one, two in pairs(streams, count):
        radius = np.sqrt(-2 * np.log((one | 1) / 2**32))
        angle = two.view(np.int32) / 2**31 * np.pi / 4
        radius = np.where(two & 2, -radius, radius)
        both = radius * np.cos(angle), radius * np.sin(angle)
        swap = two & 1
        out += [np.where(swap, *both[::-1]), np.where(swap, *both)]
    return np.concatenate(out, axis=1)[:, :count]
`.trim();
