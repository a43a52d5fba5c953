// The activations that the widgets know, in the order that engine.ts numbers them.
//   f       the function
//   rest    f(0), what a unit says when nothing comes in
//   far     |h - rest| beyond which a unit counts; `share` and `note` say what those units are
//   range   of the histogram: values, or multiples of the layer's rms where `inRms` is set

export const activations = {
  tanh: {
    label: "tanh", f: Math.tanh, rest: 0, far: 0.97, range: [-1, 1],
    share: (far) => [far, "saturated"], note: "Saturated: |h| > 0.97.",
  },
  relu: {
    label: "ReLU", f: (x) => Math.max(x, 0), rest: 0, far: 0, range: [0, 4], inRms: true,
    share: (far) => [1 - far, "exactly 0"], note: "Exact zeros are not drawn.",
  },
  sigmoid: {
    label: "sigmoid", f: (x) => 1 / (1 + Math.exp(-x)), rest: 0.5, far: 0.485, range: [0, 1],
    share: (far) => [far, "saturated"], note: "Saturated: h < 0.015 or h > 0.985.",
  },
  identity: {
    label: "identity", f: (x) => x, rest: 0, far: Infinity, range: [-4, 4], inRms: true,
  },
};

export const names = Object.keys(activations);
