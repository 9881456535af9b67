"""Mistakes of programs of this kind, planted in the fits alone: calibration must find each, and pass what is sound.

`./in-env pytest tests/recovery/test_calibration_teeth.py -m slow -n 0 --log-cli-level=INFO` prints what each was
found by.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import jax.numpy as jnp
import pytest
from likelihood.test_mutants import MUTANTS, plant

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.inference import certified as road
from cls_infer.inference.accuracy import tolerance_at
from cls_infer.inference.certified import Certify
from cls_infer.inference.copies import copies, each_apart
from cls_infer.inference.refits import refit
from cls_infer.inference.settings import Settings
from cls_infer.inference.simulated import Simulated, simulate
from cls_infer.likelihood.posterior import Posterior
from cls_infer.model import Model, load_model, normal_noise
from cls_infer.model.prior import Fixed
from cls_infer.results.calibration import Calibration, judge
from cls_infer.results.diagnose import certified
from cls_infer.results.pareto import smoothed

TELL = logging.getLogger(__name__).info
FITS = 60
HOURS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
KINETICS, LEAK = load_model("volume_kinetics"), load_model("one_pore")
RINGER = (Event("ringer", 0.0, 0.5, 1.0, 1), Event("ringer", 1.0, 1.5, 0.2, 2), Event("ringer", 2.0, 2.5, 0.8, 3))


def cohort(*rows: Measurement, therapy: tuple[Event, ...] = RINGER) -> Cohort:
    return Cohort("one", (Patient("P", {"weight": 70.0, "cause": "sepsis"}, rows, therapy),), "")


def hemoglobin(censoring: int = 0, value: float = 130.0) -> tuple[Measurement, ...]:
    return tuple(
        Measurement(t, "hemoglobin", value, i, censoring=censoring if i % 2 else 0) for i, t in enumerate(HOURS)
    )


def plain() -> Posterior:
    return each_apart(KINETICS, cohort(*hemoglobin()))


def limits() -> Posterior:
    return each_apart(KINETICS, cohort(*hemoglobin(-1, 122.0)))


def precise() -> Posterior:
    """A haemoglobinometer a hundred times as precise: at 1e-2 the solver errs by half of what it scatters."""
    known = {
        **KINETICS.observables,
        "hemoglobin": replace(KINETICS.observables["hemoglobin"], noise=normal_noise(0.03)),
    }
    return each_apart(replace(KINETICS, observables=known), cohort(*hemoglobin()))


def leak() -> Posterior:
    """A day of leak; of the body all but its wall, lymph and plasma volume is the reference adult's."""
    seen = {"hematocrit": 0.42, "albumin": 40.0}
    rows = [Measurement(t, name, value, 1) for t in (4.0, 8.0, 16.0, 24.0) for name, value in seen.items()]
    held = {
        name: LEAK.reference_value(name)
        for name, parameter in LEAK.parameters.items()
        if name not in ("m", "K_f", "J_L0", "V_p0", "C_A0")
        and not isinstance(parameter.prior_of({"cause": "sepsis", "weight": 70.0}), Fixed)
    }
    given = (Event("crystalloid", 0.0, 24.0, 3.0, 1),)
    return each_apart(LEAK, cohort(*rows, therapy=given), fixed=held)


def one_event_late(simulated: Simulated, patch: pytest.MonkeyPatch) -> Simulated:
    """Every event brings what the one before it should have brought."""
    amounts = (0.0, *(event.amount for event in RINGER[:-1]))
    late = tuple(replace(event, amount=amount) for event, amount in zip(RINGER, amounts, strict=True))
    other = copies(each_apart(KINETICS, cohort(*hemoglobin(), therapy=late)), simulated.like.tolist())
    return replace(simulated, fit=replace(simulated.fit, plan=replace(simulated.fit.plan, route=other.plan.route)))


def a_coarse_solver(simulated: Simulated, patch: pytest.MonkeyPatch) -> Simulated:
    patch.setattr(road, "AIM", jnp.inf)  # what would choose a tighter tolerance
    return replace(simulated, fit=replace(simulated.fit, tolerance=tolerance_at(1e-2, "tsit5")))


def no_lymph(simulated: Simulated, patch: pytest.MonkeyPatch) -> Simulated:
    def rates(f, y, p, h, u):
        return LEAK.rates(f._replace(circulation=f.circulation._replace(J_lymph=0.0 * f.J_v)), y, p, h, u)

    dry: Model = replace(simulated.fit.model, rates=rates)
    fit = replace(simulated.fit, model=dry, system=replace(simulated.fit.system, model=dry))
    return replace(simulated, fit=fit)


def a_jacobian_too_many(simulated: Simulated, patch: pytest.MonkeyPatch) -> Simulated:
    """The density of lognormal parameters taken over their values, where draws are of their logarithms."""
    sound = Posterior.by_patient

    def by_patient(self, coordinates, patient=slice(None)):
        terms = sound(self, coordinates, patient)
        widths = jnp.array([slot.fields[1][0] for slot in self.pooling.slots[:3]])  # k_12, k_21, k_10
        return terms._replace(log_likelihood=terms.log_likelihood - coordinates[:, :3] @ widths)

    patch.setattr(Posterior, "by_patient", by_patient)
    return simulated


def mutated(name: str) -> Callable[[Simulated, pytest.MonkeyPatch], Simulated]:
    def planted(simulated: Simulated, patch: pytest.MonkeyPatch) -> Simulated:
        plant(patch, MUTANTS[name])
        return simulated

    return planted


@dataclass(frozen=True)
class Mistake:
    """What to calibrate, and what goes wrong in its fits."""

    design: Callable[[], Posterior]
    planted: Callable[[Simulated, pytest.MonkeyPatch], Simulated]


MISTAKES = {
    "a log-Jacobian dropped": Mistake(plain, a_jacobian_too_many),
    "variance for standard deviation": Mistake(plain, mutated("variance for standard deviation")),
    "censoring's sign": Mistake(limits, mutated("censoring's sign")),
    "therapy one event late": Mistake(plain, one_event_late),
    "a tolerance of 1e-2": Mistake(precise, a_coarse_solver),
    "lymph lost": Mistake(leak, no_lymph),
}


def calibrated(simulated: Simulated) -> Calibration:
    certify = Certify(smoothed, certified)
    refits = refit(simulated, draws=99, settings=Settings(), certify=certify, most_nuts=0)
    return judge(simulated, refits, seed=1, origin={})


@pytest.mark.slow
@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_found(monkeypatch, name):
    mistake = MISTAKES[name]
    simulated = mistake.planted(simulate(mistake.design(), FITS, seed=1), monkeypatch)
    found = calibrated(simulated)
    TELL("%s: %s %s", name, found.verdict.numbers, found.verdict.unmet)
    assert any("are not uniform" in why for why in found.verdict.unmet)


@pytest.mark.slow
@pytest.mark.parametrize("design", [plain, limits, precise, leak])
def test_the_same_without_a_mistake_is_not(design):
    found = calibrated(simulate(design(), FITS, seed=1))
    TELL("%s: %s %s", design.__name__, found.verdict.numbers, found.verdict.unmet)
    assert not any("are not uniform" in why for why in found.verdict.unmet), found.verdict.unmet
