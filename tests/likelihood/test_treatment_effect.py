"""A treatment's effect in a fit: free where it was given, and the data know which way it goes."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import Course, Lane, courses

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.model.prior import Fixed, LogNormal
from cls_infer.results.values import known_values
from cls_infer.solve.lanes import Tolerance

MODEL = load_model("two_pore")
TRUTH = float(np.log(0.5))
STEROID = Event("steroid", 4.0, 24.0, 1.0, row=1)
HOURS = (2.0, 4.0, 6.0, 9.0, 12.0, 18.0, 24.0)


def charted(course: Course) -> tuple[Measurement, ...]:
    """Return what a course shows, without noise."""
    return tuple(
        Measurement(hour, variable, float(value), row=1)
        for variable in ("hematocrit", "albumin")
        for hour, value in zip(HOURS, course.seen[variable], strict=True)
    )


@pytest.fixture(scope="module")
def cohort():
    """Reference adults of whom a steroid halves the excess of large pores in two."""
    given = {"P1": (8.0, (STEROID,)), "P2": (5.0, (STEROID,)), "P3": (6.0, ())}
    lanes = [Lane(HOURS, {"m_L": m_L, "beta_steroid": TRUTH}, therapy) for m_L, therapy in given.values()]
    shown = zip(given.items(), courses("two_pore", lanes), strict=True)
    patients = [Patient(name, {}, charted(course), therapy) for (name, (_, therapy)), course in shown]
    return Cohort("made", tuple(patients), "0" * 64)


@pytest.fixture(scope="module")
def target(cohort):
    """The target with all but the leak and the steroid's effect held at the reference adult's."""
    free = {"m_L", "beta_steroid"}
    known = {
        name: float(MODEL.reference_value(name))
        for name, parameter in MODEL.parameters.items()
        if name not in free and not isinstance(parameter.prior_of({}), Fixed)
    }
    return posterior(MODEL, cohort, fixed=known, tolerance=Tolerance(rtol=1e-8, atol=1e-10, max_steps=4000))


@pytest.fixture(scope="module")
def looked_at(target):
    """The log density without the prior, and its gradient, at the truth and about it."""
    labels = target.pooling.labels()
    assert labels == ["m_L[P1]", "m_L[P2]", "m_L[P3]", "beta_steroid"]
    sepsis = MODEL.parameters["m_L"].prior_of({})
    assert isinstance(sepsis, LogNormal)
    z = jnp.array([*(sepsis.coordinate(m_L) for m_L in (8.0, 5.0, 6.0)), TRUTH / 0.5])
    step = 1e-3
    look = jax.jit(jax.vmap(jax.value_and_grad(target.log_factor)))
    away = jnp.array([0.0, step, -step, 0.3, 0.3 + step, 0.3 - step, -TRUTH / 0.5])
    values, slopes = look(z[None] + away[:, None] * jnp.array([[0.0, 0.0, 0.0, 1.0]]))
    return np.asarray(values), np.asarray(slopes)[:, 3], step


def test_the_gradient_by_a_treatments_effect_is_the_slope(looked_at):
    values, slopes, step = looked_at
    difference = (values[4] - values[5]) / (2 * step)
    assert abs(difference) > 1
    np.testing.assert_allclose(slopes[3], difference, rtol=1e-4)  # step squared, and the solver's 1e-8 over the step


def test_what_a_steroid_did_is_where_the_likelihood_peaks(looked_at):
    values, slopes, _ = looked_at
    # health enters too, but the steroid does not: at the truth the measurements are met and the slope is none
    assert abs(slopes[0]) < 1e-3 * abs(slopes[3])
    assert values[0] > values[3] and values[0] > values[6] + 10  # the last is: no effect


def test_the_untreated_have_nothing_to_say_of_it(cohort, target):
    untreated = replace(cohort, patients=cohort.patients[2:])
    held = {name: number for name, number in target.pooling.held.items() if not name.startswith("beta")}
    alone = posterior(MODEL, untreated, fixed=dict(held))
    assert alone.pooling.labels() == ["m_L[P3]"]
    known = known_values(alone)
    assert float(known["beta_steroid"]) == 0.0 and known["beta_steroid"].attrs["unit"] == "1"
    assert "beta_steroid" not in known_values(target)
