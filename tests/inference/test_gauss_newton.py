"""The expansion about a point: the exact gradient, a curvature positive definite and right at the mode."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import BETWEEN, Cohort, Event, Measurement, Patient
from cls_infer.inference.gauss_newton import expand
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import (
    HealthyRange,
    Parameter,
    load_model,
    lognormal,
    lognormal_noise,
    normal_noise,
    student_t_noise,
)
from cls_infer.solve.lanes import Tolerance


def log_posterior(target):
    return lambda z: target.log_factor(z) - 0.5 * jnp.sum(z**2)


@pytest.fixture(scope="module", params=["target", "pooled", "noisy"])
def problem(request):
    """A target, three points, and the expansion about them."""
    one = noisy() if request.param == "noisy" else request.getfixturevalue(request.param)
    z = jnp.asarray(0.7 * np.random.default_rng(1).standard_normal((3, one.pooling.dimension)))
    return one, z, jax.jit(lambda z: expand(one, z))(z)


def noisy():
    """Every kind of scatter, estimated or not; limits, intervals, uncertain times, offsets, an uncharted amount
    and an end; a range, survival."""
    plain = load_model("volume_kinetics")
    noises = {
        "hematocrit": student_t_noise(0.01),
        "hemoglobin": normal_noise("sd_Hb"),
        "plasma_dilution": lognormal_noise(0.2),
        "urine": plain.observables["urine"].noise,
    }
    model = replace(
        plain,
        parameters={**plain.parameters, "sd_Hb": Parameter("g/L", lognormal(3.0, 0.5), "a test")},
        observables={name: replace(o, noise=noises[name]) for name, o in plain.observables.items()},
        healthy_ranges={"V_c": HealthyRange("L", lambda p, h: p.V_c, lognormal(2.5, 0.1), "a test")},
        log_survival=lambda y: -0.5 * (1 + y.x_c) ** 2,
    )
    rows = (
        Measurement(1.0, "hematocrit", 0.37, 1, time_sd=0.3),
        Measurement(1.5, "hemoglobin", 130.0, 2),
        Measurement(2.0, "plasma_dilution", 0.15, 3, extra_sd=0.01),
        Measurement(3.0, "hematocrit", 0.38, 4, censoring=1),
        Measurement(3.0, "plasma_dilution", 0.1, 5, censoring=-1),
        Measurement(3.5, "hemoglobin", 120.0, 7, upper=128.0, censoring=BETWEEN, assay="a"),
        Measurement(4.0, "hematocrit", 0.36, 8, upper=0.38, censoring=BETWEEN, time_sd=0.2, assay="a"),
        Measurement(4.5, "plasma_dilution", 0.05, 9, upper=0.1, censoring=BETWEEN),
        Measurement(5.0, "urine", 0.4, 6, window=3.0),
    )
    unknown = Event("ringer", 1.0, 3.0, None, 1, median=0.7, gsd=1.8)
    until_about_four = Event("ringer", 2.0, 4.0, 0.5, 2, end_sd=0.4)
    covariates = {"weight": 70.0, "baseline_hematocrit": 0.42}
    return posterior(model, Cohort("noisy", (Patient("P1", covariates, rows, (unknown, until_about_four)),), ""))


def test_value_and_gradient_are_those_of_the_log_posterior(problem):
    target, z, found = problem
    value_and_grad = jax.jit(jax.value_and_grad(log_posterior(target)))
    for i in range(len(z)):
        value, gradient = value_and_grad(z[i])
        np.testing.assert_allclose(found.log_posterior[i], value, rtol=1e-10)
        # the same steps replayed in the other direction: rounding, seen through residuals over their noise
        np.testing.assert_allclose(
            found.gradient[i], gradient, rtol=1e-6, atol=1e-6 * float(jnp.max(jnp.abs(gradient)))
        )


def test_known_ranges_and_survival_are_part_of_it():
    target = noisy()
    silent = replace(target.model, healthy_ranges={}, log_survival=None)
    bare = posterior(silent, target.cohort)
    z = jnp.asarray(0.7 * np.random.default_rng(1).standard_normal(target.pooling.dimension))
    coordinates = target.pooling.coordinates(z)
    difference = target.log_factor(z) - bare.log_factor(z)
    V_c = target.pooling.values(coordinates)[0][target.system.free.index("V_c")][0]
    lived = target.predicted(coordinates).log_survival[0]
    assert float(lived) < -0.5
    np.testing.assert_allclose(difference, -0.5 * (np.log(V_c / 2.5) / 0.1) ** 2 + lived, rtol=1e-9)


def test_curvature_is_symmetric_and_at_least_the_priors(problem):
    _, _, found = problem
    for curvature in np.asarray(found.curvature):
        np.testing.assert_allclose(curvature, curvature.T, rtol=1e-9, atol=1e-9)
        # the prior contributes the identity, measurements never less than nothing
        assert np.min(np.linalg.eigvalsh(curvature)) > 1 - 1e-6


def test_each_patients_likelihood_is_reported(problem):
    target, z, found = problem
    each, _, status = jax.jit(lambda z: target.by_patient(target.pooling.coordinates(z)))(z[0])
    np.testing.assert_allclose(found.log_likelihood[0], each, rtol=1e-10)
    assert found.status[0].tolist() == status.tolist()


def test_curvature_where_the_model_fits_is_the_hessian(target):
    """Gauss-Newton leaves out residual times second derivative: nothing where predictions are met."""
    z = jnp.asarray(0.3 * np.random.default_rng(2).standard_normal(target.pooling.dimension))
    mean = np.asarray(target.predicted(target.pooling.coordinates(z)).mean)[0]
    (patient,) = target.cohort.patients
    # haematocrit alone: the scatter of urine goes with its prediction, and information is the Hessian on average only
    rows = tuple(
        Measurement(m.time, m.variable, float(v), m.row) for m, v in zip(patient.measurements, mean, strict=True)
    )
    met = Patient(patient.name, patient.covariates, rows[:-1], patient.therapy)
    fitting = posterior(target.model, Cohort("met", (met,), ""), tolerance=Tolerance(rtol=1e-9, atol=1e-11))
    curvature = np.asarray(expand(fitting, z[None]).curvature[0])
    slope = jax.jit(jax.grad(log_posterior(fitting)))
    step = 1e-4
    rows = [(slope(z + step * e) - slope(z - step * e)) / (2 * step) for e in np.eye(len(z))]
    # predictions met at one tolerance and solved at another: residuals of 1e-5 over a noise of 0.01
    np.testing.assert_allclose(-np.stack(rows), curvature, rtol=2e-3, atol=2e-3 * np.max(curvature))
