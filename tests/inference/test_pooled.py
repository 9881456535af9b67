"""What the chains learn together."""

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import NUTS

from cls_infer.inference.kernel import potential_of
from cls_infer.inference.pooled import learnt_covariance, with_one_step_size
from cls_infer.likelihood.posterior import posterior
from cls_infer.solve.lanes import Tolerance

DIMENSION, DRAWS = 12, 800


def laplace():
    rng = np.random.default_rng(1)
    root = np.tril(rng.uniform(-0.5, 0.5, (DIMENSION, DIMENSION)), -1) + np.eye(DIMENSION)
    return root, root @ root.T


def test_draws_of_the_laplace_approximation_leave_it_as_it_is():
    root, covariance = laplace()
    z = np.random.default_rng(2).standard_normal((DRAWS, DIMENSION)) @ root.T
    np.testing.assert_allclose(learnt_covariance(covariance, z), covariance, rtol=1e-10, atol=1e-12)


def test_a_direction_much_wider_than_laplace_says_is_learnt():
    root, covariance = laplace()
    direction = np.random.default_rng(3).standard_normal(DIMENSION)
    direction /= np.linalg.norm(direction)
    w = np.random.default_rng(4).standard_normal((DRAWS, DIMENSION))
    w += 3 * np.outer(np.random.default_rng(5).standard_normal(DRAWS), direction)  # variance 10 along it
    found = learnt_covariance(covariance, w @ root.T)
    in_laplace = np.linalg.solve(root, np.linalg.solve(root, found).T)
    # 800 draws: 5 % of a variance, four times over
    np.testing.assert_allclose(direction @ in_laplace @ direction, 10, rtol=0.2)
    across = np.linalg.svd(direction[None])[2][1:]
    np.testing.assert_allclose(np.diag(across @ in_laplace @ across.T), 1, atol=0.2)


def test_a_patient_who_cannot_be_simulated_is_a_level_wall(target):
    unsolvable = posterior(target.model, target.cohort, tolerance=Tolerance(max_steps=2))
    potential = potential_of(unsolvable, 123.0)
    at = {"z": jnp.zeros(unsolvable.pooling.dimension)}
    assert float(potential(at)) == 123.0


def test_every_chain_takes_the_step_of_the_most_careful():
    kernel = NUTS(potential_fn=lambda z: 0.5 * jnp.sum(z**2))
    state = kernel.init(jax.random.split(jax.random.key(1), 3), 10, jnp.zeros((3, 2)), (), {})
    steps = jnp.array([0.3, 0.1, 0.2])
    one = with_one_step_size(state._replace(adapt_state=state.adapt_state._replace(step_size=steps)))
    np.testing.assert_array_equal(one.adapt_state.step_size, [0.1, 0.1, 0.1])
