"""What a further measurement tells: a straight line in closed form, volume kinetics against the measurement made."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from results.made_up import chart
from small_models import line_posterior, measured, product, straight_line

from cls_infer.cohort.records import Cohort, Measurement
from cls_infer.errors import InputError
from cls_infer.inference.gauss_newton import expand
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.design import Question, best_of_each, design, design_before_fit, design_of_run
from cls_infer.results.outlook import outlook
from cls_infer.solve.lanes import Tolerance

TIMES = (0.0, 1.0, 4.0, 9.0)


@pytest.fixture(scope="module")
def line():
    return posterior(straight_line(), measured(TIMES, (3.1, 3.4, 3.3, 4.9)))


def test_of_a_straight_line_the_expected_posterior_is_least_squares_with_one_more_point(line):
    found = design(line, np.zeros((1, 2)), Question(at=(2.0, 20.0), quantities=("a", "b")))
    before = np.sqrt(np.diag(line_posterior(TIMES, np.zeros(4))[1]))
    for one in found:
        (time,) = one.times
        after = np.sqrt(np.diag(line_posterior((*TIMES, time), np.zeros(5))[1]))
        which = "ab".index(one.quantity)
        # nothing is integrated: rounding; the logarithm is not taken, either may be negative
        np.testing.assert_allclose([one.sd_now, one.sd_then], [before[which], after[which]], rtol=1e-9)
        assert not one.logarithmic and one.variable == "albumin"
    assert [one.shrinks for one in found] == sorted((one.shrinks for one in found), reverse=True)
    best = next(one for one in found if one.quantity == "b")
    assert best.times == (20.0,)  # the slope is told from afar


def test_a_series_is_one_candidate(line):
    (a,) = design(line, np.zeros((1, 2)), Question(at=(2.0, 20.0), quantities=("a",), series=True))
    exact = np.sqrt(np.diag(line_posterior((*TIMES, 2.0, 20.0), np.zeros(6))[1]))[0]
    np.testing.assert_allclose(a.sd_then, exact, rtol=1e-9)
    assert a.times == (2.0, 20.0)


def test_what_varies_is_told_where_it_strays_farthest(line):
    (one,) = design(line, np.array([[0.0, 1.0]]), Question(at=(12.0,), quantities=("albumin",)))
    assert one.when == 9.0 and one.logarithmic
    X = np.array([1.0, 9.0])
    y = 3.0 + 0.4 * 9
    np.testing.assert_allclose(one.sd_now, np.sqrt(X @ line_posterior(TIMES, np.zeros(4))[1] @ X) / y, rtol=1e-9)


def test_times_run_half_as_far_again_as_the_chart(line):
    found = design(line, np.zeros((1, 2)))
    times = sorted({one.times[0] for one in found})
    assert (len(times), times[0], times[-1]) == (13, 0.0, 13.5)


def test_the_average_over_points_is_of_variances():
    target = posterior(product(), measured(TIMES, (2.0, 2.0, 3.0, 4.0)))
    z = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    each = [outlook(target, one[None], patient="P1", at=(5.0,)).sd_now for one in z]
    np.testing.assert_allclose(outlook(target, z, patient="P1", at=(5.0,)).sd_now ** 2, np.mean(np.square(each), 0))


def test_names_that_are_not_there_are_told_together(line):
    with pytest.raises(InputError) as error:
        design(line, np.zeros((1, 2)), Question(quantities=("c",), variables=("cvp",), patients=("P9",), at=()))
    assert [problem.where for problem in error.value.problems] == ["--quantity", "--variable", "--patient", "--at"]


@pytest.fixture(scope="module")
def infused(target):
    """Volume kinetics of one patient, a point, and the same with every observable measured once more at 3 h."""
    z = jnp.asarray(0.5 * np.random.default_rng(4).standard_normal((1, target.pooling.dimension)))
    (patient,) = target.cohort.patients
    values = {name: 130.0 if name == "hemoglobin" else 0.3 for name in target.model.observables}
    for _ in range(2):  # first to see the predictions, then with them as values: scatter is a share of the value
        more = tuple(
            Measurement(3.0, name, value, 90 + i, window=2.0 if name == "urine" else 0.0)
            for i, (name, value) in enumerate(values.items())
        )
        longer = replace(patient, measurements=(*patient.measurements, *more))
        further = posterior(target.model, Cohort("further", (longer,), ""), tolerance=FINE)
        mean = np.asarray(further.predicted(further.pooling.coordinates(z[0])).mean)[0, -len(values) :]
        values = dict(zip(values, map(float, mean), strict=True))
    return replace(target, tolerance=FINE), further, z


FINE = Tolerance(rtol=1e-8, atol=1e-10)


def test_a_candidate_tells_what_the_measurement_would(infused):
    """Every kind of noise, and urine over its window: together they add to the curvature what they add when made."""
    target, further, z = infused
    seen = outlook(target, z, patient="P1", at=(3.0,), window=2.0)
    rows = seen.rows[0, 0]
    with_it, without = (jax.jit(lambda at, one=one: expand(one, at).curvature[0])(z) for one in (further, target))
    expected = np.asarray(with_it - without)
    assert np.all(np.abs(rows).max(axis=1) > 0)
    # two solves at 1e-8 with different stops
    np.testing.assert_allclose(rows.T @ rows, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_before_a_fit_it_is_averaged_about_the_mode(line):
    (b,) = design_before_fit(straight_line(), line.cohort, Question(at=(20.0,), quantities=("b",)), points=3)
    before, after = (np.sqrt(line_posterior(times, np.zeros(len(times)))[1][1, 1]) for times in (TIMES, (*TIMES, 20.0)))
    np.testing.assert_allclose([b.sd_now, b.sd_then], [before, after], rtol=1e-9)


def test_of_a_run_it_is_averaged_over_its_draws(fit, target, kinetics):
    asked = Question(at=(3.0,), quantities=("k_10",), variables=("urine",))
    (found,) = design_of_run(fit.tree, kinetics, asked, points=5)
    z = fit.tree["unconstrained_posterior"]["z"].values.reshape(-1, target.pooling.dimension)
    few = z[np.linspace(0, len(z) - 1, 5).astype(int)]
    (direct,) = design(target, few, asked)
    # the tolerance of the fit is kept
    np.testing.assert_allclose([found.sd_now, found.sd_then], [direct.sd_now, direct.sd_then], rtol=1e-9)


def test_patients_who_share_nothing_are_looked_at_alone(kinetics):
    """As a patient alone: the other one's parameters are no part of the sum."""
    cohort = chart("P1", "P2")
    both = posterior(kinetics, cohort)
    alone = posterior(kinetics, replace(cohort, patients=cohort.patients[1:]))
    z = 0.3 * np.random.default_rng(0).standard_normal((2, alone.pooling.dimension))
    whole = np.zeros((2, both.pooling.dimension))
    whole[:, [label.endswith("[P2]") for label in both.pooling.labels()]] = z
    asked = Question(at=(3.0,), quantities=("k_10",), patients=("P2",))
    assert design(both, whole, asked) == design(alone, z, asked)


def test_the_best_of_each_quantity_is_its_first(line):
    found = design(line, np.zeros((1, 2)), Question(at=(2.0, 20.0), quantities=("a", "b")))
    best = best_of_each(found, by_variable=False)
    assert {one.quantity for one in best} == {"a", "b"} and len(best) == 2
    assert all(one.shrinks == max(each.shrinks for each in found if each.quantity == one.quantity) for one in best)
