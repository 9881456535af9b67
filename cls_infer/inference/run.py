"""From a cohort to draws: which patients are fitted together, where each fit starts, and its sampling."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from ..cohort.records import Cohort
from ..likelihood.posterior import Posterior
from .accuracy import AIM, FINEST, tighter, trace_error_before_sampling
from .nuts import Draws, Progress, sample_nuts, trace_sampler
from .settings import Choice, Settings
from .start import Start, find_start

type Report = Callable[[Progress | Choice | str], None]
type Target = Callable[[Cohort], Posterior]
"""What is sampled for some patients: which parameters are pooled and how is settled."""
type Enough = Callable[[Posterior, np.ndarray], bool]
"""Whether draws of a target [chain, draw, dim] suffice."""


@dataclass(frozen=True)
class Inference:
    """The target as it was solved, draws, where they started from, the method's name and the seconds of each part."""

    target: Posterior
    draws: Draws
    start: Start
    method: str
    seconds: dict[str, float]


def infer(
    target: Posterior,
    settings: Settings,
    *,
    enough: Enough = lambda target, z: True,
    report: Report = lambda _: None,
) -> Inference:
    """Return draws of one posterior: the mode, its Laplace covariance, then NUTS until there are `enough`.

    The sampler is compiled while the mode is sought. Where the solver's error in nats is too large about the mode,
    all begins anew at a tighter tolerance.
    """
    begun = perf_counter()
    report("tracing the sampler")
    compiled = trace_sampler(target, settings)
    with ThreadPoolExecutor(max_workers=1) as beside:
        coming = beside.submit(compiled)
        start = find_start(target, seed=settings.seed, report=report)
        found = perf_counter() - begun
        report("compiling the sampler")
        error = trace_error_before_sampling(target, start, settings.seed)()
        sampler = coming.result()
    if error > AIM and target.tolerance.rtol > FINEST:
        finer = tighter(target.tolerance, error)
        report(f"the solver's error reaches {error:.2g} nats: solving at a tolerance of {finer.rtol:.1g}")
        spent = perf_counter() - begun
        again = infer(replace(target, tolerance=finer), settings, enough=enough, report=report)
        return replace(again, seconds=again.seconds | {"start": again.seconds["start"] + spent})
    draws = sample_nuts(sampler, start, enough=lambda z: enough(target, z), report=report)
    return Inference(target, draws, start, "nuts", {"start": found, **draws.seconds})


def targets(target: Target, cohort: Cohort) -> Iterator[Posterior]:
    """Yield what is sampled, one after another: all patients at once where they share anything, else each alone."""
    joint = target(cohort)
    if len(cohort.patients) == 1 or any(slot.scope != "patient" for slot in joint.pooling.slots):
        yield joint
        return
    for patient in cohort.patients:
        yield target(replace(cohort, patients=(patient,)))


def infer_cohort(
    target: Target,
    cohort: Cohort,
    *,
    settings: Settings,
    enough: Enough = lambda target, z: True,
    report: Report = lambda _: None,
) -> list[Inference]:
    """Return one entry for patients who share anything, and one each for patients who do not.

    Raises:
        InputError: names the model lacks; a start that cannot be solved.
    """
    parts = []
    for number, one in enumerate(targets(target, cohort)):
        if len(one.plan.patients) < len(cohort.patients):
            report(f"patient {one.plan.patients[0]} ({number + 1} of {len(cohort.patients)})")
        own = replace(settings, seed=settings.seed + number)
        parts.append(infer(one, own, enough=enough, report=report))
        if not parts[-1].draws.complete:
            break
    return parts
