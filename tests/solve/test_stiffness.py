"""How many steps stability asks for: closed forms, and what the explicit pair really takes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.solve.lanes import Case, Tolerance
from cls_infer.solve.predict import Along
from cls_infer.solve.route import CHANNELS, route_of, stack_routes
from cls_infer.solve.states import counting_solver
from cls_infer.solve.stiffness import stability_steps

NONE = len(CHANNELS)


def course(t, y, numbers):
    """A course as `along_route` gives it, of one lane, with nothing given."""
    t = np.asarray(t, float)[None]
    u = np.zeros((1, t.shape[1], NONE))
    return Along(*map(jnp.asarray, (t, np.asarray(y, float)[None], [numbers], u, [0], np.zeros((1, 0)))))


def test_the_integral_of_the_fastest_rate_is_that_of_the_closed_form():
    def two_tanks(t, y, numbers, u):
        return jnp.stack([-numbers[0] * y[0] + y[1], -(1 + t) * y[1]])  # triangular: the rates stand on its diagonal

    steps = stability_steps(two_tanks)
    times = (0.0, 1.0, 4.0, 10.0)
    fast = course(times, np.ones((4, 2)), [30.0])
    np.testing.assert_allclose(steps(fast), 30.0 * 10.0 / 3, rtol=1e-9)
    # without the first: t + t^2 / 2 at 10 h, exact for a rate that is straight in time
    np.testing.assert_allclose(steps(course(times, np.ones((4, 2)), [0.5])), 60.0 / 3, rtol=1e-9)


def test_rates_follow_the_states():
    def quadratic(t, y, numbers, u):
        return -(y**2)

    # between 2 and 4 the rate 2 y is 6 on average
    np.testing.assert_allclose(
        stability_steps(quadratic)(course([0.0, 3.0], [[2.0], [4.0]], [1.0])), 6.0 * 3 / 3, rtol=1e-9
    )


def test_a_jacobian_that_is_not_finite_tells_nothing():
    def broken(t, y, numbers, u):
        return jnp.sqrt(y - numbers[0])

    found = stability_steps(broken)(course([0.0, 1.0], [[1.0], [1.0]], [1.0]))
    assert np.isnan(found).all()


def van_der_pol(t, y, numbers, u):
    return jnp.stack([y[1], numbers[0] * (1 - y[0] ** 2) * y[1] - y[0]])


@pytest.mark.parametrize("engine", ["auto", "xla"])
def test_the_explicit_pair_takes_the_steps_that_stability_asks_for(engine):
    """On the slow arm of a relaxation oscillation, and far more than the implicit method."""
    mu = 200.0
    times = np.linspace(0.0, 100.0, 21)
    route = stack_routes([route_of(0.0, list(times[1:]), [], slots=0)])
    y0, case = jnp.array([[2.0, 0.0]]), Case(jnp.array([[mu]]), jnp.zeros((1, 0)))
    taken = {}
    for method in ("tsit5", "ros34pw2"):
        tolerance = Tolerance(max_steps=30_000, method=method)
        solve = counting_solver(van_der_pol, np.full(2, -np.inf), tolerance, engine=engine)
        states, status, count = jax.jit(solve)(y0, case, route)
        assert int(status[0]) == 0
        taken[method] = int(count[0])
    y = np.concatenate([np.asarray(y0), np.asarray(states)[0]])
    (asked,) = stability_steps(van_der_pol)(course(times, y, [mu]))
    np.testing.assert_allclose(taken["tsit5"], asked, rtol=0.05)  # stops cut some, some are tried twice
    assert taken["ros34pw2"] < 0.01 * taken["tsit5"]
