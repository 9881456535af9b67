"""The method of a fit follows from its problem: stability against accuracy, at the prior and at the mode."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest

from cls_infer.cohort import read_cohort
from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.cohort.shipped import shipped_folder
from cls_infer.inference.accuracy import tolerance_at
from cls_infer.inference.method import choosing, stiff_after_all, with_method
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import Model, Observable, Parameter, State, load_model, lognormal, normal_noise


class Flows(NamedTuple):
    x: Any
    v: Any
    mu: Any


def oscillation(median):
    """Van der Pol's oscillator, its damping lognormal about `median`, seen at a few hours."""
    model = Model(
        "A relaxation oscillation.",
        {"mu": Parameter("1", lognormal(median, 0.1), "a test")},
        {"x": State("1", lambda p, h: 2.0), "v": State("1", lambda p, h: 0.0)},
        lambda p: (),
        lambda t, y, p, h, u: Flows(y.x, y.v, p.mu),
        lambda f, y, p, h, u: {"x": f.v, "v": f.mu * (1 - f.x**2) * f.v - f.x},
        observables={"albumin": Observable("g/L", lambda f: f.x, normal_noise(0.1))},
        name="oscillation",
    )
    rows = tuple(Measurement(t, "albumin", 1.0, n) for n, t in enumerate((1.0, 2.0, 3.0)))
    return posterior(model, Cohort("one", (Patient("P1", {}, rows, ()),), ""), tolerance=tolerance_at(1e-5))


@pytest.mark.parametrize(("damping", "method"), [(0.5, "tsit5"), (1000.0, "ros34pw2")])
def test_a_stiff_problem_has_the_l_stable_method_and_a_tame_one_the_explicit(damping, method):
    target, chosen = with_method(oscillation(damping), seed=1)
    assert chosen.method == target.tolerance.method == method
    assert "stability asks an explicit method for" in chosen.why and "accuracy for" in chosen.why
    assert target.tolerance._replace(method="auto") == tolerance_at(1e-5)


def test_a_method_that_is_named_stays():
    named = oscillation(1000.0)
    named = replace(named, tolerance=named.tolerance._replace(method="tsit5"))
    target, chosen = with_method(named, seed=1)
    assert target is named and chosen.method == "tsit5" and chosen.why == "asked for"


def test_a_mode_that_is_stiffer_than_the_prior_has_the_last_word():
    target, _ = with_method(oscillation(0.5), seed=1)
    assert stiff_after_all(target, np.array([0.0])) is None
    stiff = stiff_after_all(target, np.array([80.0]))  # exp(8) times the median
    assert stiff is not None and stiff.method == "ros34pw2"


def test_one_draw_that_all_but_runs_out_of_steps_is_enough():
    """Of dampings 0.5, 0.5 and 0.5 exp(6) or exp(8) the last asks for some 600 or 4500 steps; 5477 are there."""
    choose = choosing(oscillation(0.5))
    assert choose(np.array([[0.0], [0.0], [60.0]])).method == "tsit5"
    assert choose(np.array([[0.0], [0.0], [80.0]])).method == "ros34pw2"


def test_where_nothing_can_be_solved_the_l_stable_method_stays():
    target = oscillation(0.5)
    none = replace(target, tolerance=target.tolerance._replace(max_steps=2))
    assert choosing(none)(np.zeros((1, 1))) == ("ros34pw2", "no course could be solved to tell")


def test_an_episode_of_leak_keeps_the_implicit_method():
    target = posterior(load_model("clarkson_episode"), read_cohort(shipped_folder() / "clarkson_a"))
    assert with_method(target, seed=1)[1].method == "ros34pw2"  # a third of the time: docs/evidence/method.md
