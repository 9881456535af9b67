"""Parameters by name, from the sampler's coordinates; what was estimated apart from what was known."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..cohort.items import ITEMS
from ..inference.prior_sample import trace_prior
from ..likelihood.batches import Pending, over_draws
from ..likelihood.pooling import Pooling, Slot
from ..likelihood.posterior import Posterior
from .population import population_numbers, population_values

PRIOR_DRAWS = 2000


def estimated(pooling: Pooling, slot: Slot) -> np.ndarray:
    """Return for which patients the parameter is unknown, bool [patient]."""
    unknown = np.array([not prior.known for prior in slot.priors])
    base = next((other for other in pooling.slots if other.name == slot.base), None)
    return unknown | estimated(pooling, base) if base else unknown


def parameter_draws(target: Posterior, z: np.ndarray) -> xr.Dataset:
    """Return every estimated parameter from draws z [chain, draw, dim].

    Own and partially pooled ones are [chain, draw, patient], NaN where the value is known; shared ones are
    [chain, draw] unless they scale with the patient. What is partially pooled brings the numbers of its population,
    as `population_numbers` lists them. The offsets of a variable's assays are [chain, draw, assay].
    """
    pooling = target.pooling
    by_slot, population = over_draws(
        lambda one: (_values(pooling, one), population_values(pooling, one)),
        z.reshape(-1, z.shape[-1]),
        patients=1,
        lanes=4096,
    )
    data: dict[str, xr.DataArray] = {}
    for number, slot in enumerate(pooling.slots):
        free = estimated(pooling, slot)
        if slot.is_offset or not free.any():
            continue
        value = np.where(free, by_slot[:, :, number], np.nan).reshape(*z.shape[:2], -1)
        attrs = {"unit": unit_of(target, slot), "scope": slot.scope}
        if slot.scope == "shared" and _same_for_all(slot):
            data[slot.name] = xr.DataArray(value[:, :, 0], dims=("chain", "draw"), attrs=attrs)
        else:
            data[slot.name] = xr.DataArray(value, dims=("chain", "draw", "patient"), attrs=attrs)
    for number, (name, attrs) in enumerate(population_numbers(pooling).items()):
        value = population[:, number].reshape(z.shape[:2])
        data[name] = xr.DataArray(value, dims=("chain", "draw"), attrs={**attrs, "scope": "population"})
    data |= _offsets(pooling, by_slot.reshape(*z.shape[:2], *by_slot.shape[1:]))
    return xr.Dataset(data, coords=_coordinates(target, z))


def _offsets(pooling: Pooling, by_slot: np.ndarray) -> dict[str, xr.DataArray]:
    """Return the offsets of each variable's assays [chain, draw, assay], from values [chain, draw, patient, slot]."""
    places = {slot.name: (number, slot) for number, slot in enumerate(pooling.slots) if slot.is_offset}
    assays = list(dict.fromkeys(name.partition("[")[2].removesuffix("]") for name in places))
    data = {}
    for variable in dict.fromkeys(name.partition("[")[0] for name in places):
        value = np.full((*by_slot.shape[:2], len(assays)), np.nan)
        for column, assay in enumerate(assays):
            if f"{variable}[{assay}]" in places:
                number, slot = places[f"{variable}[{assay}]"]
                value[:, :, column] = by_slot[:, :, int(np.argmax(estimated(pooling, slot))), number]
        unit = next(slot.unit for name, (_, slot) in places.items() if name.startswith(f"{variable}["))
        attrs = {"unit": unit, "scope": "assay"}
        data[variable] = xr.DataArray(value, dims=("chain", "draw", "assay"), coords={"assay": assays}, attrs=attrs)
    return data


def trace_prior_draws(target: Posterior, *, seed: int) -> Pending[xr.Dataset]:
    """Return what computes the same parameters under the prior and its healthy ranges, [chain 1, draw]."""
    sample = trace_prior(target, PRIOR_DRAWS, seed=seed)
    return lambda: parameter_draws(target, sample()[None])


def known_values(target: Posterior) -> xr.Dataset:
    """Return what was not estimated: held parameters, and charted ones [patient], NaN where estimated."""
    pooling = target.pooling
    at_median = np.asarray(jax.jit(lambda z: _values(pooling, z))(np.zeros(pooling.dimension)))
    data: dict[str, Any] = {}
    for name, number in pooling.held.items():
        data[name] = xr.DataArray(float(number), attrs={"unit": target.model.parameters[name].unit})
    for number, slot in enumerate(pooling.slots):
        free = estimated(pooling, slot)
        if free.all() or slot.is_amount or slot.is_offset:
            continue
        value = np.where(free, np.nan, at_median[:, number])
        data[slot.name] = xr.DataArray(value, dims=("patient",), attrs={"unit": slot.unit})
    return xr.Dataset(data, coords={"patient": list(pooling.patients)})


def unit_of(target: Posterior, slot: Slot) -> str:
    """Return the unit of a parameter, or of the therapy item behind an uncharted amount."""
    if not slot.is_amount or slot.unit:
        return slot.unit
    items = {event.item for patient in target.cohort.patients for event in patient.therapy if event.amount is None}
    units = {ITEMS[item].unit for item in items if slot.name.startswith(f"{item}_")}
    return units.pop() if len(units) == 1 else ""


def _values(pooling: Pooling, z: jax.Array) -> jax.Array:
    """Return the values of every slot [patient, slot] at z [dim]."""
    coordinates = pooling.coordinates(z)
    values, amounts = pooling.values(coordinates)
    columns = [value[:, None] for value in values]
    return jnp.concatenate([*columns, amounts, pooling.offsets(coordinates)], axis=1)


def _same_for_all(slot: Slot) -> bool:
    return slot.base is None and all(prior == slot.priors[0] for prior in slot.priors)


def _coordinates(target: Posterior, z: np.ndarray) -> dict[str, Any]:
    return {
        "chain": np.arange(z.shape[0]),
        "draw": np.arange(z.shape[1]),
        "patient": list(target.plan.patients),
    }
