"""What the first articles' script does, for `simulation.py` to be measured against.

The ten-layer script of the book's predecessors (the unsigned article on ten layers of tanh and
ReLU that chapter 2 cites) was one flat file, edited and run again for every initialization. Here it
is a function of what was edited, in the same steps, types and library calls: float64,
`np.random.randn`, a dictionary of layers, means and stds, and histograms.
"""

import math

import numpy as np

ACT = {"relu": lambda x: np.maximum(0, x), "tanh": lambda x: np.tanh(x)}
LAYERS = 10
EDITED = {  # the line that was edited: the weights' std, from the number of inputs
    "tanh, 0.02": ("tanh", lambda n: 0.02),
    "tanh, 1": ("tanh", lambda n: 1),
    "tanh, 1/√n": ("tanh", lambda n: 1 / math.sqrt(n)),
    "ReLU, 1/√n": ("relu", lambda n: 1 / math.sqrt(n)),
    "ReLU, √(2/n)": ("relu", lambda n: math.sqrt(2 / n)),
}


def run(nonlinearity, std):
    """Layers, means and stds, printed as the script prints them."""
    D = np.random.randn(1000, 500)
    hidden_layer_sizes = [500] * LAYERS
    Hs = {}
    for i in range(len(hidden_layer_sizes)):
        X = D if i == 0 else Hs[i - 1]
        fan_in = X.shape[1]
        fan_out = hidden_layer_sizes[i]
        W = np.random.randn(fan_in, fan_out) * std(fan_in)
        H = np.dot(X, W)
        H = ACT[nonlinearity](H)
        Hs[i] = H
    print(f"input layer had mean {np.mean(D):f} and std {np.std(D):f}")
    layer_means = [np.mean(H) for i, H in Hs.items()]
    layer_stds = [np.std(H) for i, H in Hs.items()]
    for i in Hs:
        print(f"hidden layer {i + 1} had mean {layer_means[i]:f} and std {layer_stds[i]:f}")
    return Hs, layer_means, layer_stds


def counts(Hs):
    """The numbers behind the ten histograms, by the call that `plt.hist` makes."""
    return [np.histogram(H.ravel(), 30, range=(-1, 1))[0] for i, H in Hs.items()]
