"""Simulated patients: truths of the prior that fits assume, charts as the data set's were made."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import kstest
from small_models import SD, measured, straight_line

from cls_infer.cohort.records import BETWEEN, Cohort, Event, Measurement, Patient
from cls_infer.errors import InputError
from cls_infer.inference.apart import Apart
from cls_infer.inference.copies import copies, each_apart
from cls_infer.inference.simulated import simulate
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model, normal
from cls_infer.model.spec import HealthyRange

GIVEN = Event("ringer", 0.0, 0.5, 1.75, 1)
ROWS = (
    Measurement(0.0, "hemoglobin", 130.0, 1, assay="ward"),
    Measurement(0.5, "hematocrit", 0.36, 2, censoring=-1),
    Measurement(1.0, "hematocrit", 0.36, 3, censoring=BETWEEN, upper=0.40),
    Measurement(1.5, "hemoglobin", 128.0, 4, time_sd=0.2, assay="laboratory"),
    Measurement(3.0, "urine", 0.2, 5, window=2.0, time_sd=0.2),
    Measurement(4.0, "albumin", 40.0, 6),
)


@pytest.fixture(scope="module")
def design():
    """Two patients, of whom the second has fewer rows; the model has no albumin."""
    first = Patient("A", {"weight": 70.0}, ROWS, (GIVEN,))
    second = Patient("B", {"weight": 60.0}, ROWS[:2], (replace(GIVEN, amount=None, median=1.0, gsd=1.5),))
    return each_apart(load_model("volume_kinetics"), Cohort("two", (first, second), ""))


@pytest.fixture(scope="module")
def simulated(design):
    return simulate(design, 61, seed=4)


def test_patients_take_turns_and_keep_their_design(design, simulated):
    """What is missing stays missing, what is a limit stays a limit, and nothing but values is new."""
    assert simulated.like.tolist()[:4] == [0, 1, 0, 1]
    for number, patient in enumerate(simulated.fit.cohort.patients):
        like = design.cohort.patients[simulated.like[number]]
        assert (patient.covariates, patient.therapy) == (like.covariates, like.therapy)
        kept = [m for m in like.measurements if m.variable != "albumin"]
        blank = {"value": 0.0, "upper": None, "censoring": 0}
        assert [replace(m, **blank) for m in patient.measurements] == [replace(m, **blank) for m in kept]


def test_limits_and_intervals_are_reported_where_values_lie_beyond(simulated):
    limits = [patient.measurements[1] for patient in simulated.fit.cohort.patients]
    assert {m.censoring for m in limits} == {-1, 0}
    assert all(m.value == 0.36 if m.censoring else m.value > 0.36 for m in limits)
    intervals = [patient.measurements[2] for patient in simulated.fit.cohort.patients[::2]]
    assert {m.censoring for m in intervals} <= {-1, 1, BETWEEN}
    assert all((m.value, m.upper) == (0.36, 0.40) for m in intervals if m.censoring == BETWEEN)


def test_the_plan_holds_what_the_cohort_holds(simulated):
    """A copy's own likelihood is that of its patient read as a data set."""
    one = copies(simulated.fit, [4])
    again = each_apart(one.model, one.cohort)
    own = [Apart(one).labels.index(label) for label in Apart(again).labels]
    point = np.random.default_rng(1).standard_normal((1, Apart(one).dimension))
    rest = np.delete(point, own, axis=1)  # what the other patient has: an amount that was not charted
    expected = Apart(again).log_posterior(point[:, own], np.zeros(1, int)) - 0.5 * np.sum(rest**2)
    np.testing.assert_allclose(Apart(one).log_posterior(point, np.zeros(1, int)), expected, rtol=1e-9)


def test_every_copy_has_an_offset_of_its_own(simulated):
    assert "offset_hemoglobin[ward]" in Apart(simulated.fit).labels
    assert simulated.truth.shape == (61, Apart(simulated.fit).dimension)


def test_values_scatter_about_the_truth_as_the_model_says():
    """1,000 patients of a line: standardised residuals of the values about the truth's line are standard normal."""
    times = (0.0, 1.0, 5.0)
    found = simulate(posterior(straight_line(), measured(times, (1.0, 1.0, 1.0))), 1000, seed=1)
    a, b = (3.0 + 2.0 * found.truth[:, 0], 0.4 * found.truth[:, 1])
    line = a[:, None] + b[:, None] * np.array(times)
    assert kstest(((found.fit.plan.chart.value - line) / SD).ravel(), "norm").pvalue > 0.01
    assert all(kstest(column, "norm").pvalue > 0.01 for column in found.truth.T)


def test_an_uncertain_time_scatters_the_sample():
    """On a steep line that nothing else moves: sd of the values is slope times `time_sd`, besides the noise."""
    steep = posterior(straight_line(), measured((0.0, 5.0), (1.0, 1.0)), fixed={"b": 4.0})
    patient = steep.cohort.patients[0]
    rows = (patient.measurements[0], replace(patient.measurements[1], time_sd=0.5))
    cohort = replace(steep.cohort, patients=(replace(patient, measurements=rows),))
    found = simulate(posterior(straight_line(), cohort, fixed={"b": 4.0}), 300, seed=2)
    away = found.fit.plan.chart.value - (3.0 + 2.0 * found.truth[:, :1]) - 4.0 * np.array([[0.0, 5.0]])
    # four standard errors of a standard deviation of 300 values
    np.testing.assert_allclose(away.std(axis=0), [SD, np.hypot(SD, 4.0 * 0.5)], rtol=4 / np.sqrt(600))


def test_truths_have_the_prior_within_its_healthy_ranges():
    """Normal(3, 2) times a range of Normal(5, 1) is normal with precision 1/4 + 1."""
    known = HealthyRange("g/L", lambda p, h: p.a, normal(5.0, 1.0), "a test")
    ranged = replace(straight_line(), healthy_ranges={"a": known})
    found = simulate(posterior(ranged, measured((0.0, 1.0), (1.0, 1.0))), 500, seed=3)
    a = 3.0 + 2.0 * found.truth[:, 0]
    assert kstest((a - (3 / 4 + 5) / 1.25) * np.sqrt(1.25), "norm").pvalue > 0.01
    assert kstest(found.truth[:, 1], "norm").pvalue > 0.01
    assert found.drawn.unhealthy == found.drawn.truths - 500 > 100


def test_those_who_died_are_counted_and_replaced():
    """Half of all die whatever their truth: as many are drawn again, and nothing else is lost."""
    mortal = replace(straight_line(), log_survival=lambda y: jnp.log(0.5) + 0 * y.x)
    found = simulate(posterior(mortal, measured((0.0, 1.0), (1.0, 1.0))), 200, seed=3)
    assert (found.drawn.unhealthy, found.drawn.failed) == (0, 0)
    assert found.drawn.truths == 200 + found.drawn.died
    assert 120 < found.drawn.died < 290  # negative binomial: mean 200, sd 20


def test_the_same_seed_gives_the_same_patients(design, simulated):
    again = simulate(design, 61, seed=4)
    np.testing.assert_array_equal(again.truth, simulated.truth)
    assert again.fit.cohort == simulated.fit.cohort


def test_no_fits_are_refused(design):
    with pytest.raises(InputError, match="0 fits"):
        simulate(design, 0, seed=1)
