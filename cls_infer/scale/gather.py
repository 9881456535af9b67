"""What stage two needs of a cohort that workers fitted, read a shard at a time: of every patient some draws of the few
coordinates that follow the population, and what is charted of it."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from ..cohort.names import did_you_mean
from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem
from ..likelihood.pool import pool
from ..likelihood.pooling import Slot
from ..likelihood.reweighted import Interim, interim
from ..model.spec import Model
from ..results.harmless import memory
from ..results.kept import hide_after, patient_of
from ..results.population_fit import StageOne, listed
from .decide import own
from .run import CohortRun

FEWEST, MOST, TOGETHER = 500, 2000, 5_000_000
"""Draws of each patient that are weighed where nobody says how many: five times as many as must be left under the
population; more where patients are few and the spread between them is known badly; so many of all."""

LEAST = 100
"""Fewer would be too thin, however alike."""

ESTIMATE = "leave it out, or fit the cohort again so that it is estimated"


class Gathered(NamedTuple):
    """The patients by their names' order, without measurements and therapy; their interim draws; the slots of the
    parameters, of the cohort's first patient; what stage one leaves to be said."""

    cohort: Cohort
    draws: Interim
    slots: tuple[Slot, ...]
    stage_one: StageOne


class _Part(NamedTuple):
    """Patients of a shard, their draws [patient, draw, parameter] with log weights, and why some are doubtful."""

    patients: list[Patient]
    z: np.ndarray
    log_weight: np.ndarray
    doubtful: dict[str, str]


