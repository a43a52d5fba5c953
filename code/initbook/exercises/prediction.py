"""Predictions that are registered before the data are shown: a hash first, the prediction later."""

import hashlib
import hmac
import json
from typing import Any


def register(prediction: Any, salt: str) -> None:
    """Print the SHA-256 that fixes your prediction, to hand in before you look.

    A prediction is a number, a text, or a list or dict of these. The salt is a few words that
    nobody guesses: without it, everyone could try the likely predictions. Keep both; a prediction
    that is written otherwise (3 for 3.0) has another hash. Raises TypeError for any other kind of
    prediction, ValueError for a salt of less than eight characters.

    >>> register({"median": 350, "interval": [200, 600]}, salt="owls at noon")
    d3a54a1251636df472dd27682f57c1f4c26caf29a13255c54f6a5572e525d3e6
    """
    print(_digest(prediction, salt))


def open_prediction(prediction: Any, salt: str, registered: str) -> bool:
    """Whether this is the prediction that was registered under this hash.

    >>> said = {"median": 350, "interval": [200, 600]}
    >>> registered = "d3a54a1251636df472dd27682f57c1f4c26caf29a13255c54f6a5572e525d3e6"
    >>> open_prediction(said, "owls at noon", registered)
    True
    >>> open_prediction({**said, "median": 351}, "owls at noon", registered)
    False
    """
    return hmac.compare_digest(_digest(prediction, salt), registered.strip().lower())


def _digest(prediction: Any, salt: str) -> str:
    """The SHA-256 of salt and prediction as JSON, in 64 hexadecimal digits."""
    if len(salt) < 8:
        raise ValueError(f"salt is {salt!r}; allowed are eight characters or more.")
    try:
        text = json.dumps([salt, prediction], sort_keys=True, allow_nan=False)
    except (TypeError, ValueError):
        kind = type(prediction).__name__
        raise TypeError(
            f"prediction is a {kind} that cannot be written as text; allowed are numbers, texts, "
            "and lists and dicts of these (of an array, its .tolist())."
        ) from None
    return hashlib.sha256(text.encode()).hexdigest()
