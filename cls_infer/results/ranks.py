"""Where a truth stands among the draws of its posterior."""

import numpy as np


def ranks(truth: np.ndarray, draws: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return how many of its draws [fit, draw] each truth [fit] exceeds, 0 to the number of draws.

    Draws equal to the truth count as above or below it, any number of them alike: a quantity that takes few values is
    ranked no more regularly than chance. A draw that is not a number, whose solve failed, is above.
    """
    below = np.sum(draws < truth[:, None], axis=1)
    same = np.sum(draws == truth[:, None], axis=1)
    return below + rng.integers(0, same + 1)


def uniform_of(rank: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Return numbers [fit] that are uniform on [0, 1] where ranks [fit] among `draws` are uniform on 0 to `draws`."""
    return (rank + rng.random(rank.shape)) / (draws + 1)
