"""Constants fitted to a course: that of volume kinetics itself gives its own back, whatever happened before."""

from dataclasses import replace
from math import log

import pytest

from cls_infer.cohort.records import Event
from cls_infer.cohort.scenario import Scenario
from cls_infer.model import load_model
from cls_infer.validation.batch import simulations_of
from cls_infer.validation.kinetics import Constant, Kinetics

ONE = {"V_c": 4.8, "k_10": 1.2, "k_12": 0.0}  # k_r of 96 mL/min
TWO = {"V_c": 3.2, "k_10": 0.9, "k_12": 3.1, "k_21": 1.1}
SINCE, SAMPLED = 1.75, tuple(round(n / 12, 9) for n in range(1, 49))


def infusion(start: float) -> Event:
    return Event("ringer", start, start + 0.5, 1.75, 1)


def run(name: str, changes: dict[str, float], *therapy: Event) -> Scenario:
    return Scenario(name, name, (), "", 6.0, 0.25, changes, tuple(therapy), ())


# a first litre of the same fluid is still there when the second comes
FIRST = Event("ringer", 0.0, 0.5, 1.0, 1)
RUNS = {
    one.name: one
    for one in (
        run("one", ONE, infusion(0.0)),
        run("two", TWO, infusion(0.0)),
        run("first", TWO, FIRST),
        run("both", TWO, FIRST, infusion(SINCE)),
        run("healthy until", TWO, infusion(SINCE)),
    )
}
FITS = {
    "one": Kinetics((RUNS["one"],), 1, SAMPLED),
    "one with urine": Kinetics((RUNS["one"],), 1, SAMPLED, urine=True),
    "two": Kinetics((RUNS["two"],), 2, SAMPLED),
    "two with urine": Kinetics((RUNS["two"],), 2, SAMPLED, urine=True),
    "two, later": Kinetics((RUNS["healthy until"],), 2, SAMPLED, since=SINCE),
    "two, less the first": Kinetics((RUNS["both"],), 2, SAMPLED, since=SINCE, less=RUNS["first"]),
    "two, less the first, urine": Kinetics((RUNS["both"],), 2, SAMPLED, since=SINCE, less=RUNS["first"], urine=True),
}


@pytest.fixture(scope="module")
def simulations():
    hours = {name: [0.0, SINCE, *SAMPLED, *[round(SINCE + h, 9) for h in SAMPLED]] for name in RUNS}
    return simulations_of(load_model("volume_kinetics"), RUNS, hours)


@pytest.mark.parametrize("name", FITS)
def test_volume_kinetics_gives_its_own_constants_back(simulations, name):
    fit = FITS[name]
    p = ONE if fit.volumes == 1 else TWO
    own = {"V": p["V_c"], "k_r": p["k_10"] * p["V_c"], "half_life": log(2) / p["k_10"]}
    own["V_total"] = p["V_c"] * (1 + p["k_12"] / p.get("k_21", 1.0))
    # haemoglobin and the solver are exact to 1e-8 a step; what is left is where the search stops
    found = {constant: Constant(constant, fit).number(simulations) for constant in own}
    assert found == pytest.approx(own, rel=1e-4)


def test_the_constant_of_several_runs_is_their_mean(simulations):
    fit = replace(FITS["one"], runs=(RUNS["one"], RUNS["two"]))
    alone = [Constant("V", replace(fit, runs=(one,))).number(simulations) for one in fit.runs]
    assert Constant("V", fit).number(simulations) == pytest.approx(sum(alone) / 2, rel=1e-12)
    # two volumes seen as one: larger than the first, smaller than both
    assert 3.2 < alone[1] < 3.2 * (1 + 3.1 / 1.1)


def test_a_constant_knows_its_unit_and_what_it_reads():
    assert Constant("k_r", FITS["one"]).unit({}) == "L/h"
    assert Constant("V", FITS["one"]).names == ("hemoglobin", "hematocrit")
    assert Constant("V", FITS["one with urine"]).names == ("hemoglobin", "hematocrit", "urine", "urine_rate")
