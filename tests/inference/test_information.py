"""Fisher information against closed forms, and what it leaves to the prior."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from small_models import SD, line_posterior, measured, product, straight_line

from cls_infer.errors import InputError
from cls_infer.inference.information import information, natural, prior_precision, units
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import HealthyRange, lognormal

TIMES = (0.0, 1.0, 4.0, 9.0)
PRIOR_SD = np.array([2.0, 0.4])


@pytest.fixture(scope="module")
def line():
    return posterior(straight_line(), measured(TIMES, (3.1, 3.4, 3.3, 4.9)))


def test_of_a_straight_line_it_is_that_of_least_squares(line):
    found = information(line, np.array([[0.3, -0.2]]))
    _, covariance = line_posterior(TIMES, np.zeros(4))
    # no course is integrated: rounding alone
    np.testing.assert_allclose(found.covariance * np.outer(PRIOR_SD, PRIOR_SD), covariance, rtol=1e-9)
    np.testing.assert_array_equal(found.prior, np.eye(2))


def test_of_a_linear_model_it_is_the_same_everywhere(line):
    one = information(line, np.zeros((1, 2)))
    several = information(line, np.random.default_rng(0).standard_normal((5, 2)))
    np.testing.assert_allclose(several.data, one.data, rtol=1e-9)


def test_of_a_product_the_information_has_rank_one():
    target = posterior(product(), measured((0.0, 5.0), (2.0, 3.0)))
    found = information(target, np.array([[0.5, -1.0, 0.3]]))
    strengths = np.linalg.eigvalsh(found.data)
    # y = AB(1 + t/10): d y / d z = y log_sd for either, nothing for C
    y = 2 * np.exp(0.6 * 0.5 - 0.4) * np.array([1.0, 1.5])
    np.testing.assert_allclose(strengths[-1], np.sum(y**2) / SD**2 * (0.6**2 + 0.4**2), rtol=1e-9)
    np.testing.assert_allclose(strengths[:-1], 0, atol=1e-9 * strengths[-1])


def test_what_is_known_of_health_counts_as_known_before(line):
    model = replace(
        straight_line(), healthy_ranges={"a": HealthyRange("g/L", lambda p, h: p.a, lognormal(3.0, 0.1), "a test")}
    )
    target = posterior(model, line.cohort)
    z = np.array([[0.2, 0.0]])
    # (log(3 + 2 z) - log 3)/0.1 has the slope 2/(3 + 2 z)/0.1
    slope = 2 / 3.4 / 0.1
    np.testing.assert_allclose(prior_precision(target, z)[0], np.diag([1 + slope**2, 1]), rtol=1e-9)
    np.testing.assert_allclose(information(target, z).data, information(line, z).data, rtol=1e-7)


def test_points_that_cannot_be_solved_are_left_out(target):
    good = np.zeros((1, target.pooling.dimension))
    bounded = replace(
        target.model, states={**target.model.states, "x_c": replace(target.model.states["x_c"], floor=-1e-3)}
    )
    held = posterior(bounded, target.cohort)
    lost = good.copy()
    lost[0, list(held.pooling.labels()).index("k_10[P1]")] = np.nan
    alone = information(held, good)
    np.testing.assert_allclose(information(held, np.concatenate([good, lost])).data, alone.data, rtol=1e-9)
    with pytest.raises(InputError, match="none of 1 points"):
        information(held, lost)


def test_every_coordinate_has_its_number(pooled):
    rng = np.random.default_rng(0)
    z = jnp.asarray(rng.standard_normal(pooled.pooling.dimension))
    numbers = dict(zip(pooled.pooling.labels(), np.asarray(natural(pooled.pooling, z)), strict=True))
    values, _ = pooled.pooling.values(pooled.pooling.coordinates(z))
    by_name = dict(zip((slot.name for slot in pooled.pooling.parameters), np.asarray(values), strict=True))
    assert len(units(pooled.pooling)) == pooled.pooling.dimension
    np.testing.assert_allclose(numbers["k_12"], by_name["k_12"][0])
    np.testing.assert_allclose([numbers[f"k_10[P{i}]"] for i in (1, 2, 3)], by_name["k_10"])
    tau = z[pooled.pooling.labels().index("k_10.tau")]
    np.testing.assert_allclose(numbers["k_10.tau"], 0.3 * np.exp(tau))
