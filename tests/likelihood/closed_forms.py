"""Every path of the likelihood against a closed form, each as a function that raises where it does not hold.

The course is written down, not integrated: what a model predicts at any time is known, and so is its density. All else
is the way a fit goes: cohort, plan, prediction over uncertain times and windows, offsets, noise, expansion.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from cls_infer.cohort.records import BETWEEN, Cohort, Measurement, Patient
from cls_infer.inference import gauss_newton
from cls_infer.likelihood import noise
from cls_infer.likelihood import posterior as of_posterior
from cls_infer.likelihood.posterior import Posterior
from cls_infer.model import (
    Model,
    Observable,
    Parameter,
    State,
    lognormal_noise,
    normal,
    normal_noise,
    student_t_noise,
)
from cls_infer.solve import predict

EXACT = {"rtol": 1e-9, "atol": 1e-10}  # rounding of residuals
HCT, ALB, MAP, ANG2 = (0.01, 1.5, 5.0, 0.3)  # the noise of each observable
DF = 4.0


class Course(NamedTuple):
    """What the made-up body shows at an instant."""

    hematocrit: object
    albumin: object
    map: object
    ang2: object
    urine: object


def course(t) -> Course:
    """Lines, but for a parabola of urine and a parabola of albumin."""
    return Course(0.40 + 0.02 * t, 30.0 - 0.5 * t + 0.2 * t**2, 70.0 + 2.0 * t, 4.0 + 1.0 * t, 0.05 * t + 0.01 * t**2)


MODEL = Model(
    about="A course that is written down",
    parameters={"x": Parameter("1", normal(0.0, 0.0), "nothing depends on it")},
    states={"rest": State("1", lambda p, h: 0.0)},
    health=lambda p: (),
    flows=lambda t, y, p, h, u: course(t),
    rates=lambda f, y, p, h, u: {"rest": 0.0},
    observables={
        "hematocrit": Observable("1", lambda f: f.hematocrit, normal_noise(HCT)),
        "albumin": Observable("g/L", lambda f: f.albumin, normal_noise(ALB)),
        "map": Observable("mmHg", lambda f: f.map, student_t_noise(MAP, df=DF)),
        "ang2": Observable("ng/mL", lambda f: f.ang2, lognormal_noise(ANG2)),
        "urine": Observable("L", lambda f: f.urine, normal_noise(0.03, relative=0.10), accumulates=True),
    },
    name="written_down",
)


def written_down(*charts: tuple[Measurement, ...]) -> Posterior:
    """Return the target of patients with these charts; nothing is integrated."""
    patients = tuple(Patient(f"P{n}", {}, chart, ()) for n, chart in enumerate(charts, start=1))
    target = of_posterior.posterior(MODEL, Cohort("made", patients, ""))

    def still(y0, case, route):
        return jnp.broadcast_to(y0[:, None], (*route.stops.shape, y0.shape[1])), jnp.zeros(len(y0), int)

    follow = predict.predictor(target.system, still, jax.vmap)
    target.__dict__.update(predict=follow, predict_forward=follow)  # in place of the two that solve
    return target


def at(time, variable, value, **rest) -> Measurement:
    return Measurement(time, variable, value, 1, **rest)


def log_likelihood(target: Posterior, z) -> np.ndarray:
    """Return each patient's log-likelihood [patient]."""
    return np.asarray(target.by_patient(target.pooling.coordinates(jnp.asarray(z, float))).log_likelihood)


def alone(*chart: Measurement) -> float:
    """Return the log-likelihood of one patient without an assay."""
    return float(log_likelihood(written_down(chart), [])[0])


NORMAL, LOGNORMAL, STUDENT = stats.norm(0.44, HCT), stats.lognorm(s=ANG2, scale=6.0), stats.t(DF, 74.0, MAP)


def agree(found, expected):
    np.testing.assert_allclose(found, expected, **EXACT)


