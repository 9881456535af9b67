"""Model + cohort -> Fit: the whole way from charts to a judged posterior."""

from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.run import Report
from ..inference.settings import TWO_STAGE, Settings, setting_problems
from ..model.load import as_model
from ..model.spec import Model
from .fitted import Fit
from .one_stage import fit_one_stage
from .progress import shown
from .two_stage import fit_two_stage


def fit(
    cohort: Cohort,
    model: Model | str | Path,
    *,
    per_patient: Sequence[str] = (),
    shared: Sequence[str] = (),
    hierarchical: Sequence[str] = (),
    fixed: Mapping[str, float] | None = None,
    covariates: Sequence[str] = (),
    correlated: bool = False,
    mixture: int = 0,
    settings: Settings = Settings(),  # noqa: B008 - a frozen value
    until: float | None = None,
    device: str = "auto",
    command: str = "",
    checkpoint: Path | str | None = None,
    progress: bool = False,
    report: Report | None = None,
) -> Fit:
    """Fit a model to a cohort and judge the result.

    Args:
        cohort: as `read_cohort` or `Cohort.from_frame` returns it.
        model: the name of a shipped model, the path of a model file, or what `load_model` returned.
        per_patient: parameters estimated for each patient alone.
        shared: parameters with one value for all patients.
        hierarchical: parameters partially pooled between patients.
        fixed: values to hold, in the model's units.
        covariates: what of the chart moves the partially pooled parameters.
        correlated: whether the partially pooled parameters vary together.
        mixture: so many groups that nobody charted, by the method `two-stage`; 0 for none.
        settings: method, chains, draws, seed.
        until: hides measurements after this time [h] from the fit; the tree keeps them for a score.
        device: `cpu`, `gpu`, or `auto` for the one on which a gradient of the fit takes less time.
        command: what the user typed, for the provenance.
        checkpoint: a folder that takes what is done as it is done. After a kill the same call goes on from there, and
            its draws are those of a fit that was not killed, to the last bit. Large groups of the tree are read from
            there until the fit is saved; then it may be removed.
        progress: whether a bar shows how far it is, in a notebook or on a terminal.
        report: receives the device chosen and progress, as words, `Forecast` or `Progress`.

    Raises:
        InputError: names that the model does not have, nothing left to fit, a patient that cannot be solved, a
            device that is not there, settings that cannot be, a checkpoint of another fit.
        RuntimeError: JAX is not in double precision; `prepare_jax` switches it on.
    """
    _check(settings, mixture, until)
    common = {
        "per_patient": tuple(per_patient),
        "shared": tuple(shared),
        "hierarchical": tuple(hierarchical),
        "fixed": fixed,
        "covariates": tuple(covariates),
        "correlated": correlated,
        "settings": settings,
        "until": until,
        "device": device,
        "command": command,
        "checkpoint": checkpoint,
    }
    found = as_model(model)
    with shown(progress, report) as told:
        if settings.method == TWO_STAGE:
            return fit_two_stage(cohort, found, mixture=mixture, **common, report=told)
        return fit_one_stage(cohort, found, **common, report=told)


def _check(settings: Settings, mixture: int, until: float | None) -> None:
    problems = list(setting_problems(settings))
    if mixture and settings.method != TWO_STAGE:
        found = f"{mixture} groups that nobody charted need patients who were drawn apart"
        problems.append(Problem("mixture", found, remedy=f"choose the method `{TWO_STAGE}`"))
    if until is not None and not isfinite(until):
        problems.append(Problem("until", f"is {until:g}", remedy="write hours, such as 48"))
    if problems:
        raise InputError(problems)
