"""Ask more of finished fits: what lies ahead, and which of them predicts better. The models are found again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from ..cohort.records import Event
from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior
from ..model.spec import Model
from . import compare as comparing
from . import predict as predicting
from .compare import Comparison
from .fitted import Fit
from .kept import check_digest, model_again, target_again
from .loo import By
from .predict import Prediction

WAYS = get_args(By.__value__)


def predict(
    fit: Fit,
    *,
    model: Model | str | Path | None = None,
    therapy: Mapping[str, Sequence[Event]] | None = None,
    since: float | None = None,
    hours: float | None = None,
    every: float = 1.0,
) -> Prediction:
    """Return quantiles of every observable and derived quantity ahead, and the scores of hidden measurements.

    Args:
        fit: as `fit` or `open_fit` returns it.
        model: that of the fit. A shipped one is found by itself; the file of another one is run only if it is given
            here, for a run may be anybody's.
        therapy: by patient, what is given from `since` on in place of the chart; who is not named keeps the chart.
        since: first hour predicted; each patient's last measurement that the fit saw, if not said.
        hours: how far beyond that last measurement to predict; to the last hidden one, and 24 at least, if not said.
        every: distance of the times [h].

    Raises:
        InputError: impossible times; a model that is missing or another one; a patient of whom no draw can be solved.
    """
    return predicting.predict(fit.tree, _model_of(fit, model), therapy=therapy, since=since, hours=hours, every=every)


def compare(
    fits: Mapping[str, Fit],
    *,
    by: By = "observation",
    moment_match: bool = False,
    models: Mapping[str, Model | str | Path] | None = None,
) -> Comparison:
    """Return fits of the same measurements in order of their expected log predictive density.

    Args:
        fits: at least one, by a name of your own.
        by: whether one measurement is left out at a time (`observation`), or all of one `patient`, or what was hidden
            of one in the fit (`future`).
        moment_match: mends too high k-hats; solves the models again.
        models: by the names of `fits`, models that are not shipped, where they are to be solved again.

    Raises:
        InputError: no fit, fits of different measurements, no such way, a model that is missing or another one.
    """
    check_asked(fits, by)
    targets: dict[str, Posterior] | None = None
    if moment_match or by == "future":
        given = models or {}
        targets = {name: target_again(fit.tree, _model_of(fit, given.get(name))) for name, fit in fits.items()}
    return comparing.compare(fits, by=by, targets=targets, moment_match=moment_match)


def check_asked(fits: Mapping[str, Fit], by: str) -> None:
    """Check that there is a fit, and the way to compare.

    Raises:
        InputError: both problems at once.
    """
    problems = [] if fits else [Problem("fits", "there is none", remedy="give at least one, by name")]
    if by not in WAYS:
        remedy = f"write {' or '.join(f'`{way}`' for way in WAYS)}"
        problems.append(Problem("by", f"there is no way `{by}`", remedy=remedy))
    if problems:
        raise InputError(problems)


def _model_of(fit: Fit, given: Model | str | Path | None) -> Model:
    if isinstance(given, Model):
        return check_digest(fit.tree, given)
    return model_again(fit.tree, None if given is None else str(given))
