"""The part of a fit that both roads share: choose the device, sample there, judged by this package's thresholds."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jax

from ..cohort.records import Cohort
from ..inference.certified import Certify
from ..inference.checkpoint import Kept
from ..inference.device import choose_device
from ..inference.run import Inference, Report, Target, infer_cohort, targets
from ..inference.settings import Choice, Settings
from ..likelihood.posterior import Posterior
from .diagnose import certified, converged
from .pareto import smoothed
from .same_fit import device_again, keep_device


@contextmanager
def on_device(device: str, target: Callable[[], Posterior], report: Report, kept: Kept) -> Iterator[Choice]:
    """Compute on the device that was asked for, or on the one that is faster for this target; yield which, and why.
    A fit that goes on does so on the device it began on.

    Raises:
        InputError: a device that is not there.
    """
    choice = device_again(kept)
    if choice is None:
        choice = choose_device(device, lambda: next(targets(target())))
        keep_device(kept, choice)
    report(choice)
    with jax.default_device(choice.device):
        yield choice


def sample(
    target: Target, cohort: Cohort, settings: Settings, report: Report, kept: Kept, *, weighed_draws: int = 0
) -> list[Inference]:
    """Return draws of every patient of a cohort, weighed or followed until they meet their thresholds; those that are
    weighed in each chain as many as `weighed_draws`, if the settings ask for fewer.

    Raises:
        InputError: names the model lacks; a start that cannot be solved.
    """
    certify = Certify(smoothed, certified)
    told = {"report": report, "kept": kept, "weighed_draws": weighed_draws}
    return infer_cohort(target, cohort, settings=settings, certify=certify, enough=converged, **told)
