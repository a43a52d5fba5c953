// @ts-check
// What variance-of-a-sum.js and variance_of_a_sum.py share; settings.js says what an entry of
// `state` means, and sum-math.js what the names stand for.
export default {
  "draws": 2000,
  "bins": 40,
  "state": {
    "n": { "key": "n", "min": 1, "max": 256, "multiple": 1 },
    "var_w": { "key": "vw", "min": 0, "max": 4 },
    "mean_w": { "key": "mw", "min": -1, "max": 1 },
    "var_x": { "key": "vx", "min": 0, "max": 4 },
    "mean_x": { "key": "mx", "min": -3, "max": 3 },
    "correlation": { "key": "rho", "min": 0, "max": 1 },
    "law": {
      "key": "law",
      "choices": {
        "normal": { "label": "normal" },
        "coin": { "label": "coin ±σ" },
        "heavy": { "label": "heavy tails" }
      }
    },
    "held": {
      "key": "held",
      "choices": {
        "nothing": { "label": "nothing" },
        "inputs": { "label": "inputs" },
        "weights": { "label": "weights" }
      }
    },
    "unit": { "key": "unit", "min": 0, "max": 1999, "multiple": 1 },
    "seed": { "key": "seed", "min": 0, "max": 2147483647, "multiple": 1 }
  }
};
