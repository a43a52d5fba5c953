// @ts-check
// What gain-finder.js and gain_finder.py share; settings.js says what an entry of `state` means, and
// functions.js what the names stand for.
export default {
  "state": {
    "activation": {
      "key": "act",
      "choices": {
        "identity": { "label": "identity" },
        "relu": { "label": "ReLU" },
        "leaky_relu": { "label": "leaky ReLU" },
        "prelu": { "label": "PReLU" },
        "tanh": { "label": "tanh" },
        "hard_tanh": { "label": "hard tanh" },
        "sigmoid": { "label": "sigmoid" },
        "softplus": { "label": "softplus" },
        "softsign": { "label": "softsign" },
        "elu": { "label": "ELU" },
        "selu": { "label": "SELU" },
        "gelu": { "label": "GELU" },
        "gelu_tanh": { "label": "GELU, by tanh" },
        "silu": { "label": "SiLU" },
        "mish": { "label": "Mish" }
      }
    },
    "std": { "key": "std", "min": 0.1, "max": 5 },
    "gain": { "key": "gain", "min": 0.1, "max": 12 },
    "bias": { "key": "bias", "min": 0, "max": 4 },
    "correlation": { "key": "c", "min": -1, "max": 1 }
  }
};
