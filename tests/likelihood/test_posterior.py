"""The target of a fit: each measurement once, padding nothing, failures finite and flat."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.errors import InputError
from cls_infer.likelihood.posterior import FAILED, posterior
from cls_infer.model import load_model
from cls_infer.solve.lanes import NO_HEALTH, OK, OUT_OF_BOUNDS, STEP_LIMIT, Tolerance


@pytest.fixture(scope="module")
def target(kinetics, two_patients):
    return posterior(kinetics, two_patients)


@pytest.fixture(scope="module")
def look(target):
    """Predictions, pointwise densities, totals by patient and status at z."""

    @jax.jit
    def look(z):
        coordinates = target.pooling.coordinates(z)
        predicted = target.predicted(coordinates)
        return predicted, target.pointwise(coordinates, predicted), *target.by_patient(coordinates)

    return look


@pytest.fixture(scope="module")
def z(target):
    return jnp.asarray(0.3 * np.random.default_rng(4).standard_normal(target.pooling.dimension))


def test_every_measurement_has_the_density_of_its_noise(target, look, z):
    predicted, pointwise, *_ = look(z)
    mean, time_variance = np.asarray(predicted.mean), np.asarray(predicted.time_variance)
    first, second = (p.measurements for p in target.cohort.patients)
    expected = [
        stats.norm(mean[0, 0], 0.01).logpdf(first[0].value),
        stats.norm(mean[0, 1], 0.01).logpdf(first[1].value),
        stats.norm(mean[0, 2], 3.0).logpdf(first[2].value),
        stats.norm(mean[0, 3], 0.03 + 0.10 * mean[0, 3]).logpdf(first[3].value),
        stats.norm(mean[0, 4], 0.01).logsf(first[4].value),  # the true value lies above
    ]
    np.testing.assert_allclose(pointwise[0], expected, rtol=1e-9)
    late = stats.norm(mean[1, 0], np.sqrt(0.01**2 + time_variance[1, 0])).logpdf(second[0].value)
    converted = stats.norm(mean[1, 1], np.hypot(0.02, 0.02)).logpdf(second[1].value)
    np.testing.assert_allclose(pointwise[1, :2], [late, converted], rtol=1e-9)
    assert time_variance[1, 0] > 1e-5
    assert np.count_nonzero(time_variance) == 1  # the others know their time


def test_how_long_an_infusion_ran_moves_the_density(kinetics, two_patients):
    """At its stated end it is the infusion of a certain end; from there on the slope is that of differences."""
    one = replace(two_patients, patients=two_patients.patients[:1])
    (patient,) = one.patients
    (given,) = patient.therapy
    fine = Tolerance(rtol=1e-10, atol=1e-12, max_steps=4000)

    def density(event):
        target = posterior(kinetics, replace(one, patients=(replace(patient, therapy=(event,)),)), tolerance=fine)
        return target, jax.jit(jax.value_and_grad(target.log_factor))

    _, stated = density(given)
    target, look = density(replace(given, end_sd=0.2))
    assert target.pooling.labels()[-1] == "ringer_0h_duration[P1]"
    z = jnp.zeros(target.pooling.dimension)
    np.testing.assert_allclose(look(z)[0], stated(z[:-1])[0], rtol=1e-9)  # a stop at 0.5 h all the same
    for at in (-0.8, 0.3):
        here = z.at[-1].set(at)
        ahead, behind = (look(here.at[-1].add(step))[0] for step in (1e-4, -1e-4))
        # half of the third derivative times 1e-8, and the solver's 1e-10 over 1e-4
        np.testing.assert_allclose(look(here)[1][-1], (ahead - behind) / 2e-4, rtol=1e-5)


def test_padding_contributes_nothing(look, z):
    _, pointwise, totals, *_ = look(z)
    assert np.all(np.asarray(pointwise)[1, 2:] == 0.0)
    np.testing.assert_allclose(totals, np.sum(pointwise, axis=1), rtol=1e-12)


def test_a_patient_alone_has_the_likelihood_of_the_cohort(kinetics, two_patients, target, look, z):
    totals = look(z)[2]
    labels = target.pooling.labels()
    for i, patient in enumerate(two_patients.patients):
        alone = posterior(kinetics, Cohort("one", (patient,), ""))
        own = jnp.array([z[labels.index(label)] for label in alone.pooling.labels()])
        np.testing.assert_allclose(jax.jit(alone.log_factor)(own), totals[i], rtol=1e-9)


def test_a_measurement_the_model_does_not_predict_changes_nothing(kinetics, two_patients, look, z):
    first, second = two_patients.patients
    more = replace(first, measurements=(*first.measurements, Measurement(1.0, "albumin", 30.0, 9)))
    target = posterior(kinetics, replace(two_patients, patients=(more, second)))
    np.testing.assert_allclose(jax.jit(target.log_factor)(z), jnp.sum(look(z)[2]), rtol=1e-12)
    assert [u.row for u in target.plan.unused] == [9]


@pytest.fixture(scope="module")
def starved(kinetics, two_patients):
    """A target whose every solve runs out of steps."""
    return posterior(kinetics, two_patients, tolerance=Tolerance(max_steps=2))


def test_a_failed_solve_is_finite_and_flat(starved, z):
    def total(z):
        each, _, status = starved.by_patient(starved.pooling.coordinates(z))
        return jnp.sum(each), (each, status)

    (_, (each, status)), slope = jax.jit(jax.value_and_grad(total, has_aux=True))(z)
    assert each.tolist() == [FAILED, FAILED]
    assert status.tolist() == [STEP_LIMIT, STEP_LIMIT]
    assert np.all(np.asarray(slope) == 0.0)
    assert np.isfinite(FAILED)


def test_a_body_without_a_steady_state_is_a_wall_and_leaves_the_other_alone(kinetics, two_patients, look, z):
    """The second patient weighs 55 kg; of such a one it is said here that nothing stands still."""
    restless = replace(kinetics, imbalance=lambda p, h: jnp.where(p.BW < 60, 1e-3, 0.0))
    target = posterior(restless, two_patients)

    def totals(z):
        totals, health, status = target.by_patient(target.pooling.coordinates(z))
        return totals + health, (target.predicted(target.pooling.coordinates(z)).mean, status)

    (each, (mean, status)), slope = jax.jit(lambda z: (totals(z), jax.jacrev(lambda z: totals(z)[0])(z)))(z)
    assert status.tolist() == [OK, NO_HEALTH]
    assert float(each[1]) == FAILED and np.all(np.asarray(slope[1]) == 0.0)
    assert np.all(np.isfinite(mean))
    np.testing.assert_allclose(each[0], look(z)[2][0], rtol=1e-12)
    assert np.any(np.asarray(slope[0]) != 0.0) and np.all(np.isfinite(slope[0]))


@pytest.mark.parametrize("predict", ["predict", "predict_forward"])
def test_a_real_body_without_a_steady_state_has_finite_flat_predictions(predict, two_patients):
    """Lymph carries off more albumin than the wall of `one_pore` lets through."""
    target = posterior(load_model("one_pore"), two_patients, fixed={"TER_0": 0.002})
    z = jnp.zeros(target.pooling.dimension)

    def seen(z):
        values, amounts = target.pooling.values(target.pooling.coordinates(z))
        found = getattr(target, predict)(values, amounts, target.plan.route, target.plan.chart)
        return jnp.where((found.status == NO_HEALTH)[:, None], 0.0, found.mean), found

    derive = jax.jacrev if predict == "predict" else jax.jacfwd
    slope, found = jax.jit(derive(seen, has_aux=True))(z)
    assert found.status.tolist() == [NO_HEALTH, NO_HEALTH]
    assert all(np.all(np.isfinite(a)) for a in (found.mean, found.time_variance, found.in_health, slope))
    assert np.all(np.asarray(slope) == 0.0) and np.all(np.asarray(found.in_health) == 0.0)


def test_a_body_whose_health_is_no_number_has_a_finite_flat_density(kinetics, two_patients, look, z):
    """Of the second patient, who weighs 55 kg, health holds what is no number, nor are its slopes."""

    broken = replace(kinetics, health=lambda p: (jnp.sqrt((p.BW - 60.0) * p.k_10),))
    target = posterior(broken, two_patients)

    def totals(z):
        found = target.by_patient(target.pooling.coordinates(z))
        return found.log_likelihood + found.log_health, found.status

    (each, status), slope = jax.jit(lambda z: (totals(z), jax.jacrev(lambda z: totals(z)[0])(z)))(z)
    assert status.tolist() == [OK, NO_HEALTH]
    np.testing.assert_allclose(each, [look(z)[2][0], FAILED], rtol=1e-12)
    assert np.all(np.isfinite(slope[0])) and np.all(np.asarray(slope[1]) == 0.0)


def test_one_patients_failure_leaves_the_other_alone(kinetics, two_patients, look, z):
    central = replace(kinetics.states["x_c"], floor=-0.5)
    bounded = replace(kinetics, states={**kinetics.states, "x_c": central})
    first, second = two_patients.patients
    drained = replace(first, therapy=(Event("crrt_ultrafiltrate", 0.0, 1.0, 6.0, 1),))
    target = posterior(bounded, replace(two_patients, patients=(drained, second)))

    def of_the_second(z):
        totals, _, status = target.by_patient(target.pooling.coordinates(z))
        return totals[1], (totals, status)

    (_, (totals, status)), slope = jax.jit(jax.value_and_grad(of_the_second, has_aux=True))(z)
    assert float(totals[0]) == FAILED
    assert status.tolist() == [OUT_OF_BOUNDS, OK]
    np.testing.assert_allclose(totals[1], look(z)[2][1], rtol=1e-10)
    assert np.all(np.isfinite(slope)) and np.any(slope != 0)


def test_the_gradient_of_the_log_density_is_its_slope(kinetics, two_patients, z):
    target = posterior(kinetics, two_patients, tolerance=Tolerance(rtol=1e-9, atol=1e-11))
    direction = jnp.asarray(np.random.default_rng(5).standard_normal(z.shape))
    value_and_grad = jax.jit(jax.value_and_grad(target.log_factor))
    step = 1e-4
    central = (value_and_grad(z + step * direction)[0] - value_and_grad(z - step * direction)[0]) / (2 * step)
    # step squared, and the solver's 1e-9 over the step, seen through residuals in units of their noise
    np.testing.assert_allclose(value_and_grad(z)[1] @ direction, central, rtol=1e-5)


def test_estimated_scatter_is_part_of_the_density():
    model = load_model("dialyzer")
    rows = tuple(Measurement(0.5, "ultrafiltration_rate", v, i) for i, v in enumerate((0.020, 0.022)))
    pressure = Event("transmembrane_pressure", 0.0, 1.0, 100.0, 1)
    target = posterior(model, Cohort("one", (Patient("D1", {"blood_flow": 12.0}, rows, (pressure,)),), ""))
    z = jnp.zeros(target.pooling.dimension).at[target.pooling.labels().index("sd_rate[D1]")].set(1.0)
    coordinates = target.pooling.coordinates(z)
    predicted = target.predicted(coordinates)
    expected = stats.norm(np.asarray(predicted.mean), 0.002 * np.exp(0.8)).logpdf([[0.020, 0.022]])
    np.testing.assert_allclose(target.pointwise(coordinates, predicted), expected, rtol=1e-9)


def test_single_precision_is_refused(kinetics, two_patients):
    with jax.enable_x64(False), pytest.raises(RuntimeError, match="double precision"):
        posterior(kinetics, two_patients)


def test_a_patient_without_any_usable_measurement_is_refused(kinetics, two_patients):
    bare = Patient("P9", {}, (Measurement(1.0, "albumin", 30.0, 1),), ())
    with pytest.raises(InputError, match="P9"):
        posterior(kinetics, replace(two_patients, patients=(*two_patients.patients, bare)))