def usual(patients: int) -> int:
    """Return how many draws of each of so many patients are weighed where nobody says how many."""
    return max(FEWEST, min(MOST, TOGETHER // patients))


def gather(run: CohortRun, model: Model, parameters: Sequence[str], *, kept: int | None = None) -> Gathered:
    """Return what stage two needs. In memory are `kept` draws of the parameters of every patient, and one shard.

    Draws that the Laplace approximation made carry the weights that correct them.

    Raises:
        InputError: parameters that the model lacks, that were not estimated of every patient, or whose priors differ
            in kind; draws for which this machine lacks memory; an unfinished cohort.
    """
    _check(run, model, parameters, kept)
    names = sorted(run.done.patients)
    place = {name: number for number, name in enumerate(names)}
    shards = sorted(run.done.shards)
    slots = _slots(run, model, shards[0], parameters)
    _check_estimated(run, model, slots)
    stored = run.group(shards[0], "unconstrained_posterior").sizes
    count = min(kept or usual(len(names)), stored["chain"] * stored["draw"])
    _check_memory(len(names), len(parameters), count)
    patients: dict[str, Patient] = {}
    z, log_weight = np.empty((len(names), count, len(parameters))), np.zeros((len(names), count))
    doubtful: dict[str, str] = {}
    for shard in shards:
        part = _read(run, shard, parameters, count)
        rows = [place[one.name] for one in part.patients]
        z[rows], log_weight[rows] = part.z, part.log_weight
        doubtful |= part.doubtful
        patients |= {one.name: one for one in part.patients}
    origin = run.manifest["provenance"]
    cohort = Cohort(origin["cohort"], tuple(patients[name] for name in names), origin["cohort_digest"])
    stage_one = StageOne(dict(run.done.failed), dict(sorted(doubtful.items())))
    return Gathered(cohort, interim(z, log_weight=log_weight), slots, stage_one)


def charts(run: CohortRun, shard: str) -> list[Patient]:
    """Return the patients of a shard as the fit saw them, in the shard's order."""
    inputs = run.group(shard, "inputs").attrs
    whole = Cohort("", tuple(patient_of(one) for one in json.loads(inputs["patients"])), "")
    return list(hide_after(whole, run.manifest["provenance"].get("until"))[0].patients)


def held_in(run: CohortRun, shard: str) -> dict[str, float]:
    """Return the parameters that were held of a shard's patients, and at what."""
    return dict(json.loads(run.group(shard, "inputs").attrs["how"])["held"])


def method_of(run: CohortRun, shard: str) -> str:
    """Return by which method a shard's patients were solved."""
    return str(json.loads(run.group(shard, "inputs").attrs["how"])["method"])


def _read(run: CohortRun, shard: str, parameters: Sequence[str], count: int) -> _Part:
    """Return of a shard's patients so many draws, evenly from all; nothing else of its arrays stays in memory."""
    stored = run.group(shard, "unconstrained_posterior")["z"].sel(coordinate=list(parameters))
    z = _some(stored.transpose("chain", "draw", "patient", "coordinate").values, count)
    judged, stats = run.group(shard, "judged").load(), run.group(shard, "sample_stats")
    log_weight = np.zeros(z.shape[:2])
    normal = judged["road"].values == "laplace"
    if normal.any():
        weights = _some(stats["log_weight"].transpose("chain", "draw", "patient").values, count)
        log_weight[normal] = weights[normal]
    unmet = zip(judged["patient"].values.tolist(), judged["unmet"].values.tolist(), strict=True)
    patients = [Patient(one.name, one.covariates, (), ()) for one in charts(run, shard)]
    assert [one.name for one in patients] == stored["patient"].values.tolist()
    return _Part(patients, z, log_weight, {name: why for name, why in unmet if why})


def _some(values: np.ndarray, count: int) -> np.ndarray:
    """Return [patient, draw, ...] of so many draws, evenly from all [chain, draw, patient, ...]."""
    flat = values.reshape(-1, *values.shape[2:])
    return np.moveaxis(flat[np.linspace(0, len(flat) - 1, count).round().astype(int)], 1, 0)


def _slots(run: CohortRun, model: Model, shard: str, parameters: Sequence[str]) -> tuple[Slot, ...]:
    """Return the slots of the parameters, of the first patient of a shard."""
    held = held_in(run, shard)
    first = Cohort("", (charts(run, shard)[0],), "")
    found = {slot.name: slot for slot in pool(model, first, per_patient=own(model, held), fixed=held).slots}
    problems = [
        Problem("--hierarchical", f"`{name}` was held at {held[name]:g}: of nobody it was estimated", remedy=ESTIMATE)
        for name in parameters
        if name not in found
    ]
    if problems:
        raise InputError(problems)
    return tuple(found[name] for name in parameters)


def _check(run: CohortRun, model: Model, parameters: Sequence[str], kept: int | None) -> None:
    problems = run.unfinished
    if not problems and not run.done.shards:
        message = "holds no patient who was fitted"
        problems.append(Problem(str(run.folder), message, remedy="`cls-infer cohort verdicts` says why"))
    problems += [
        Problem("--hierarchical", f"`{model.name}` has no parameter `{name}`", remedy=did_you_mean(name, known))
        for known in [list(model.parameters)]
        for name in dict.fromkeys(parameters)
        if name not in known
    ]
    if not parameters:
        message, remedy = "a population needs a parameter", "name one by `--hierarchical`"
        problems.append(Problem("--hierarchical", message, remedy=remedy))
    if kept is not None and kept < LEAST:
        problems.append(Problem("--kept", f"is {kept}", remedy=f"write {LEAST} or more, such as {FEWEST}"))
    if problems:
        raise InputError(problems)


def _check_estimated(run: CohortRun, model: Model, slots: Sequence[Slot]) -> None:
    """Refuse parameters that some patient lacks, or whose priors differ in kind."""
    problems = []
    shards = sorted(run.done.shards)
    there = {shard: set(_labels(run.group(shard, "unconstrained_posterior"))) for shard in shards}
    for slot in slots:
        lacking = [name for shard in shards if slot.name not in there[shard] for name in run.done.shards[shard]]
        if lacking:
            message = f"`{slot.name}` was not estimated of {len(lacking)} patients: {listed(lacking)}"
            problems.append(Problem("--hierarchical", message, remedy="leave it out, or fit these patients apart"))
    kinds = {shard: _kinds(model, charts(run, shard)[0], slots) for shard in shards}
    for number, slot in enumerate(slots):
        strange = [shard for shard in shards if kinds[shard][number] is not kinds[shards[0]][number]]
        if other := [name for shard in strange for name in run.done.shards[shard]]:
            message = f"`{slot.name}` has a prior of another kind for {listed(other)} than for the others"
            remedy = "chart them alike in patients.csv, or fit them apart"
            problems.append(Problem("--hierarchical", message, remedy=remedy))
    if problems:
        raise InputError(problems)


def _labels(group: xr.Dataset) -> Iterator[str]:
    return (str(name) for name in group["coordinate"].values)


def _kinds(model: Model, patient: Patient, slots: Sequence[Slot]) -> list[type]:
    return [type(model.parameters[slot.name].prior_of(patient.known)) for slot in slots]


def bytes_held(patients: int, parameters: int, draws: int, *, chains: int = 4, choices: int = 1) -> int:
    """Return about how many bytes stage two holds: of each draw its coordinates and their products, and what every
    chain makes of them."""
    products = parameters * (parameters + 3) // 2
    return 8 * patients * draws * (5 * parameters + 3 * products + 6 * chains * choices)


def _check_memory(patients: int, parameters: int, draws: int) -> None:
    """Refuse what this machine has no memory for."""
    needed, most = bytes_held(patients, parameters, draws), memory()
    if needed > most:
        message = f"{draws} draws of {patients} patients take about {needed / 2**30:.2g} GiB"
        remedy = f"this machine has {most / 2**30:.2g} GiB: keep fewer draws by `--kept`"
        raise InputError([Problem("--kept", message, remedy=remedy)])