def measured_with_normal_noise():
    agree(alone(at(2.0, "hematocrit", 0.42)), NORMAL.logpdf(0.42))


def measured_with_lognormal_noise():
    agree(alone(at(2.0, "ang2", 8.0)), LOGNORMAL.logpdf(8.0))


def an_outlier_of_heavy_tailed_noise():
    agree(alone(at(2.0, "map", 114.0)), STUDENT.logpdf(114.0))


def below_a_limit():
    agree(alone(at(2.0, "hematocrit", 0.42, censoring=-1)), NORMAL.logcdf(0.42))
    agree(alone(at(2.0, "ang2", 3.0, censoring=-1)), LOGNORMAL.logcdf(3.0))
    agree(alone(at(2.0, "map", 60.0, censoring=-1)), STUDENT.logcdf(60.0))


def above_a_limit():
    agree(alone(at(2.0, "hematocrit", 0.42, censoring=1)), NORMAL.logsf(0.42))
    agree(alone(at(2.0, "ang2", 3.0, censoring=1)), LOGNORMAL.logsf(3.0))
    agree(alone(at(2.0, "map", 60.0, censoring=1)), STUDENT.logsf(60.0))


def a_limit_among_measurements():
    found = alone(at(2.0, "hematocrit", 0.42), at(2.0, "map", 60.0, censoring=-1))
    agree(found, NORMAL.logpdf(0.42) + STUDENT.logcdf(60.0))


def between_two_bounds():
    for variable, known, low, high in (
        ("hematocrit", NORMAL, 0.43, 0.46),
        ("ang2", LOGNORMAL, 5.0, 8.0),
        ("map", STUDENT, 60.0, 72.0),
    ):
        found = alone(at(2.0, variable, low, upper=high, censoring=BETWEEN))
        agree(found, np.log(known.cdf(high) - known.cdf(low)))


def between_two_bounds_far_below_the_prediction():
    found = alone(at(2.0, "hematocrit", 0.14, upper=0.15, censoring=BETWEEN))  # 30 to 29 sd below
    agree(found, NORMAL.logcdf(0.15) + np.log1p(-np.exp(NORMAL.logcdf(0.14) - NORMAL.logcdf(0.15))))


def between_two_bounds_far_above_the_prediction():
    found = alone(at(2.0, "hematocrit", 0.73, upper=0.74, censoring=BETWEEN))  # 29 to 30 sd above
    agree(found, NORMAL.logsf(0.73) + np.log1p(-np.exp(NORMAL.logsf(0.74) - NORMAL.logsf(0.73))))


def the_curvature_of_an_interval():
    low, high = (0.43 - 0.44) / HCT, (0.46 - 0.44) / HCT
    f, P = stats.norm.pdf, stats.norm.cdf(high) - stats.norm.cdf(low)
    expected = (((f(low) - f(high)) / P) ** 2 - (low * f(low) - high * f(high)) / P) / HCT**2
    scatter = noise.Scatter(noise.NORMAL, HCT, DF)
    agree(noise.information_about_mean(0.43, 0.46, BETWEEN, 0.44, HCT, scatter), expected)
    agree(noise.information_about_mean(0.43, 0.46, 0, 0.44, HCT, scatter), HCT**-2)


def a_share_of_the_prediction_on_top_of_the_noise():
    """Of the prediction, not of the reading: how exact a reading is cannot depend on how it fell."""
    volume = 0.05 * 4 + 0.01 * 16
    agree(alone(at(4.0, "urine", 0.4, window=4.0)), stats.norm(volume, 0.03 + 0.1 * volume).logpdf(0.4))
    between = stats.norm(volume, 0.03 + 0.1 * volume)
    found = alone(at(4.0, "urine", 0.4, upper=0.5, window=4.0, censoring=BETWEEN))
    agree(found, np.log(between.cdf(0.5) - between.cdf(0.4)))


