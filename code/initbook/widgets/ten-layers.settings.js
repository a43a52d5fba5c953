// @ts-check
// The numbers and names that the ten layers share with ten_layers.py, which reads this file too: so
// what is exported is JSON. settings.js says what an entry of `state` means.
// Of an activation: `range` is its histogram's, in values or, with `inRms`, in multiples of the
// layer's rms; a unit counts as far when |h - f(0)| > `far`. Of a profile: the bottom's, the middle's
// and the top's share of the largest width. `epsilon` is added to the variance that normalizes.
export default {
  "bins": 30,
  "epsilon": 0.00001,
  "state": {
    "activation": {
      "key": "act",
      "choices": {
        "tanh": { "label": "tanh", "range": [-1, 1], "far": 0.97 },
        "relu": { "label": "ReLU", "range": [0, 4], "inRms": true, "far": 0 },
        "sigmoid": { "label": "sigmoid", "range": [0, 1], "far": 0.485 },
        "identity": { "label": "identity", "range": [-4, 4], "inRms": true },
        "leaky_relu": { "label": "leaky ReLU", "range": [-1, 4], "inRms": true },
        "prelu": { "label": "PReLU", "range": [-1, 4], "inRms": true },
        "elu": { "label": "ELU", "range": [-4, 4], "inRms": true },
        "selu": { "label": "SELU", "range": [-4, 4], "inRms": true },
        "gelu": { "label": "GELU", "range": [-4, 4], "inRms": true },
        "gelu_tanh": { "label": "GELU by tanh", "range": [-4, 4], "inRms": true },
        "silu": { "label": "SiLU", "range": [-4, 4], "inRms": true },
        "mish": { "label": "Mish", "range": [-4, 4], "inRms": true },
        "softplus": { "label": "softplus", "range": [0, 4], "inRms": true },
        "softsign": { "label": "softsign", "range": [-1, 1], "far": 0.97 },
        "hard_tanh": { "label": "hard tanh", "range": [-1, 1], "far": 0.97 }
      }
    },
    "scale": { "key": "std", "min": 0, "max": 25 },
    "depth": { "key": "depth", "min": 2, "max": 50, "multiple": 1 },
    "width": { "key": "n", "min": 16, "max": 500, "multiple": 1 },
    "profile": {
      "key": "profile",
      "choices": {
        "constant": { "label": "constant", "shares": [1, 1, 1] },
        "taper": { "label": "taper", "shares": [1, 0.625, 0.25] },
        "bottleneck": { "label": "bottleneck", "shares": [1, 0.25, 1] }
      }
    },
    "law": {
      "key": "law",
      "choices": {
        "normal": { "label": "normal" },
        "uniform": { "label": "uniform" },
        "truncated_normal": { "label": "truncated normal" }
      }
    },
    "norm": {
      "key": "bn",
      "choices": { "off": { "label": "off" }, "on": { "label": "on" } }
    },
    "batch": { "key": "batch", "min": 4, "max": 200, "multiple": 4 },
    "seed": { "key": "seed", "min": 0, "max": 2147483647, "multiple": 1 }
  }
};
