"""Widgets that compute in the page: one Python class and one ES module each."""

from initbook.widgets.batch_normalization import BatchNormalization
from initbook.widgets.descent import Descent
from initbook.widgets.gain_finder import GainFinder
from initbook.widgets.gradient_flow import GradientFlow
from initbook.widgets.symmetry import Symmetry
from initbook.widgets.ten_layers import TenLayers
from initbook.widgets.training_race import TrainingRace
from initbook.widgets.variance_of_a_sum import VarianceOfASum

__all__ = [
    "BatchNormalization", "Descent", "GainFinder", "GradientFlow", "Symmetry", "TenLayers",
    "TrainingRace", "VarianceOfASum",
]  # fmt: skip
