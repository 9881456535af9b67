"""What cannot be solved is refused in words: times, therapy, parameters, lanes, tolerances; nothing is guessed."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer import Tolerance, simulate
from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.errors import InputError
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fit import fit
from cls_infer.solve.lanes import Case, Forcing, Route
from cls_infer.solve.simulate import Run, simulate_together
from cls_infer.solve.states import forward_solver, reverse_solver

MODEL = load_model("volume_kinetics")
RINGER = Event("ringer", 0.0, 0.5, 1.0, row=4)
HOURS = (0.0, 1.0, 2.0)


def refused(call):
    with pytest.raises(InputError) as caught:
        call()
    return caught.value.problems


RUNS = {  # what is wrong: (run, where, row, words of the message, words of the remedy)
    "times that go back": (Run((0.0, 2.0, 1.0)), "times", None, "number 3: 1 h comes after 2 h", "in order"),
    "a time given twice": (Run((0.0, 1.0, 1.0)), "times", None, "number 3: 1 h is there twice", "once"),
    "a time before the start": (
        Run((-1.0, 1.0)),
        "times",
        None,
        "number 1: -1 h is not a time from 0 h",
        "starts in health",
    ),
    "a time that is none": (Run((0.0, np.nan)), "times", None, "number 2: nan h is not a time", "starts in health"),
    "no time": (Run(()), "times", None, "there is none", "at least one"),
    "therapy before the start": (
        Run(HOURS, {}, (replace(RINGER, start=-3.0),)),
        *("therapy", 4, "`ringer` starts at -3 h, outside the simulated 0 to 2 h", "correct the time"),
    ),
    "therapy after the end": (
        Run(HOURS, {}, (replace(RINGER, start=2.0, end=3.0),)),
        *("therapy", 4, "`ringer` starts at 2 h, outside the simulated 0 to 2 h", "simulate longer"),
    ),
    "therapy that ends before it starts": (
        Run(HOURS, {}, (replace(RINGER, start=1.0),)),
        *("therapy", 4, "ends at 0.5 h, before it starts at 1 h", "swap"),
    ),
    "therapy of NaN": (Run(HOURS, {}, (replace(RINGER, amount=np.nan),)), "therapy", 4, "amount nan", "finite"),
    "therapy nobody charted": (Run(HOURS, {}, (replace(RINGER, amount=None),)), "therapy", 4, "no amount", "needs one"),
    "therapy nobody knows": (
        Run(HOURS, {}, (replace(RINGER, item="ringr"),)),
        *("therapy", 4, "unknown item `ringr`", "did you mean `ringer`?"),
    ),
    "a parameter of NaN": (Run(HOURS, {"k_10": np.nan}), "--set", None, "`k_10` is nan", "the reference adult has 0.5"),
    "an infinite parameter": (Run(HOURS, {"k_10": np.inf}), "--set", None, "`k_10` is inf", "a finite number"),
    "an unknown parameter": (Run(HOURS, {"k10": 1.0}), "--set", None, "no parameter `k10`", "did you mean `k_10`?"),
}


@pytest.mark.parametrize(("run", "where", "row", "words", "remedy"), RUNS.values(), ids=RUNS)
def test_what_cannot_be_simulated_is_refused(run, where, row, words, remedy):
    (problem,) = refused(lambda: simulate_together(MODEL, [Run(HOURS), run]))
    assert (problem.where, problem.row) == (where, row)
    assert words in problem.message and remedy in problem.remedy


def test_every_run_is_told_at_once():
    assert len(refused(lambda: simulate_together(MODEL, [run for run, *_ in RUNS.values()]))) == len(RUNS)


def test_no_run_is_refused():
    (problem,) = refused(lambda: simulate_together(MODEL, []))
    assert "there is no run" in problem.message


@pytest.mark.parametrize(("hours", "every"), [(0.0, 1.0), (np.nan, 1.0), (np.inf, 1.0), (2.0, 0.0), (2.0, -1.0)])
def test_impossible_hours_are_refused(hours, every):
    (problem,) = refused(lambda: simulate(MODEL, hours=hours, every=every))
    assert "is not a time above 0 h" in problem.message and problem.remedy


def test_a_simulation_refuses_what_its_run_cannot_have():
    late = replace(RINGER, start=60.0, end=61.0)
    problems = refused(lambda: simulate(MODEL, changes={"k_10": np.nan}, therapy=(late,)))
    assert [problem.where for problem in problems] == ["--set", "therapy"]


def test_a_simulation_needs_to_know_when_an_infusion_ends():
    (problem,) = refused(lambda: simulate(MODEL, therapy=(replace(RINGER, end_sd=0.1),)))
    assert "uncertain end" in problem.message


def route(start, stops):
    """A lane's way without therapy."""
    stops = np.array([stops], float)
    return Route(
        np.array([start], float), stops, Forcing(np.zeros((1, stops.shape[1], 1)), np.zeros((1, stops.shape[1], 0, 1)))
    )


