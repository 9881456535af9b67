"""What the priors predict before any data: patients that exist, solved, and inside physiology.

10,000 draws of every model: `./in-env pytest tests/models/test_prior_predictive.py -m slow -n 0 --log-cli-level=INFO`
"""

import logging
from functools import cache
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.cohort.scenario import read_scenario
from cls_infer.inference.prior_sample import sample_prior
from cls_infer.likelihood.batches import over_draws
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import available, load_model
from cls_infer.solve.lanes import STATUS_WORDS
from cls_infer.solve.plan import start_of
from cls_infer.solve.predict import along_route, at_stops
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import pointwise, reverse_solver

TELL = logging.getLogger(__name__).info
DRAWS = 10_000
TIMES = np.arange(0.0, 73.0, 3.0)
TREATED = {"burn": "burn_30_parkland"}
"""Nobody with a burn of half the skin lives for three days without fluid."""

CIRCULATION = ("V_p", "V_b")
"""Plasma or blood below its floor, a tenth of health, is death: the one end of a solve that the body knows too."""


PHYSIOLOGY = {
    "hematocrit": (0.25, 0.80),
    "albumin": (20.0, 50.0),
    "transcapillary_escape_rate": (0.01, 1.4),
    "lymph_flow": (0.03, 1.6),
}
"""Where 5 to 95 % of the extremes lie: haematocrit at its peak from the anaemic patient of `tagraxofusp` to attacks
(0.79), albumin at its lowest [g/L] from burns (23) on, escape [1/h] to that of attacks (1.38), `physiology.md` 10;
lymph [L/h] from the 0.076 of `xie_1995` to five times the 0.28 of health, its largest flow."""


class Predictive(NamedTuple):
    """Status [draw], whether the circulation had ended [draw], and quantities [draw, time] by name, the first at the
    start in health."""

    status: np.ndarray
    died: np.ndarray
    seen: dict[str, np.ndarray]

    def peak(self, name: str, *, sign: float = 1.0) -> np.ndarray:
        """Return the 5, 50 and 95 % of a quantity's largest value (smallest, with sign -1) among the solved."""
        extreme = sign * np.max(sign * self.seen[name][self.status == 0], axis=1)
        return np.quantile(extreme, (0.05, 0.5, 0.95))

    def in_health(self, name: str) -> np.ndarray:
        """Return the 5, 50 and 95 % of a quantity before the illness."""
        return np.quantile(self.seen[name][self.status == 0, 0], (0.05, 0.5, 0.95))


@cache
def predictive(name: str, draws: int) -> Predictive:
    """Return what draws from the prior of a model predict for an adult of 70 kg over three days."""
    model = load_model(name)
    rows = (Measurement(float(TIMES[-1]), next(iter(model.observables)), 0.42, 1),)
    therapy = read_scenario(TREATED[name]).therapy if name in TREATED else ()
    patient = Patient("P", {"weight": 70.0}, rows, therapy)
    target = posterior(model, Cohort("prior", (patient,), ""))
    system = target.system
    route = stack_routes([route_of(start_of(model, patient), TIMES.tolist(), therapy, slots=0)])
    solve = reverse_solver(system.rhs, system.floor, target.tolerance)

    def one(z):
        values, amounts = target.pooling.values(target.pooling.coordinates(z))
        along = along_route(system, solve, values, amounts, route)
        (seen,) = at_stops(pointwise(system.quantities), along)
        return along.status[0], jnp.any(along.y[0, -1][blood] < system.floor[blood]), seen

    blood = np.isin(list(model.states), CIRCULATION)
    status, died, table = over_draws(one, sample_prior(target, draws, seed=1), patients=1, lanes=500)
    names = [*model.observables, *model.derived]
    return Predictive(status, died, dict(zip(names, np.moveaxis(table, -1, 0), strict=True)))


def check_solved(found: Predictive) -> None:
    """At most one in a thousand living patients is not solved, and what is solved is finite."""
    unsolved = (found.status != 0) & ~found.died
    ends = {word: int(np.sum(found.status == code)) for code, word in STATUS_WORDS.items()}
    TELL("%d draws: %d not solved, %d died; %s", len(found.status), unsolved.sum(), found.died.sum(), ends)
    assert not np.any(found.died & (found.status == 0))
    assert unsolved.sum() <= 1e-3 * len(found.status)
    for name, values in found.seen.items():
        assert np.all(np.isfinite(values[found.status == 0])), name


@pytest.mark.slow
@pytest.mark.parametrize("name", available())
def test_ten_thousand_draws_are_solved(name):
    found = predictive(name, DRAWS)
    check_solved(found)
    for quantity in {"hematocrit", "albumin", "transcapillary_escape_rate", "lymph_flow"} & set(found.seen):
        sign = -1.0 if quantity == "albumin" else 1.0
        TELL(
            "%s %s: in health %s, extreme %s",
            name,
            quantity,
            found.in_health(quantity),
            found.peak(quantity, sign=sign),
        )


def inside(quantiles: np.ndarray, low: float, high: float) -> bool:
    return bool(low <= quantiles[0] and quantiles[-1] <= high)


@pytest.mark.parametrize("draws", [400, pytest.param(DRAWS, marks=pytest.mark.slow)])
def test_attacks_of_the_prior_are_attacks_that_were_seen(draws):
    """`physiology.md` 10: 5 to 95 % of 250 prior draws, each bound a tenth wider: 400 draws know a 5 % point of a
    lognormal with log-sd 0.15 to 3 %, and healthy ranges narrow the body a little."""
    found = predictive("clarkson_episode", draws)
    check_solved(found)
    assert inside(found.peak("hematocrit"), 0.51 / 1.1, 0.79 * 1.1)
    assert inside(found.peak("albumin", sign=-1.0), 26 / 1.1, 39 * 1.1)
    assert inside(found.peak("transcapillary_escape_rate"), 0.142 / 1.1, 1.38 * 1.1)
    assert inside(found.in_health("lymph_flow"), 3.9 / 24 / 1.1, 11.6 / 24 * 1.1)


def test_a_count_of_failures_sees_them():
    """One living patient in 500 not solved is too many; one who had died is none."""
    seen = {"hematocrit": np.ones((500, 2))}
    status = np.where(np.arange(500) == 7, 3, 0)
    nobody = np.zeros(500, bool)
    check_solved(Predictive(status, status > 0, seen))
    with pytest.raises(AssertionError):
        check_solved(Predictive(status, nobody, seen))
    with pytest.raises(AssertionError, match="hematocrit"):
        check_solved(Predictive(np.zeros(500), nobody, {"hematocrit": np.full((500, 2), np.nan)}))
