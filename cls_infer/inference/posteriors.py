"""Posteriors that have nothing to do with one another, of which the roads that sample them know no more than this."""

import numpy as np

from ..likelihood.posterior import Posterior
from .apart import Apart, are_apart
from .law_posterior import LawPosterior
from .prior_sample import latin_hypercube
from .whole import Whole

PRIOR = 4096
"""Draws of the prior that tell how much of it the healthy ranges leave."""

type Posteriors = Apart | Whole
"""Programs that take points a fixed number of lanes at a time, on as many devices as they keep busy."""

type Sloped = Posteriors | LawPosterior
"""What searches for modes, and chains of lanes abreast, know no more of than slopes and expansions."""


def posteriors_of(target: Posterior) -> Posteriors:
    """Return one posterior of each patient, or the one of patients who share anything."""
    return Apart(target) if are_apart(target) else Whole(target)


def log_prior_mass(posteriors: Posteriors, which: int, rng: np.random.Generator) -> float:
    """Return the logarithm of what the healthy ranges leave of a posterior's prior; an evidence is relative to it."""
    if not posteriors.target.model.healthy_ranges:
        return 0.0
    draws = latin_hypercube(PRIOR, posteriors.dimension, rng)
    return float(np.logaddexp.reduce(posteriors.log_health(draws, np.full(PRIOR, which))) - np.log(PRIOR))
