"""What a chart tells of a model's parameters, from its Fisher information, or from the draws of a finished fit."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..inference.information import information, natural, units
from ..likelihood.posterior import Posterior
from ..types import Batch
from .diagnose import entries
from .directions import Quantity, Told, tell

WALL = ("LpS", "alpha_L0", "K_f", "sigma_0", "TER_0", "m_L", "m", "M", "V_p0")
"""Parameters of the wall, of its leak, and the volume behind it."""

SCATTERED = 200
"""Draws of the prior that show which numbers are positive throughout."""


def identify(target: Posterior, z: Batch, *, names: Sequence[str] = (), most: int = 4) -> Told:
    """Return what the measurements of a target tell about its parameters, and what they do not.

    From the Fisher information at one point z [1, dim] or averaged over posterior draws [point, dim], as if all were
    linear about there: `information`. With `names`, of combinations of these parameters alone, whatever the others are.

    Raises:
        InputError: no point can be solved.
    """
    known, (quantities, by_z) = information(target, z), scaled_quantities(target, z)
    chosen = [i for i, one in enumerate(quantities) if not names or one.name.partition("[")[0] in names]
    quantities, along = [quantities[i] for i in chosen], by_z.mean(axis=0)[chosen]
    prior, posterior = (along @ covariance @ along.T for covariance in (known.prior_covariance, known.covariance))
    return tell(quantities, prior, posterior, most=most)


def scaled_quantities(target: Posterior, z: Batch) -> tuple[list[Quantity], np.ndarray]:
    """Return the estimated numbers, and their slopes by z at points z: [point, quantity, dim].

    Of the logarithm, where a number is positive under the whole prior. What is known has no entry; where there is one
    patient alone, a number is called by the parameter's name.
    """
    pooling = target.pooling
    of_unit, alone = units(pooling), len(pooling.patients) == 1
    names = [label.partition("[")[0] if alone else label for label in pooling.labels()]
    scattered = np.random.default_rng(0).standard_normal((SCATTERED, pooling.dimension))

    def value_and_slope(one: jax.Array) -> tuple[jax.Array, jax.Array]:
        return natural(pooling, one), jax.jacfwd(lambda z: natural(pooling, z))(one)

    values = np.asarray(jax.jit(jax.vmap(lambda one: natural(pooling, one)))(scattered))
    value, slope = map(np.asarray, jax.jit(jax.vmap(value_and_slope))(jnp.asarray(z)))
    positive, unknown = np.all(values > 0, axis=0), np.flatnonzero(np.ptp(values, axis=0) > 0)
    relative = slope / np.where(positive, value, 1.0)[..., None]
    return [Quantity(names[i], of_unit[i], bool(positive[i])) for i in unknown], relative[:, unknown]


def wall_and_all(tree: xr.DataTree, patient: str) -> tuple[Told, Told]:
    """Return what was told of a patient's wall, whatever the rest is, and of all of its parameters."""
    return identified(tree, patient=patient, names=WALL), identified(tree, patient=patient)


def identified(tree: xr.DataTree, *, patient: str | None = None, names: Sequence[str] = (), most: int = 4) -> Told:
    """Return what a finished fit's measurements told, from the draws of posterior and prior alone.

    Args:
        tree: as `build_tree` makes it.
        patient: whose parameters to look at, with those that all share; every patient's where none is named.
        names: combinations of these parameters alone, whatever the others are; of all where none is named.
        most: how many combinations of either kind.
    """
    posterior, prior = tree["posterior"].to_dataset(), tree["prior"].to_dataset()
    quantities, columns = [], []
    for label, name, place in entries(posterior):
        if (patient is not None and place.get("patient", patient) != patient) or (names and name not in names):
            continue
        after, before = (group[name].sel(place).values.ravel() for group in (posterior, prior))
        positive = bool(np.all(before > 0) and np.all(after > 0))
        quantities.append(Quantity(label if patient is None else name, posterior[name].attrs["unit"], positive))
        columns.append([np.log(values) if positive else values for values in (before, after)])
    if not quantities:
        return Told((), (), ())
    covariances = (np.atleast_2d(np.cov(group)) for group in zip(*columns, strict=True))
    return tell(quantities, *covariances, most=most)
