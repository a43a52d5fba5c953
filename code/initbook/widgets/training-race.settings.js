// @ts-check
// What training-race.js and training_race.py share; settings.js says what an entry of `state` means.
// A start draws weights of the variance numerator / fan, where the fan "one" is 1.
export default {
  "racers": ["a", "b", "c", "d"],
  "steps": 5000,
  "every": 50,
  "finish": 0.8,
  "width": 64,
  "classes": 10,
  "pixels": 196,
  "train": 4000,
  "test": 500,
  "digits": "race-digits.bin",
  "starts": {
    "zeros": { "label": "zeros", "numerator": 0, "fan": "one" },
    "small": { "label": "std 0.01", "numerator": 0.0001, "fan": "one" },
    "lecun": { "label": "1/fan_in", "numerator": 1, "fan": "in" },
    "xavier": { "label": "Xavier", "numerator": 1, "fan": "avg" },
    "he": { "label": "He", "numerator": 2, "fan": "in" },
    "gain": { "label": "sigmoid’s gain", "numerator": 12.8, "fan": "in" },
    "one": { "label": "std 1", "numerator": 1, "fan": "one" }
  },
  "activations": {
    "sigmoid": { "label": "sigmoid", "low": 0, "high": 1 },
    "tanh": { "label": "tanh", "low": -1, "high": 1 },
    "relu": { "label": "ReLU", "low": 0, "high": 4 }
  },
  "state": {
    "rate_a": { "key": "ra", "min": 0.001, "max": 10 },
    "rate_b": { "key": "rb", "min": 0.001, "max": 10 },
    "rate_c": { "key": "rc", "min": 0.001, "max": 10 },
    "rate_d": { "key": "rd", "min": 0.001, "max": 10 },
    "start_a": { "key": "sa", "choices": { "zeros": {}, "small": {}, "lecun": {}, "xavier": {}, "he": {}, "gain": {}, "one": {} } },
    "start_b": { "key": "sb", "choices": { "zeros": {}, "small": {}, "lecun": {}, "xavier": {}, "he": {}, "gain": {}, "one": {} } },
    "start_c": { "key": "sc", "choices": { "zeros": {}, "small": {}, "lecun": {}, "xavier": {}, "he": {}, "gain": {}, "one": {} } },
    "start_d": { "key": "sd", "choices": { "zeros": {}, "small": {}, "lecun": {}, "xavier": {}, "he": {}, "gain": {}, "one": {} } },
    "activation_a": { "key": "fa", "choices": { "sigmoid": {}, "tanh": {}, "relu": {} } },
    "activation_b": { "key": "fb", "choices": { "sigmoid": {}, "tanh": {}, "relu": {} } },
    "activation_c": { "key": "fc", "choices": { "sigmoid": {}, "tanh": {}, "relu": {} } },
    "activation_d": { "key": "fd", "choices": { "sigmoid": {}, "tanh": {}, "relu": {} } },
    "hidden": { "key": "layers", "min": 1, "max": 6, "multiple": 1 },
    "batch": { "key": "batch", "min": 4, "max": 128, "multiple": 4 },
    "seed": { "key": "seed", "min": 0, "max": 2147483647, "multiple": 1 }
  }
};
