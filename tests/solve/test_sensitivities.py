"""Sensitivities at a hundred prior points: every method, both modes, every engine, and batches of batches.

An attack of the two-pore body, whose fast modes and sharp leak are where gradients go wrong first.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import give

from cls_infer.errors import InputError
from cls_infer.model import load_model
from cls_infer.model.prior import Fixed, value
from cls_infer.solve.lanes import Case, Tolerance
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import forward_solver, reverse_solver
from cls_infer.solve.system import System

POINTS = 100
HOURS = (1.0, 4.0, 9.0)
THERAPY = [give("ringer", 1.0, 3.0, 1.0), give("albumin_20", 4.0, 5.0, 0.1), give("bleeding", 7.0, 8.0, 0.3)]
FINE = {
    "tsit5": Tolerance(rtol=1e-11, atol=1e-13, max_steps=2000, method="tsit5"),
    "ros34pw2": Tolerance(rtol=1e-9, atol=1e-11, max_steps=6000, method="ros34pw2"),
}
"""So fine that the derivative of the steps taken and the slope of the exact course agree to 1e-6."""
SHORT = {name: one._replace(rtol=1e-5, atol=1e-7, max_steps=1000) for name, one in FINE.items()}
"""Enough where two ways to the derivative of the same steps are compared."""


@cache
def attack():
    """Return the system, points of the prior [point, parameter] and a direction at each."""
    model = load_model("two_pore")
    priors = {name: p.prior_of({}) for name, p in model.parameters.items()}
    held = {name: prior.number for name, prior in priors.items() if isinstance(prior, Fixed)}
    free = tuple(name for name in priors if name not in held)
    rng = np.random.default_rng(11)
    z = 0.7 * rng.standard_normal((POINTS, len(free)))
    x = np.array([[float(value(priors[name], one)) for name, one in zip(free, row, strict=True)] for row in z])
    return System(model, free, held), x, 0.1 * np.abs(x) * rng.standard_normal(x.shape)


def outcomes(solve, x):
    """Return a blend of all states of every point [point], its own at each."""
    system, _, _ = attack()
    route = jax.tree.map(jnp.asarray, stack_routes([route_of(0.0, HOURS, THERAPY, slots=0)] * len(x)))
    y0, numbers = jax.vmap(system.prepare)(tuple(jnp.moveaxis(x, 1, 0)))
    states, status = solve(y0, Case(numbers, jnp.zeros((len(x), 0))), route)
    weights = np.random.default_rng(12).standard_normal((POINTS, *states.shape[1:]))[: len(x)]
    return jnp.sum(weights * states, axis=(1, 2)), status


@cache
def slopes(tolerance, engine, points=POINTS):
    """Return the slope of every point's blend along its direction [point]: reverse and forward, and the status."""
    system, x, along = (a[:points] if isinstance(a, np.ndarray) else a for a in attack())
    reverse = reverse_solver(system.rhs, system.floor, tolerance, engine=engine)
    forward = forward_solver(system.rhs, system.floor, tolerance, engine=engine)

    def total(x):
        blend, status = outcomes(reverse, x)
        return jnp.sum(blend), status

    gradient, status = jax.jit(jax.grad(total, has_aux=True))(x)
    _, tangent = jax.jit(lambda x: jax.jvp(lambda x: outcomes(forward, x)[0], (x,), (along,)))(x)
    return np.sum(np.asarray(gradient) * along, axis=1), np.asarray(tangent), np.asarray(status)


def differences(tolerance, step=2e-3):
    """Return the same slopes by central differences of order four [point], the truth of both modes."""
    system, x, along = attack()
    solve = reverse_solver(system.rhs, system.floor, tolerance)
    blend = jax.jit(lambda x: outcomes(solve, x)[0])
    far, near = ((blend(x + k * step * along) - blend(x - k * step * along)) / (2 * k * step) for k in (2, 1))
    return np.asarray((4 * near - far) / 3)


def off(found, truth):
    """Return the largest difference, relative to the slope or, where that happens to be small, to a usual one."""
    return np.max(np.abs(found - truth) / (np.abs(truth) + np.median(np.abs(truth))))


@pytest.mark.parametrize("method", FINE)
def test_both_modes_are_the_slope_at_a_hundred_points(method):
    reverse, forward, status = slopes(FINE[method], "auto")
    assert np.all(status == 0)
    truth = differences(FINE["tsit5"])
    # the differences themselves: steps of 2e-3 of a tenth to the fourth power, and the solver's 1e-11 over the step
    assert off(reverse, truth) < 1e-6
    assert off(forward, truth) < 1e-6
    assert off(forward, reverse) < 1e-10  # the derivative of the same steps, rounded in another order


@pytest.mark.slow  # test_machine compares the engines on a smaller problem
@pytest.mark.parametrize("method", SHORT)
def test_the_modes_agree_by_xla_too(method):
    reverse, forward, status = slopes(SHORT[method], "xla", 3)
    assert np.all(status == 0)
    assert off(forward, reverse) < 1e-10  # as above


@pytest.mark.parametrize("method", [pytest.param("tsit5", marks=pytest.mark.slow), "ros34pw2"])
def test_a_batch_of_batches_has_the_same_slopes(method):
    system, x, _ = attack()
    solve = reverse_solver(system.rhs, system.floor, SHORT[method])
    gradient = jax.grad(lambda x: jnp.sum(outcomes(solve, x)[0]))
    halves = jax.jit(jax.vmap(gradient))(x[:6].reshape(2, 3, -1))
    alone = [jax.jit(gradient)(half) for half in x[:6].reshape(2, 3, -1)]
    np.testing.assert_allclose(halves, np.stack(alone), rtol=1e-10)  # the same operations on every lane


def test_a_method_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="there is no method `euler`"):
        reverse_solver(lambda t, y, numbers, u: -y, np.zeros(1), Tolerance(method="euler"))
