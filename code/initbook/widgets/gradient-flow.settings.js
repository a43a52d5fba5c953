// @ts-check
// What gradient-flow.js and gradient_flow.py share; settings.js says what an entry of `state`
// means. Layers of a profile have their width at the bottom, in the middle and at the top as a share.
export default {
  "state": {
    "activation": {
      "key": "act",
      "choices": {
        "tanh": { "label": "tanh" },
        "relu": { "label": "ReLU" },
        "sigmoid": { "label": "sigmoid" },
        "identity": { "label": "identity" }
      }
    },
    "scale": { "key": "std", "min": 0.1, "max": 5 },
    "depth": { "key": "depth", "min": 2, "max": 100, "multiple": 1 },
    "width": { "key": "n", "min": 16, "max": 200, "multiple": 1 },
    "profile": {
      "key": "profile",
      "choices": {
        "constant": { "label": "constant", "shares": [1, 1, 1] },
        "taper": { "label": "taper", "shares": [1, 0.625, 0.25] },
        "bottleneck": { "label": "bottleneck", "shares": [1, 0.25, 1] }
      }
    },
    "batch": { "min": 4, "max": 32, "multiple": 4 },
    "seed": { "key": "seed", "min": 0, "max": 2147483647, "multiple": 1 }
  }
};
