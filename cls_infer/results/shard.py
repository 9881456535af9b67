"""What a cohort keeps of patients who were fitted each as though alone: draws, what speaks for them, their charts.

No variable depends on who else is in the shard: charts and courses are not padded to one another, and a patient whose
chains were sampled longer is thinned to the number of draws that was asked for.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import xarray as xr

from ..cohort.records import Cohort
from ..inference.accuracy import SAMPLE, TIGHT, sample_of
from ..inference.apart import Apart
from ..inference.run import Inference
from ..inference.settings import Settings
from ..likelihood.posterior import FAILED
from .extremes import extremes
from .joint import NOTHING, thinned
from .tree import STATISTICS
from .unmet import Judged, judge
from .values import estimated

DRAWN = ("chain", "draw", "patient")


class Own(NamedTuple):
    """One patient's part of an inference: points [chain, draw, dim] and statistics [chain, draw] as sampled."""

    part: Inference
    place: int
    points: np.ndarray
    stats: dict[str, np.ndarray]


def shard_tree(posteriors: Apart, parts: Sequence[Inference], settings: Settings, whole: Cohort) -> xr.DataTree:
    """Return the tree of a shard.

    Groups: `posterior` (every estimated parameter [chain, draw, patient], NaN where a patient's value is charted;
    uncharted amounts are numbered), `extremes` (of some draws the largest and the last value of every observable and
    derived quantity), `unconstrained_posterior` (`z` [chain, draw, patient, coordinate]), `sample_stats`,
    `judged` (of every patient by which road its draws came, what speaks for them, and what is `unmet`, empty where the
    verdict is met), `inputs` (as JSON the patients, with what was hidden of them in `whole`, and how their parameters
    were held).
    """
    owns = _by_patient(posteriors, parts)
    kept = [thinned("z", own.points, settings.draws) for own in owns]
    judged = [_judged(posteriors, number, own, z) for number, (own, z) in enumerate(zip(owns, kept, strict=True))]
    names = list(posteriors.names)
    coords = {"chain": np.arange(settings.chains), "draw": np.arange(settings.draws), "patient": names}
    z = np.stack(kept, axis=2)
    groups = {
        "posterior": _posterior(posteriors, z, coords),
        "extremes": extremes(posteriors, z, coords),
        "unconstrained_posterior": xr.Dataset(
            {"z": ((*DRAWN, "coordinate"), z)}, coords={**coords, "coordinate": np.array(_labels(posteriors), object)}
        ),
        "sample_stats": _sample_stats(owns, settings, coords),
        "judged": _table(judged, names),
        "inputs": _inputs(posteriors, whole),
    }
    return xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items()})


def _by_patient(posteriors: Apart, parts: Sequence[Inference]) -> list[Own]:
    """Return every patient's own, in the order of the posteriors."""
    found: dict[int, Own] = {}
    for part in parts:
        count = len(part.numbers)
        z = part.draws.z.reshape(*part.draws.z.shape[:2], posteriors.dimension, count)
        for place, number in enumerate(part.numbers):
            stats = {name: v if v.ndim == 2 else v[..., place] for name, v in part.draws.stats.items()}
            found[number] = Own(part, place, z[..., place], stats)
    return [found[number] for number in range(len(posteriors.names))]