def decay(t, y, numbers, u):
    return -numbers * y


CASE = Case(jnp.ones((1, 1)), jnp.zeros((1, 0)))
SOLVERS = {"reverse": reverse_solver, "forward": forward_solver}


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
@pytest.mark.parametrize(
    ("start", "stops"),
    [(0.0, [2.0, 1.0]), (3.0, [1.0, 2.0]), (0.0, [1.0, np.nan]), (np.nan, [1.0, 2.0])],
    ids=["unsorted", "before the start", "NaN", "no start"],
)
def test_stops_that_do_not_go_forward_are_refused(solver, start, stops):
    solve = solver(decay, np.zeros(1), Tolerance())
    (problem,) = refused(lambda: solve(jnp.ones((1, 1)), CASE, route(start, stops)))
    assert "lane 0 has the start and stops" in problem.message and "sort them" in problem.remedy


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_a_repeated_stop_has_the_same_state_twice(solver):
    """Lanes of different lengths rest at their last stop."""
    solve = jax.jit(
        lambda y0: solver(decay, np.zeros(1), Tolerance(rtol=1e-9, atol=1e-12))(y0, CASE, route(0.0, [1.0, 1.0]))
    )
    states, status = solve(jnp.ones((1, 1)))
    assert status.tolist() == [0] and float(states[0, 0, 0]) == float(states[0, 1, 0])
    np.testing.assert_allclose(states[0, 0, 0], np.exp(-1.0), rtol=1e-8)


def one_patient(**changes):
    rows = (Measurement(1.0, "hematocrit", 0.4, 2),)
    return Cohort("one", (replace(Patient("P1", {"weight": 70.0}, rows, (RINGER,)), **changes),), "")


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_fit_refuses_to_hold_a_parameter_at_no_number(number):
    (problem,) = refused(lambda: fit(one_patient(), MODEL, fixed={"k_10": number}))
    assert f"`k_10` is held at {number:g}" in problem.message and "finite" in problem.remedy


@pytest.mark.parametrize("rtol", [0.0, -1e-4, np.nan])
def test_a_fit_refuses_a_tolerance_that_no_step_can_meet(rtol):
    (problem,) = refused(lambda: fit(one_patient(), MODEL, settings=Settings(rtol=rtol)))
    assert problem.where == "settings.rtol" and problem.message == f"is {rtol:g}" and "1e-9" in problem.remedy


def test_a_posterior_refuses_a_tolerance_of_0():
    target = posterior(MODEL, one_patient(), tolerance=Tolerance(atol=0.0))
    (problem,) = refused(lambda: target.log_factor(jnp.zeros(target.pooling.dimension)))
    assert "`atol` is 0" in problem.message


def test_a_fit_of_nobody_is_refused():
    (problem,) = refused(lambda: fit(Cohort("empty", (), ""), MODEL))
    assert "`empty` has no patient" in problem.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"end": -1.0}, "ends at -1 h"),
        ({"start": np.nan}, "from nan to 0.5 h"),
        ({"item": "ringr"}, "unknown item"),
        ({"end_sd": -0.1}, "uncertain by -0.1 h"),
        ({"end_sd": 0.5}, "runs for 0.5 h, its end uncertain by 0.5 h"),
        ({"end_sd": 0.1, "amount": None, "low": 0.5, "high": 1.0}, "neither an amount nor a certain end"),
    ],
    ids=["reversed", "NaN", "unknown", "negative sd", "long sd", "two unknowns"],
)
def test_a_fit_refuses_broken_therapy(change, words):
    (problem,) = refused(lambda: fit(one_patient(therapy=(replace(RINGER, **change),)), MODEL))
    assert (problem.where, problem.row) == ("therapy.csv", 4) and words in problem.message and problem.remedy


def test_a_fit_refuses_a_measurement_at_no_time():
    (problem,) = refused(lambda: fit(one_patient(measurements=(Measurement(np.nan, "hematocrit", 0.4, 7),)), MODEL))
    assert problem.row == 7 and "nan among its numbers" in problem.message
