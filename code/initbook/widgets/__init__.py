"""Widgets that compute in the page: one Python class and one ES module each."""

from initbook.widgets.gradient_flow import GradientFlow
from initbook.widgets.symmetry import Symmetry
from initbook.widgets.ten_layers import TenLayers

__all__ = ["GradientFlow", "Symmetry", "TenLayers"]