def _judged(posteriors: Apart, number: int, own: Own, kept: np.ndarray) -> Judged:
    """Return what speaks for a patient's draws [chain, draw, dim], its chains judged as they were sampled."""
    at = posteriors.at(own.part.target.tolerance)
    flat = kept.reshape(-1, kept.shape[-1])
    found = at.log_posterior(flat, np.full(len(flat), number)).reshape(kept.shape[:2])
    sample = sample_of(kept)
    exact = posteriors.at(TIGHT).log_posterior(sample, np.full(len(sample), number))
    error = np.abs(exact - sample_of(found))[(exact > FAILED / 2) & (sample_of(found) > FAILED / 2)]
    sampled = own.points.reshape(-1, own.points.shape[-1])
    values = posteriors.values(sampled, np.full(len(sampled), number)).reshape(*own.points.shape[:2], -1)
    certificate = own.part.certificate
    return judge(
        road=own.part.method,
        values=values[..., _known_slots(posteriors)[number]],
        stats=own.stats,
        certificate=None if certificate is None else tuple(float(column[own.place]) for column in certificate),
        failed_solves=int(np.sum(found <= FAILED / 2)),
        solver_error=float(np.max(error)) if error.size else np.nan,
        rtol=own.part.target.tolerance.rtol,
    )


def _known_slots(posteriors: Apart) -> np.ndarray:
    """Return which slots of every patient are estimated, bool [patient, slot]."""
    pooling = posteriors.target.pooling
    return np.stack([estimated(pooling, slot) for slot in pooling.slots], axis=1)


def _labels(posteriors: Apart) -> list[str]:
    """Return the name of every slot that a point holds; uncharted amounts are numbered."""
    return [name for place, name in enumerate(_names(posteriors)) if place in posteriors.free]


def _names(posteriors: Apart) -> list[str]:
    slots = posteriors.target.pooling.slots
    amounts = [slot.name for slot in slots if slot.is_amount]
    return [f"uncharted_{amounts.index(slot.name) + 1}" if slot.is_amount else slot.name for slot in slots]


def _posterior(posteriors: Apart, z: np.ndarray, coords: dict[str, Any]) -> xr.Dataset:
    """Return every estimated parameter from draws z [chain, draw, patient, dim]."""
    flat = z.reshape(-1, z.shape[-1])
    which = np.tile(np.arange(z.shape[2]), len(flat) // z.shape[2])
    values = posteriors.values(flat, which).reshape(*z.shape[:3], -1)
    free, slots = _known_slots(posteriors), posteriors.target.pooling.slots
    data = {}
    for place, (name, slot) in enumerate(zip(_names(posteriors), slots, strict=True)):
        if free[:, place].any():
            unit = "" if slot.is_amount else slot.unit
            data[name] = (DRAWN, np.where(free[:, place], values[..., place], np.nan), {"unit": unit})
    return xr.Dataset(data, coords=coords)


def _sample_stats(owns: Sequence[Own], settings: Settings, coords: dict[str, Any]) -> xr.Dataset:
    """Return the samplers' statistics of every draw that is kept."""
    shape = settings.chains, settings.draws
    each = [{name: thinned(name, value, settings.draws) for name, value in own.stats.items()} for own in owns]
    data: dict[str, Any] = {}
    for name in dict.fromkeys(name for stats in each for name in stats):
        columns = [stats.get(name, np.full(shape, NOTHING.get(name))) for stats in each]
        if name == "potential_energy":
            data["lp"] = (DRAWN, -np.stack(columns, axis=-1))
        else:
            data[STATISTICS.get(name, name)] = (DRAWN, np.stack(columns, axis=-1))
    return xr.Dataset(data, coords=coords)


def _table(judged: Sequence[Judged], names: list[str]) -> xr.Dataset:
    columns = {key: [getattr(one, key) for one in judged] for key in Judged._fields}
    data = {key: ("patient", np.array(column)) for key, column in columns.items()}
    return xr.Dataset(data, coords={"patient": names}, attrs={"solved_again": SAMPLE})


def _inputs(posteriors: Apart, whole: Cohort) -> xr.Dataset:
    target = posteriors.target
    patients = [asdict(patient) for patient in whole.patients]
    scopes = {slot.name: slot.scope for slot in target.pooling.parameters}
    how = {"scopes": scopes, "held": dict(target.pooling.held), "method": target.tolerance.method}
    return xr.Dataset(attrs={"patients": json.dumps(patients), "how": json.dumps(how)})
