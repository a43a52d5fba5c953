// @ts-check
// What batch-normalization.js and batch_normalization.py share; settings.js says what an entry of
// `state` means. In evaluation mode each layer keeps running averages of `batches` batches, with
// `momentum`; one example is seen in `companies` batches.
export default {
  "depth": 10,
  "width": 48,
  "momentum": 0.1,
  "epsilon": 1e-5,
  "companies": 24,
  "state": {
    "activation": {
      "key": "act",
      "choices": {
        "relu": { "label": "ReLU" },
        "tanh": { "label": "tanh" },
        "sigmoid": { "label": "sigmoid" },
        "identity": { "label": "identity" }
      }
    },
    "scale": { "key": "std", "min": 0, "max": 10 },
    "gamma": { "key": "gamma", "min": 0, "max": 3 },
    "beta": { "key": "beta", "min": -3, "max": 3 },
    "batch": { "key": "batch", "min": 2, "max": 64, "multiple": 1 },
    "mode": {
      "key": "mode",
      "choices": { "training": { "label": "training" }, "evaluation": { "label": "evaluation" } }
    },
    "batches": { "key": "k", "min": 0, "max": 30, "multiple": 1 },
    "seed": { "key": "seed", "min": 0, "max": 2147483647, "multiple": 1 }
  }
};
