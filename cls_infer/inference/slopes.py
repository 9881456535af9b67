"""What a target would predict anywhere along its patients' courses, and how that moves with the coordinates z."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..likelihood.noise import SHAPES, Scatter, curvature, information_about_scale
from ..likelihood.posterior import Posterior
from ..solve.lattice import lattice, quantities_at
from ..solve.predict import along_route
from ..solve.states import forward_solver
from ..types import Batch


class Slopes(NamedTuple):
    """Every observable, then every derived quantity, of every patient at some times, from several points z.

    `value` [point, patient, time, quantity]; `by_slot` [point, patient, time, quantity, slot] its derivatives with
    respect to the patient's coordinates, and `to_slots` [point, patient, slot, dim] theirs with respect to z;
    `status` [point, patient] is the solver's. A volume collected over windows runs on from the start.
    """

    value: np.ndarray
    by_slot: np.ndarray
    to_slots: np.ndarray
    status: np.ndarray

    def of_patient(self, patient: int) -> np.ndarray:
        """Return one patient's Jacobian [point, time, quantity, dim] with respect to z."""
        return np.einsum("ptqs,psd->ptqd", self.by_slot[:, patient], self.to_slots[:, patient])


def slopes(target: Posterior, z: Batch, times: Sequence[np.ndarray] | np.ndarray) -> Slopes:
    """Return values and slopes at points z [point, dim], every patient at as many times [patient, time]."""
    route, place = lattice(target.model, target.cohort.patients, times, slots=target.plan.slots)
    points, patients = len(z), len(place)
    system, pooling = target.system, target.pooling
    solve = forward_solver(system.rhs, system.floor, target.tolerance)
    patient = jnp.tile(jnp.arange(patients), points)
    ways, places = jax.tree.map(lambda a: jnp.asarray(a)[patient], (route, place))

    def table(coordinates: jax.Array) -> tuple[jax.Array, jax.Array]:
        values, amounts = jax.vmap(pooling.values)(coordinates)
        values, amounts = jax.tree.map(lambda a: a.reshape(points * patients, *a.shape[2:]), (values, amounts))
        along = along_route(system, solve, values, amounts, ways, over_lanes=jax.vmap)
        found = quantities_at(system, along, places)
        return found.reshape(points, patients, *found.shape[1:]), along.status.reshape(points, patients)

    def run(z: jax.Array) -> tuple[jax.Array, ...]:
        coordinates = jax.vmap(pooling.coordinates)(z)

        def column(direction: jax.Array) -> tuple[jax.Array, ...]:
            along = jnp.broadcast_to(direction, coordinates.shape)
            return jax.jvp(table, (coordinates,), (along,), has_aux=True)

        value, by_slot, status = jax.vmap(column, out_axes=(None, -1, None))(jnp.eye(coordinates.shape[-1]))
        return value, by_slot, jax.vmap(jax.jacfwd(pooling.coordinates))(z), status

    return Slopes(*map(np.asarray, jax.jit(run)(jnp.asarray(z))))


def candidate_information(target: Posterior, z: Batch, predicted: np.ndarray) -> np.ndarray:
    """Return the Fisher information about its prediction of one measurement of every observable.

    `predicted` and the result are [point, patient, time, observable]; a scale that grows with
    the prediction tells of it too.
    """
    noises = [observable.noise for observable in target.model.observables.values()]
    shape, df, share = (
        np.broadcast_to(np.array(column, float), predicted.shape)
        for column in zip(*((SHAPES[noise.shape], noise.df, noise.relative) for noise in noises), strict=True)
    )
    constant = jax.jit(jax.vmap(lambda one: target.scales(target.pooling.coordinates(one))))(jnp.asarray(z))
    scale = np.broadcast_to(np.asarray(constant)[:, :, None, :], predicted.shape) + share * np.abs(predicted)
    scatter = Scatter(shape, scale, df)
    return np.asarray(curvature(scale, predicted, scatter) + share**2 * information_about_scale(scale, scatter))
