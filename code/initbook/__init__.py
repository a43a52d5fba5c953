"""How should a neural network start? The library behind the book *The Starting Point*."""

__version__ = "0.1.0"
