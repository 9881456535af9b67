"""Standard normal coordinates make LKJ correlation matrices."""

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from scipy.special import ndtr
from scipy.stats import beta

from cls_infer.likelihood.correlation import _arctanh_of, correlation_root, pairs


@pytest.mark.parametrize("b", [1.0, 2.0, 2.5])
def test_the_map_is_the_quantile_function_of_the_beta_distribution(b):
    z = np.linspace(-6, 6, 97)
    # the cubic between knots errs by under 1e-8
    quantile = (1 + np.tanh(np.asarray(jax.vmap(lambda one: _arctanh_of(one, b))(jnp.asarray(z))))) / 2
    np.testing.assert_allclose(beta.cdf(quantile, b, b), ndtr(z), rtol=1e-6, atol=1e-12)


def test_the_map_goes_on_beyond_its_knots():
    far = jax.vmap(lambda one: _arctanh_of(one, 2.0))(jnp.array([-20.0, -9.0, 9.0, 20.0]))
    assert np.all(np.diff(far) > 0) and np.all(np.isfinite(far))


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("concentration", [1.0, 2.0])
def test_the_density_is_that_of_lkj(size, concentration):
    """log N(z) - log |dL/dz| against NumPyro's density; the slope of a cubic between knots errs by under 1e-6."""
    z = jnp.asarray(np.random.default_rng(size).standard_normal(len(pairs(size))))
    rows, columns = np.array(pairs(size)).T

    def free(z):
        return correlation_root(z, size, concentration)[rows, columns]

    jacobian = np.linalg.slogdet(np.asarray(jax.jacfwd(free)(z)))[1]
    found = float(jnp.sum(dist.Normal(0.0, 1.0).log_prob(z))) - jacobian
    expected = dist.LKJCholesky(size, concentration).log_prob(correlation_root(z, size, concentration))
    np.testing.assert_allclose(found, float(expected), atol=1e-5)


def test_the_matrix_is_one_of_correlations():
    root = correlation_root(jnp.asarray(np.random.default_rng(3).standard_normal(6)), 4, 2.0)
    np.testing.assert_allclose(np.diag(root @ root.T), 1.0, rtol=1e-12)
    assert np.all(np.triu(root, 1) == 0) and np.all(np.diag(root) > 0)
