// @ts-check
// The numbers and names that the ten layers share with ten_layers.py, which reads this file too: so
// what is exported is JSON. settings.js says what an entry of `state` means.
// Of an activation: `range` is its histogram's, in values or, with `inRms`, in multiples of the
// layer's rms; a unit counts as far when |h - f(0)| > `far`.
export default {
  "depth": 10,
  "bins": 30,
  "state": {
    "activation": {
      "key": "act",
      "choices": {
        "tanh": { "label": "tanh", "range": [-1, 1], "far": 0.97 },
        "relu": { "label": "ReLU", "range": [0, 4], "inRms": true, "far": 0 },
        "sigmoid": { "label": "sigmoid", "range": [0, 1], "far": 0.485 },
        "identity": { "label": "identity", "range": [-4, 4], "inRms": true }
      }
    },
    "scale": { "key": "std", "min": 0, "max": 25 },
    "width": { "key": "n", "min": 32, "max": 500, "multiple": 1 },
    "batch": { "min": 4, "max": 200, "multiple": 4 },
    "seed": { "key": "seed", "min": 0, "max": 2147483647, "multiple": 1 }
  }
};
