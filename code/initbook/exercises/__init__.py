"""Exercises: `check("2.1", my_function)` runs an exercise's public part, anywhere the book runs."""

from initbook.exercises.exercise import Case, Exercise, check, get_exercise
from initbook.exercises.own_file import load_case, own_case, save_case
from initbook.exercises.prediction import open_prediction, register
from initbook.exercises.seeds import case_seed

__all__ = [
    "Case",
    "Exercise",
    "case_seed",
    "check",
    "get_exercise",
    "load_case",
    "open_prediction",
    "own_case",
    "register",
    "save_case",
]