def a_volume_collected_over_a_window():
    volume = 0.05 * (5 - 3) + 0.01 * (25 - 9)
    agree(alone(at(5.0, "urine", 0.3, window=2.0)), stats.norm(volume, 0.03 + 0.1 * volume).logpdf(0.3))


def a_window_at_an_uncertain_time():
    """The window moves as a whole: over 2 h the volume is a line in its end, of slope 0.04 L/h."""
    spread = np.sqrt((0.03 + 0.1 * 0.26) ** 2 + (0.04 * 0.5) ** 2)
    found = alone(at(5.0, "urine", 0.3, window=2.0, time_sd=round(np.sqrt(3) * 0.5, 2) / np.sqrt(3)))
    expected = stats.norm(0.05 * 2 + 0.01 * 16, spread).logpdf(0.3)
    np.testing.assert_allclose(found, expected, rtol=1e-3)  # nodes are rounded to 0.01 h
    exactly = stats.norm(0.26, np.hypot(0.056, 0.04 * 0.87 / np.sqrt(3))).logpdf(0.3)
    agree(found, exactly)


def an_uncertain_time_on_a_slope():
    time_sd = 1.0 / np.sqrt(3)  # nodes 1 h to either side
    expected = stats.norm(0.44, np.hypot(HCT, 0.02 * time_sd)).logpdf(0.42)
    agree(alone(at(2.0, "hematocrit", 0.42, time_sd=time_sd)), expected)


def an_uncertain_time_on_a_bend():
    """A parabola's mean moves by bend times variance; its variance is that of slope and bend."""
    time_sd = 1.0 / np.sqrt(3)
    mean, slope = 30.0 - 1.0 + 0.2 * (4 + time_sd**2), -0.5 + 0.4 * 2.0
    variance = (slope * time_sd) ** 2 + 2 * 0.2**2 * time_sd**4
    agree(alone(at(2.0, "albumin", 28.0, time_sd=time_sd)), stats.norm(mean, np.sqrt(ALB**2 + variance)).logpdf(28.0))


def an_uncertain_time_under_lognormal_noise():
    time_sd = 1.0 / np.sqrt(3)
    expected = stats.lognorm(s=np.hypot(ANG2, 1.0 * time_sd / 6.0), scale=6.0).logpdf(8.0)
    agree(alone(at(2.0, "ang2", 8.0, time_sd=time_sd)), expected)


def a_converted_value_with_its_own_scatter():
    agree(alone(at(2.0, "hematocrit", 0.42, extra_sd=0.02)), stats.norm(0.44, np.hypot(HCT, 0.02)).logpdf(0.42))
    expected = stats.lognorm(s=np.hypot(ANG2, 2.4 / 6.0), scale=6.0).logpdf(8.0)
    agree(alone(at(2.0, "ang2", 8.0, extra_sd=2.4)), expected)


def padding_of_a_shorter_chart():
    long = (at(1.0, "hematocrit", 0.43), at(2.0, "hematocrit", 0.42), at(2.0, "map", 80.0))
    found = log_likelihood(written_down(long, long[1:2]), [])
    agree(found, [alone(*long), alone(long[1])])


SD_HCT, SD_ALB, LOG_SD_ANG2 = 0.005, 1.5, 0.5  # priors of the offsets, physiology.md 6.1 and 12


def an_offset_added_to_its_own_assay():
    chart = (
        at(2.0, "hematocrit", 0.42, assay="a"),
        at(3.0, "hematocrit", 0.45, assay="b"),
        at(4.0, "hematocrit", 0.47),
        at(2.0, "albumin", 28.0, assay="a"),
    )
    target = written_down(chart)
    assert target.pooling.labels() == [
        f"offset_{name}[P1]" for name in ("hematocrit[a]", "hematocrit[b]", "albumin[a]")
    ]
    z = np.array([1.2, -0.7, 0.4])
    means = [0.44 + SD_HCT * z[0], 0.46 + SD_HCT * z[1], 0.48, 29.8 + SD_ALB * z[2]]
    sds = [HCT, HCT, HCT, ALB]
    expected = sum(stats.norm(m, sd).logpdf(one.value) for m, sd, one in zip(means, sds, chart, strict=True))
    agree(log_likelihood(target, z), [expected])


