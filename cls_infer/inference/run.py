"""From a cohort to draws: which patients are fitted together, by which road, and where each fit starts."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior, posterior
from ..solve.lanes import Tolerance
from .accuracy import AIM, FINEST, tighter, trace_error_before_sampling
from .apart import Apart, are_apart
from .centring import in_words
from .certified import Certificate, Certify, WeighedDraws, by_importance, by_laplace
from .chains import Draws, finished, follow
from .checkpoint import NOWHERE, Kept
from .departure import Departure, depart
from .hmc import Chained, by_hmc
from .kernel import trace_sampler
from .method import stiff_after_all, with_method
from .posteriors import Posteriors, posteriors_of
from .programs import Programs
from .progress import Forecast, Progress
from .searches import Searches
from .settings import Choice, Settings
from .start import Start, find_start

type Report = Callable[[Progress | Forecast | Choice | str], None]
type Target = Callable[[Cohort], Posterior]
"""What is sampled for some patients: which parameters are pooled and how is settled."""
type Enough = Callable[[Posterior, np.ndarray], bool]
"""Whether draws of a target [chain, draw, dim] suffice."""

DEPARTURE, SEARCHES = "departure", "searches"

WEIGHING = {"importance": by_importance, "laplace": by_laplace}
"""Roads whose draws are weighed."""

FEW = 20
"""`auto` takes importance sampling up to so many unknown numbers a patient. With thirty no mixture of Student's t was
found to cover a whole episode's posterior (`docs/evidence/importance.md`), and the attempt would be in vain: patients
who share nothing are then sampled by Hamiltonian Monte Carlo, all abreast, and those who do by NUTS."""


@dataclass(frozen=True)
class Inference:
    """The target as it was solved, draws, the method's name, the seconds of each part, what speaks for weighed draws,
    its patients' places in the cohort, why it was solved by its method, and where the searches for its mode ended: of
    every patient, or of all together, None where nothing was sought."""

    target: Posterior
    draws: Draws
    method: str
    seconds: dict[str, float]
    certificate: Certificate | None = None
    numbers: tuple[int, ...] = (0,)
    solver_because: str = ""
    searches: Searches | None = None


def infer(
    target: Posterior,
    settings: Settings,
    *,
    enough: Enough = lambda target, z: True,
    report: Report = lambda _: None,
    kept: Kept = NOWHERE,
    programs: Programs | None = None,
) -> Inference:
    """Return draws of one posterior: the mode, its Laplace covariance, then NUTS until there are `enough`.

    The sampler is compiled while the mode is sought. Where the solver's error in nats is too large about the mode,
    all begins anew at a tighter tolerance; so it does by the implicit method where the mode is stiff after all. What
    `kept` holds of an earlier session is not done again, and what `programs` holds of another patient is not compiled
    again.
    """
    if (known := _known(kept)) is not None:
        target = replace(target, tolerance=known.tolerance)
        return _go_on(target, settings, known, enough, report, kept, programs)
    begun = perf_counter()
    report("tracing the sampler")
    compiled = trace_sampler(target, settings, programs)
    with ThreadPoolExecutor(max_workers=1) as beside:
        coming = beside.submit(compiled)
        start = find_start(target, seed=settings.seed, report=report, programs=programs)
        found = perf_counter() - begun
        report("compiling the sampler")
        error = trace_error_before_sampling(target, start, settings.seed, programs)()
        sampler = coming.result()
    if (otherwise := _otherwise(target, start, error, settings)) is not None:
        tolerance, why = otherwise
        report(why)
        spent = perf_counter() - begun
        other = replace(target, tolerance=tolerance)
        again = infer(other, settings, enough=enough, report=report, kept=kept, programs=programs)
        return replace(again, seconds=again.seconds | {"start": again.seconds["start"] + spent})
    departure = depart(target.pooling, start, settings)
    assert start.searches is not None  # it was sought
    kept.write(SEARCHES, start.searches._asdict())
    kept.write(DEPARTURE, asdict(departure))
    kept.write_facts(DEPARTURE, {"tolerance": target.tolerance._asdict(), "seconds": found})
    draws = follow(sampler, departure, enough=lambda z: enough(target, z), report=report, kept=kept)
    return Inference(target, draws, "nuts", {"start": found, **draws.seconds}, searches=start.searches)


class _Known(NamedTuple):
    """Where an earlier session departed, how exactly it solved, its seconds, and where its searches ended."""

    departure: Departure
    tolerance: Tolerance
    seconds: float
    searches: Searches


def _known(kept: Kept) -> _Known | None:
    """Return what an earlier session found before it sampled, None where it did not come so far."""
    arrays, ends, facts = kept.read(DEPARTURE), kept.read(SEARCHES), kept.read_facts(DEPARTURE)
    if arrays is None or ends is None or facts is None:
        return None
    return _Known(Departure(**arrays), Tolerance(**facts["tolerance"]), float(facts["seconds"]), Searches(**ends))


def _go_on(
    target: Posterior,
    settings: Settings,
    known: _Known,
    enough: Enough,
    report: Report,
    kept: Kept,
    programs: Programs | None,
) -> Inference:
    """Return the draws of an earlier session and those that it did not come to."""
    departure = known.departure
    told = in_words(target.pooling, departure.centred, departure.share)
    draws = finished(kept, settings, target.pooling.dimension, told)
    if draws is None:
        report("compiling the sampler")
        sampler = trace_sampler(target, settings, programs)()
        draws = follow(sampler, departure, enough=lambda z: enough(target, z), report=report, kept=kept)
    return Inference(target, draws, "nuts", {"start": known.seconds, **draws.seconds}, searches=known.searches)


def _otherwise(target: Posterior, start: Start, error: float, settings: Settings) -> tuple[Tolerance, str] | None:
    """Return how else to solve, and why, where the mode shows that it must be."""
    if error > AIM and target.tolerance.rtol > FINEST:
        finer = tighter(target.tolerance, error)
        return finer, f"the solver's error reaches {error:.2g} nats: solving at a tolerance of {finer.rtol:.1g}"
    if settings.solver == "auto" and (stiff := stiff_after_all(target, start.mode)) is not None:
        return target.tolerance._replace(method=stiff.method), f"solving by {stiff.method} after all: {stiff.why}"
    return None


def of_patients(target: Posterior, patients: Sequence[int]) -> Posterior:
    """Return the target of some of the patients of one whose patients are apart, with the same parameters."""
    cohort = replace(target.cohort, patients=tuple(target.cohort.patients[i] for i in patients))
    free = tuple(slot.name for slot in target.pooling.parameters)
    held = dict(target.pooling.held)
    return posterior(target.model, cohort, per_patient=free, fixed=held, tolerance=target.tolerance)


def targets(whole: Posterior) -> Iterator[Posterior]:
    """Yield what NUTS would sample, one after another: everything where patients share anything, else each alone."""
    for number in range(len(whole.plan.patients) if are_apart(whole) else 1):
        yield one_of(whole, number)[0]


def one_of(whole: Posterior, number: int) -> tuple[Posterior, tuple[int, ...]]:
    """Return the target of the posterior of this number, and the places of its patients: one where they are apart."""
    everyone = tuple(range(len(whole.plan.patients)))
    if len(everyone) == 1 or not are_apart(whole):
        return whole, everyone
    return of_patients(whole, [number]), (number,)


def infer_cohort(
    target: Target,
    cohort: Cohort,
    *,
    settings: Settings,
    certify: Certify,
    enough: Enough = lambda target, z: True,
    report: Report = lambda _: None,
    kept: Kept = NOWHERE,
    weighed_draws: int = 0,
) -> list[Inference]:
    """Return one entry for patients who share anything; else one for all whose weighed draws are certified, and one
    for each of the others. Of weighed draws, which are cheap, each chain may hold more than `settings` say. What `kept`
    holds of an earlier session is not done again.

    Raises:
        InputError: names the model lacks; a start that cannot be solved; a mixture, which needs two stages.
    """
    asked = target(cohort)
    _check_no_mixture(asked)
    whole, chosen = with_method(asked, settings.seed)
    report(f"solver: {chosen.method}, {chosen.why}")
    posteriors = posteriors_of(whole)
    parts: list[Inference] = []
    left = list(range(len(posteriors.names)))
    programs = Programs()
    road = road_of(posteriors, settings)
    if road in WEIGHING:
        many = replace(settings, draws=max(settings.draws, weighed_draws))
        weighed = WEIGHING[road](posteriors, many, certify=certify, report=report, kept=kept)
        left = [i for i in left if i not in weighed.which]
        if weighed.which:
            parts.append(weighed_part(whole, weighed))
    if road == "hmc":
        options = {"suffices": lambda i, z: enough(one_of(whole, i)[0], z), "report": report, "kept": kept}
        parts += [chained_part(whole, one) for one in by_hmc(posteriors, settings, **options)]
        left = []
    for number in left:
        if len(left) > 1:
            report(f"patient {whole.plan.patients[number]} ({number + 1} of {len(cohort.patients)})")
        one, numbers = one_of(whole, number)
        own = replace(settings, seed=settings.seed + number)
        place = kept.within(f"nuts-{number:05d}")
        part = infer(one, own, enough=enough, report=report, kept=place, programs=programs)
        parts.append(replace(part, numbers=numbers))
        if not parts[-1].draws.complete:
            break
    return [replace(part, solver_because=chosen.why) for part in parts]


def _check_no_mixture(whole: Posterior) -> None:
    """Refuse patients of whom it is not charted where they belong: that is a leap no gradient knows of."""
    people = whole.pooling.population
    if people is None or not people.is_mixture:
        return
    lacking = [f"`{name}`" for name, place in zip(people.episodes, people.cause, strict=True) if place < 0]
    found = f"the {people.kind} of {', '.join(lacking)} is not charted, and a joint fit asks for all"
    remedy = "`--method two-stage` mixes over them; or chart it in patients.csv"
    raise InputError([Problem("--method", found, remedy=remedy)])


def road_of(posteriors: Posteriors, settings: Settings) -> str:
    """Return by which road draws come first: the method asked for, or what `auto` takes for so many unknown numbers."""
    if settings.method != "auto":
        return settings.method
    if posteriors.dimension <= FEW:
        return "importance"
    return "hmc" if isinstance(posteriors, Apart) else "nuts"


def chained_part(whole: Posterior, one: Chained) -> Inference:
    """Return the inference of one posterior's chains."""
    sampled, numbers = one_of(replace(whole, tolerance=one.tolerance), one.number)
    return Inference(sampled, one.draws, "hmc", one.draws.seconds, None, numbers, searches=one.searches)


def weighed_part(whole: Posterior, weighed: WeighedDraws) -> Inference:
    """Return the inference of those whose weighed draws are kept."""
    solved = replace(whole, tolerance=weighed.tolerance)
    patients = len(whole.plan.patients)
    if not are_apart(whole):  # one posterior, which speaks for every patient
        stats = {name: value[..., 0] for name, value in weighed.draws.stats.items()}
        certificate = Certificate(*(np.repeat(column, patients) for column in weighed.certificate))
        draws = replace(weighed.draws, stats=stats)
        numbers = tuple(range(patients))
        found = draws, weighed.method, weighed.seconds, certificate, numbers
        return Inference(solved, *found, searches=weighed.searches)
    sampled = solved if len(weighed.which) == patients else of_patients(solved, weighed.which)
    found = weighed.draws, weighed.method, weighed.seconds, weighed.certificate, tuple(weighed.which)
    return Inference(sampled, *found, searches=weighed.searches)
