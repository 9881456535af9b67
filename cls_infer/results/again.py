"""A finished fit's target and draws once more, from its tree, its model and its data."""

import numpy as np
import xarray as xr

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.accuracy import tolerance_at
from ..likelihood.pooling import SPREAD, Slot
from ..likelihood.posterior import Posterior, posterior
from ..model.prior import Fixed, value
from ..model.spec import Model
from .fit import hide_after
from .values import estimated


def target_again(tree: xr.DataTree, model: Model, cohort: Cohort) -> Posterior:
    """Return the target that a finished fit sampled; patients fitted apart stand side by side.

    Raises:
        InputError: the model or the data are not those of the fit.
    """
    _check_same(tree, model, cohort)
    seen, _ = hide_after(cohort, tree.attrs.get("until"))
    drawn = tree["posterior"].to_dataset().data_vars.items()
    by_scope = {
        scope: tuple(str(n) for n, one in drawn if one.attrs["scope"] == scope and n in model.parameters)
        for scope in ("patient", "shared", "hierarchical")
    }
    solver = tree["solver"].to_dataset().attrs
    return posterior(
        model,
        seen,
        per_patient=by_scope["patient"],
        shared=by_scope["shared"],
        hierarchical=by_scope["hierarchical"],
        fixed=_held(tree, model),
        tolerance=tolerance_at(float(solver["rtol"]), str(tree.attrs["solver"])),
    )


def _check_same(tree: xr.DataTree, model: Model, cohort: Cohort) -> None:
    problems = []
    for what, found, option in (("model", model, "--model"), ("cohort", cohort, "--data")):
        if found.digest != tree.attrs[f"{what}_digest"]:
            message = f"`{found.name}` is not the {what} that was fitted, or has changed since"
            remedy = f"name by `{option}` the {what} `{tree.attrs[what]}` as it was, or fit again"
            problems.append(Problem(option, message, remedy=remedy))
    if problems:
        raise InputError(problems)


def _held(tree: xr.DataTree, model: Model) -> dict[str, float]:
    """Return what the fit held at a number, where that is not what the model itself holds it at."""
    known = tree["constant_data"].to_dataset()
    held = {str(name): one.item() for name, one in known.data_vars.items() if not one.dims}
    own = {name: parameter.prior_of({}) for name, parameter in model.parameters.items()}
    return {name: number for name, number in held.items() if own[name] != Fixed(number)}


def coordinates_again(target: Posterior, draws: xr.Dataset) -> np.ndarray:
    """Return the sampler's coordinates [draw, dim] of draws of the parameters, chain after chain.

    Every prior is a monotone map of its coordinate, so they are those that were sampled, up to rounding. What is known
    of a patient has the coordinate 0.
    """
    number = draws.sizes["chain"] * draws.sizes["draw"]
    z = np.zeros((number, target.pooling.dimension))
    values: dict[str, np.ndarray] = {}
    for slot in target.pooling.slots:
        base = values.get(slot.base, target.pooling.held.get(slot.base)) if slot.base else None
        scale = 1.0 if base is None else base / slot.base_reference
        free = estimated(target.pooling, slot)
        there = _flat(draws, slot) if free.any() else np.zeros((number, len(slot.priors)))
        median = np.array([float(value(prior, 0.0)) for prior in slot.priors])
        values[slot.name] = np.where(free, there, median * scale)
        if slot.size:
            own = _coordinates(slot, values[slot.name] / scale)
            z[:, slot.start : slot.start + slot.size] = _entries(slot, own, draws)
    return z


def _flat(draws: xr.Dataset, slot: Slot) -> np.ndarray:
    """Return values [draw, patient], one column for each patient whether the parameter is shared or not."""
    values = draws[slot.name].values
    rows = values.reshape(values.shape[0] * values.shape[1], -1)
    return np.broadcast_to(rows, (len(rows), len(slot.priors)))


def _coordinates(slot: Slot, values: np.ndarray) -> np.ndarray:
    """Return every patient's coordinate [draw, patient] of values that body size does not enter."""
    columns = [
        np.zeros(len(values)) if prior.known else np.asarray(prior.coordinate(values[:, i]))
        for i, prior in enumerate(slot.priors)
    ]
    return np.stack(columns, axis=1)


def _entries(slot: Slot, own: np.ndarray, draws: xr.Dataset) -> np.ndarray:
    """Return what the sampler's vector holds of one parameter [draw, entry], from every patient's coordinate."""
    if slot.scope == "shared":
        first = next(i for i, prior in enumerate(slot.priors) if not prior.known)
        return own[:, [first]]
    if slot.scope != "hierarchical":
        return own
    centre = np.asarray(slot.priors[0].coordinate(draws[f"{slot.name}_mu"].values.ravel()))
    spread = draws[f"{slot.name}_tau"].values.ravel()
    deviations = (own - centre[:, None]) / spread[:, None]
    return np.column_stack([centre, np.asarray(SPREAD.coordinate(spread)), deviations])
