// @ts-check
// What descent.js and descent.py share; settings.js says what an entry of `state` means, and
// descent-math.js what the names stand for.
export default {
  "steps": 40,
  "beyond": 1e12,
  "state": {
    "curve": {
      "key": "f",
      "choices": {
        "quartic": { "label": "x⁴" },
        "bowl": { "label": "x²" },
        "valleys": { "label": "(x² − 4)²" }
      }
    },
    "start": { "key": "x", "min": -10, "max": 10 },
    "rate": { "key": "rate", "min": 0.0001, "max": 2 },
    "clipping": { "key": "clip", "choices": { "off": { "label": "off" }, "on": { "label": "at c" } } },
    "limit": { "key": "c", "min": 0.1, "max": 1000 },
    "decay": {
      "key": "decay",
      "choices": {
        "none": { "label": "none" },
        "harmonic": { "label": "η/t" },
        "exponential": { "label": "0.9ᵗ⁻¹ η" }
      }
    }
  }
};
