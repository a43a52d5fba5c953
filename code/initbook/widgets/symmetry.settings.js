// @ts-check
// What symmetry.js and symmetry.py share; settings.js says what an entry of `state` means.
export default {
  "units": 8,
  "points": 41,
  "steps": 2000,
  "rate": 0.1,
  "adamRate": 0.01,
  "nudge": 1e-6,
  "keep": 0.8,
  "state": {
    "step": { "key": "step", "min": 0, "max": 2000, "multiple": 1 },
    "start": {
      "key": "start",
      "choices": {
        "zeros": { "label": "zeros" },
        "constant": { "label": "a constant" },
        "random": { "label": "random" }
      }
    },
    "nudge": { "key": "nudge", "choices": { "off": {}, "on": {} } },
    "biases": { "key": "biases", "choices": { "off": {}, "on": {} } },
    "dropout": { "key": "dropout", "choices": { "off": {}, "on": {} } },
    "adam": { "key": "adam", "choices": { "off": {}, "on": {} } },
    "seed": { "key": "seed", "min": 0, "max": 2147483647, "multiple": 1 }
  }
};
