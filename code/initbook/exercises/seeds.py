"""Whose hidden inputs: a seed from the instructor's secret, the exercise and the student's name."""

import hashlib
import hmac
import json
import unicodedata


def case_seed(secret: bytes, number: str, student: str = "") -> int:
    """The seed of `Exercise.hidden_cases` for one exercise, and one student where a name is given.

    It is the HMAC-SHA256 of number and name under the secret, so that nobody without the secret
    can draw the inputs. A name is the same however its accents are encoded. Raises TypeError for a
    secret that is no bytes, ValueError for an empty one.

    >>> case_seed(b"a secret", "2.1") == case_seed(b"a secret", "2.1")
    True
    >>> case_seed(b"a secret", "2.1", "Ada") == case_seed(b"a secret", "2.1", "Emmy")
    False
    """
    if not isinstance(secret, bytes):
        raise TypeError(f"secret is of type {type(secret).__name__}; allowed are bytes.")
    if not secret:
        raise ValueError("secret is empty; allowed is one byte or more, as a file holds them.")
    message = json.dumps([number, unicodedata.normalize("NFC", student)]).encode()
    return int.from_bytes(hmac.digest(secret, message, hashlib.sha256), "big")
