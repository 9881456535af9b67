"""Moment matching mends what weights cannot, and knows the density that was sampled."""

import jax
import numpy as np
import pytest
from results.conjugate import left_out, measured
from results.made_up import chart, sampled
from scipy import stats

from cls_infer.likelihood.posterior import posterior
from cls_infer.results.loo import leave_one_out
from cls_infer.results.moments import Densities, densities_of

VALUES = np.random.default_rng(7).normal(1.0, 1.0, (3, 4))
VALUES[1, 2] = 14.0  # far off, and with twelve values of weight


def with_coordinates(fit):
    """The run with its mean as the sampler's one coordinate, and its densities anywhere."""
    mu = fit.tree["posterior"]["mu"]
    fit.tree["unconstrained_posterior"] = mu.expand_dims(coordinate=["mu"], axis=-1).to_dataset(name="z")

    def look(z):
        each = stats.norm.logpdf(VALUES, loc=z[:, :1, None])
        prior = stats.norm(0, 3.0).logpdf(z[:, 0])
        return Densities(each.sum(axis=(1, 2)) + prior, each, each.sum(axis=2))

    return fit.tree, look


@pytest.mark.parametrize(
    ("by", "groups"), [("observation", [[n] for n in range(12)]), ("patient", np.arange(12).reshape(3, 4))]
)
def test_what_weights_cannot_leave_out_is_mended(by, groups):
    tree, look = with_coordinates(measured(VALUES, draws=1000))
    plain, mended = leave_one_out(tree, by), leave_one_out(tree, by, look=look)
    assert plain.unreliable and mended.unreliable == [] and mended.mended == len(plain.unreliable)
    exact = left_out(VALUES.ravel(), [list(group) for group in groups])
    # 1,000 draws moved to the right place: as good as 1,000 of the posterior without the unit
    np.testing.assert_allclose(mended.each, exact, atol=0.15)
    assert np.abs(mended.each - exact).max() < np.abs(plain.each - exact).max()


def test_densities_are_those_of_the_target(mortal):
    target = posterior(mortal, chart("P1", "P2", uncharted=True), shared=("k_12",))
    z = sampled(target).draws.z[0, :3]
    z[2] = 1e3  # cannot be solved
    found = densities_of(target)(z)
    look = jax.jit(lambda z: (target.by_patient(target.pooling.coordinates(z)), target.log_factor(z)))
    for row, one in enumerate(z[:2]):
        terms, log_factor = look(one)
        np.testing.assert_allclose(found.patient[row], terms.log_likelihood, rtol=1e-9)
        lived = found.patient[row] - found.measurement[row].sum(axis=1)
        np.testing.assert_allclose(lived, target.predicted(target.pooling.coordinates(one)).log_survival, rtol=1e-6)
        expected = float(log_factor) + stats.norm.logpdf(one).sum()
        np.testing.assert_allclose(found.log_posterior[row], expected, rtol=1e-9)
    assert found.log_posterior[2] < -1e7 and np.isfinite(found.measurement).all() and (found.patient[2] == 0).all()
