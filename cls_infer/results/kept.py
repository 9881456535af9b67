"""What a run keeps of its inputs, so that its target can be built again without the data set."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..cohort.records import Cohort, Event, Measurement, Patient
from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior, posterior
from ..model.load import load_model, shipped_model
from ..model.spec import Model
from ..solve.lanes import Tolerance

AS_IT_WAS = "put it back as it was at the fit (`predict` finds it elsewhere by `--model`), or fit again"


def hide_after(cohort: Cohort, until: float | None) -> tuple[Cohort, int]:
    """Return the cohort without measurements after `until` [h], and how many went; therapy stays."""
    if until is None:
        return cohort, 0
    patients = tuple(
        replace(p, measurements=tuple(m for m in p.measurements if m.time <= until)) for p in cohort.patients
    )
    before, after = (sum(len(p.measurements) for p in group) for group in (cohort.patients, patients))
    return replace(cohort, patients=patients), before - after


def inputs_kept(target: Posterior, whole: Cohort) -> xr.Dataset:
    """Return the group `inputs`: as JSON in its attributes the patients of the target, with their hidden
    measurements, and how their parameters were pooled, held and solved.
    """
    there = set(target.plan.patients)
    patients = [asdict(patient) for patient in whole.patients if patient.name in there]
    scopes = {slot.name: slot.scope for slot in target.pooling.parameters}
    how = {"scopes": scopes, "held": dict(target.pooling.held), "tolerance": target.tolerance._asdict()}
    if (people := target.pooling.population) is not None:
        how |= {"covariates": people.covariates, "correlated": people.correlated}
        how["mixture"] = len(people.causes) if people.nameless else 0
    return xr.Dataset(attrs={"patients": json.dumps(patients), "how": json.dumps(how)})


def coordinates_kept(target: Posterior, z: np.ndarray) -> xr.Dataset:
    """Return the group `unconstrained_posterior`: the draws as the sampler moved them, z [chain, draw, coordinate]."""
    coords = {
        "chain": np.arange(z.shape[0]),
        "draw": np.arange(z.shape[1]),
        "coordinate": np.array(target.pooling.labels(), dtype=object),
    }
    return xr.Dataset({"z": (("chain", "draw", "coordinate"), z)}, coords=coords)


def whole_cohort(tree: xr.DataTree) -> Cohort:
    """Return the cohort of a run with all its measurements, those hidden from the fit included.

    Raises:
        InputError: the run was written before its inputs were kept.
    """
    if "inputs" not in tree.children:
        message = "does not hold its inputs: it was written by an earlier version"
        raise InputError([Problem("RUN", message, remedy="fit again")])
    patients = tuple(patient_of(one) for one in json.loads(tree["inputs"].attrs["patients"]))
    return Cohort(tree.attrs["cohort"], patients, tree.attrs["cohort_digest"])


def target_again(tree: xr.DataTree, model: Model) -> Posterior:
    """Return the target of a run, as it was sampled.

    Raises:
        InputError: the run does not hold its inputs.
    """
    seen, _ = hide_after(whole_cohort(tree), tree.attrs.get("until"))
    how = json.loads(tree["inputs"].attrs["how"])
    scopes: Mapping[str, str] = how["scopes"]

    def named(scope: str) -> tuple[str, ...]:
        return tuple(name for name, one in scopes.items() if one == scope)

    return posterior(
        model,
        seen,
        per_patient=named("patient"),
        shared=named("shared"),
        hierarchical=named("hierarchical"),
        fixed=how["held"],
        covariates=tuple(how.get("covariates", ())),
        correlated=bool(how.get("correlated", False)),
        mixture=int(how.get("mixture", 0)),
        tolerance=Tolerance(**how["tolerance"]),
    )


def model_again(
    tree: xr.DataTree, path: str | None = None, *, named: Callable[[Path], bool] = lambda _: False
) -> Model:
    """Return the model of a run: the one at `path`, else its own file, else the shipped one of its name.

    A model is code, and a run may be anybody's: the file that it names is run only if it is `named`, by the user.

    Raises:
        InputError: there is none, it has changed since the fit, or nobody has named it.
    """
    name, own = tree.attrs["model"], tree.attrs.get("model_file", "")
    if own and not path:
        if not Path(own).is_file():
            raise InputError([Problem(own, f"the model `{name}` of the run is not there", remedy=AS_IT_WAS)])
        check_named(Path(own), named)
    place = path or own
    return check_digest(tree, load_model(place) if place else shipped_model(name))


def check_digest(tree: xr.DataTree, model: Model) -> Model:
    """Return a model if it is the one that a run was fitted with.

    Raises:
        InputError: it is another one, or has changed.
    """
    name, digest = tree.attrs["model"], tree.attrs["model_digest"]
    if model.digest != digest:
        message = f"the model `{name}` has changed since the fit: its digest was {digest[:12]}, is {model.digest[:12]}"
        raise InputError([Problem(model.file or name, message, remedy=AS_IT_WAS)])
    return model


def check_named(path: Path, named: Callable[[Path], bool]) -> None:
    """Check that the user has named a model file that a run names.

    Raises:
        InputError: no.
    """
    if not named(path):
        message = "is the model of the run, and code that this user has not run before"
        remedy = f"read it; `cls-infer models {shlex.quote(str(path))}` runs it, and from then on the run may"
        raise InputError([Problem(str(path), message, remedy=remedy)])


def patient_of(one: dict[str, Any]) -> Patient:
    """Return the patient that JSON holds."""
    measurements = tuple(Measurement(**row) for row in one.pop("measurements"))
    therapy = tuple(Event(**row) for row in one.pop("therapy"))
    return Patient(**one, measurements=measurements, therapy=therapy)
