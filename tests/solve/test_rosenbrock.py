"""The linearly implicit pair: its order conditions, its order with any matrix, its inverse."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.solve.rosenbrock import ALPHA, EMBEDDED, FULL_GAMMA, GAMMA, ROS34PW2, WEIGHTS, inverse


def test_the_coefficients_meet_the_conditions_of_order_3_for_any_matrix():
    one, alpha, gamma = np.ones(4), ALPHA.sum(axis=1), FULL_GAMMA.sum(axis=1)
    conditions = [
        (WEIGHTS @ one, 1),
        (WEIGHTS @ alpha, 1 / 2),
        (WEIGHTS @ gamma, 0),
        (WEIGHTS @ alpha**2, 1 / 3),
        (WEIGHTS @ ALPHA @ alpha, 1 / 6),
        (WEIGHTS @ ALPHA @ gamma, 0),
        (WEIGHTS @ FULL_GAMMA @ alpha, 0),
        (WEIGHTS @ FULL_GAMMA @ gamma, 0),
        (EMBEDDED @ one, 1),
        (EMBEDDED @ alpha, 1 / 2),
        (EMBEDDED @ gamma, 0),
    ]
    np.testing.assert_allclose(*zip(*conditions, strict=True), atol=1e-14)


def test_it_damps_an_infinitely_fast_mode_at_once():
    np.testing.assert_allclose(1 - WEIGHTS @ np.linalg.solve(ALPHA + FULL_GAMMA, np.ones(4)), 0, atol=1e-14)


def pendulum(t, y, case, u):
    """A driven pendulum: nonlinear, and time enters."""
    return jnp.stack([y[1], -jnp.sin(y[0]) - 0.3 * y[1] + 0.5 * jnp.cos(2 * t)])


def end(steps, matrix):
    """The state at t = 1 after equal steps that all hold one matrix in the place of the Jacobian."""
    h = 1 / steps
    kept = inverse(jnp.eye(2) - h * GAMMA * matrix), jnp.zeros(2)

    def step(y, t):
        return ROS34PW2.again(pendulum, t, h, y, kept, None, None), None

    return jax.lax.scan(step, jnp.array([1.0, 0.0]), h * jnp.arange(steps))[0]


@pytest.mark.parametrize("matrix", [[[0.0, 0.0], [0.0, 0.0]], [[-3.0, 1.0], [2.0, -1.0]]])
def test_the_order_is_3_whatever_the_matrix(matrix):
    exact = end(4096, jnp.asarray(matrix))
    errors = [float(jnp.max(jnp.abs(end(n, jnp.asarray(matrix)) - exact))) for n in (32, 64, 128)]
    # halving the step divides the error by 8; the next order adds a share of it
    np.testing.assert_allclose([errors[0] / errors[1], errors[1] / errors[2]], 8, rtol=0.2)


@pytest.mark.parametrize("states", [1, 2, 8])
def test_the_inverse_is_the_inverse(states):
    rng = np.random.default_rng(states)
    matrix = np.eye(states) * 3 + rng.uniform(-0.3, 0.3, (states, states))
    np.testing.assert_allclose(inverse(jnp.asarray(matrix)) @ matrix, np.eye(states), atol=1e-13)