def an_offset_that_is_a_factor_of_lognormal_noise():
    time_sd, factor = 1.0 / np.sqrt(3), np.exp(LOG_SD_ANG2 * 0.8)
    found = log_likelihood(written_down((at(2.0, "ang2", 8.0, assay="kit", time_sd=time_sd),)), [0.8])
    # the factor stretches the course and so its spread over time: relative to the prediction that is the same
    agree(found, [stats.lognorm(s=np.hypot(ANG2, time_sd / 6.0), scale=6.0 * factor).logpdf(8.0)])


def an_offset_of_a_limit():
    found = log_likelihood(written_down((at(2.0, "hematocrit", 0.42, assay="a", censoring=-1),)), [2.0])
    agree(found, [stats.norm(0.44 + 2 * SD_HCT, HCT).logcdf(0.42)])


SHARED = (
    (at(1.0, "hematocrit", 0.431, assay="a"), at(2.0, "hematocrit", 0.452, assay="a")),
    (at(3.0, "hematocrit", 0.466, assay="a"), at(2.0, "albumin", 28.0)),
)


def an_offset_shared_by_patients():
    """Integrated over its prior it is a normal of all its readings at once, of one covariance between patients."""
    target = written_down(*SHARED)
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    unused = np.zeros(target.pooling.dimension - 1)
    each = [np.sum(log_likelihood(target, [node, *unused])) for node in nodes]
    # a mutant with more coordinates is integrated over the first alone
    marginal = np.log(np.sum(weights * np.exp(each)) / np.sqrt(2 * np.pi))
    mean, seen = np.array([0.42, 0.44, 0.46]), np.array([0.431, 0.452, 0.466])
    joint = stats.multivariate_normal(mean, HCT**2 * np.eye(3) + SD_HCT**2 * np.ones((3, 3)))
    np.testing.assert_allclose(marginal, joint.logpdf(seen) + stats.norm(29.8, ALB).logpdf(28.0), rtol=1e-8)


def the_expansion_by_a_shared_offset():
    """The log posterior of an offset is a parabola: one step from anywhere is the conjugate mean."""
    target = written_down(*SHARED)
    z = np.full((1, target.pooling.dimension), 0.7)
    found = gauss_newton.expand(target, jnp.asarray(z))
    share = SD_HCT / HCT
    curvature = 1 + 3 * share**2
    mean = share * (0.011 + 0.012 + 0.006) / HCT / curvature
    agree(found.curvature, [[[curvature]]])
    agree(z[0, 0] + found.gradient[0, 0] / curvature, mean)
    agree(found.log_likelihood[0], log_likelihood(target, z[0]))


CLOSED_FORMS = (
    measured_with_normal_noise,
    measured_with_lognormal_noise,
    an_outlier_of_heavy_tailed_noise,
    below_a_limit,
    above_a_limit,
    a_limit_among_measurements,
    between_two_bounds,
    between_two_bounds_far_below_the_prediction,
    between_two_bounds_far_above_the_prediction,
    the_curvature_of_an_interval,
    a_share_of_the_prediction_on_top_of_the_noise,
    a_volume_collected_over_a_window,
    a_window_at_an_uncertain_time,
    an_uncertain_time_on_a_slope,
    an_uncertain_time_on_a_bend,
    an_uncertain_time_under_lognormal_noise,
    a_converted_value_with_its_own_scatter,
    padding_of_a_shorter_chart,
    an_offset_added_to_its_own_assay,
    an_offset_that_is_a_factor_of_lognormal_noise,
    an_offset_of_a_limit,
    an_offset_shared_by_patients,
    the_expansion_by_a_shared_offset,
)
