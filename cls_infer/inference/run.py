"""From a cohort to draws: which patients are fitted together, where each fit starts, and its sampling."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from ..cohort.records import Cohort
from ..likelihood.posterior import Posterior, posterior
from ..model.spec import Model
from .accuracy import AIM, FINEST, tighter, tolerance_at, trace_error_before_sampling
from .nuts import Draws, Progress, sample_nuts, trace_sampler
from .settings import Settings
from .start import Start, find_start

type Report = Callable[[Progress | str], None]
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


def infer_cohort(
    model: Model,
    cohort: Cohort,
    *,
    per_patient: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    hierarchical: tuple[str, ...] = (),
    fixed: dict[str, float] | None = None,
    settings: Settings,
    enough: Enough = lambda target, z: True,
    report: Report = lambda _: None,
) -> list[Inference]:
    """Return one entry for patients who share anything, and one each for patients who do not.

    Which parameters are each patient's own, shared or partially pooled is said by name; where nothing is said
    the model file's default holds.

    Raises:
        InputError: names the model lacks; a start that cannot be solved.
    """

    def target(patients: Cohort) -> Posterior:
        return posterior(
            model,
            patients,
            per_patient=per_patient,
            shared=shared,
            hierarchical=hierarchical,
            fixed=fixed,
            tolerance=tolerance_at(settings.rtol),
        )

    joint = target(cohort)
    if len(cohort.patients) == 1 or any(slot.scope != "patient" for slot in joint.pooling.slots):
        return [infer(joint, settings, enough=enough, report=report)]
    parts = []
    for number, patient in enumerate(cohort.patients):
        report(f"patient {patient.name} ({number + 1} of {len(cohort.patients)})")
        alone = target(replace(cohort, patients=(patient,)))
        own = replace(settings, seed=settings.seed + number)
        parts.append(infer(alone, own, enough=enough, report=report))
        if not parts[-1].draws.complete:
            break
    return parts
