"""Random numbers that belong to a patient: the same whoever else is fitted, in whatever order."""

from hashlib import sha256

import numpy as np


def generator(seed: int, patient: str, purpose: str) -> np.random.Generator:
    """Return the generator of one patient for one purpose."""
    words = sha256(f"{purpose}\0{patient}".encode()).digest()
    return np.random.default_rng([seed, *np.frombuffer(words, np.uint32)])


def number(seed: int, patient: str, purpose: str) -> int:
    """Return the seed, below 2^31, of one patient for one purpose."""
    return int(generator(seed, patient, purpose).integers(2**31))
