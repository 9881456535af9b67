"""The log density every road should have, solved to 1e-10, and how far a road's own is from it."""

from collections.abc import Callable
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.inference.run import of_patients
from cls_infer.likelihood.posterior import Posterior
from cls_infer.solve.lanes import Tolerance

POINTS = 20


def error_in_nats(target: Posterior, log_density: Callable[[np.ndarray], float]) -> float:
    """Return the largest error of a road's log density of the first patient, a constant apart, over 20 prior points.

    `log_density` is of the coordinates z [dim], the standard normal prior included.
    """
    one = replace(of_patients(target, [0]), tolerance=Tolerance(rtol=1e-10))
    exact = jax.jit(lambda z: one.log_factor(z) - 0.5 * jnp.sum(z**2))
    points = 0.7 * np.random.default_rng(3).standard_normal((POINTS, one.pooling.dimension))
    away = np.array([float(log_density(z)) - float(exact(jnp.asarray(z))) for z in points])
    return float(np.max(np.abs(away - np.median(away))))
