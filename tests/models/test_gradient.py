"""Gradients are slopes: of every model, through the solver, in both directions of differentiation."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from courses import give

from cls_infer.model import load_model
from cls_infer.model.prior import Fixed, value
from cls_infer.solve.lanes import Case, Tolerance
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import forward_solver, reverse_solver
from cls_infer.solve.system import System

FINE = Tolerance(rtol=1e-10, atol=1e-12, max_steps=6000)
HOURS = (0.5, 2.0, 6.0, 20.0, 30.0)
THERAPY = {
    "dialyzer": [give("transmembrane_pressure", 0.0, 40.0, 100.0)],
    "volume_kinetics": [give("ringer", 1.0, 3.0, 1.0)],
}
FULL = [give("ringer", 1.0, 3.0, 1.0), give("albumin_20", 4.0, 5.0, 0.1), give("bleeding", 7.0, 8.0, 0.3)]


def problem(model):
    """System with the model's uncertain parameters free, one lane's route, a random point of the prior."""
    priors = {name: p.prior_of({}) for name, p in model.parameters.items()}
    held = {name: prior.number for name, prior in priors.items() if isinstance(prior, Fixed)}
    free = tuple(name for name in priors if name not in held)
    rng = np.random.default_rng(7)
    point = jnp.array([float(value(priors[name], 0.3 * rng.standard_normal())) for name in free])
    route = stack_routes([route_of(0.0, HOURS, THERAPY.get(model.name, FULL), slots=0)])
    return System(model, free, held), jax.tree.map(jnp.asarray, route), point


def states_at(system, solve, route, point):
    y0, numbers = jax.vmap(system.prepare)(tuple(x[None] for x in point))
    return solve(y0, Case(numbers, jnp.zeros((1, 0))), route)


@cache
def slopes(name):
    """Return the slope of a random blend of states along a random direction: reverse, forward, difference."""
    system, route, point = problem(load_model(name))
    rng = np.random.default_rng(8)
    direction = jnp.asarray(rng.standard_normal(point.shape) * np.abs(point) * 0.1)

    def outcome(solve, x):
        states, status = states_at(system, solve, route, x)
        weights = np.random.default_rng(9).standard_normal(states.shape)
        return jnp.sum(weights * states), status

    reverse = reverse_solver(system.rhs, system.floor, FINE)
    forward = forward_solver(system.rhs, system.floor, FINE)
    value_and_grad = jax.jit(jax.value_and_grad(lambda x: outcome(reverse, x), has_aux=True))
    (_, status), gradient = value_and_grad(point)
    assert int(status[0]) == 0
    _, tangent = jax.jit(lambda x: jax.jvp(lambda x: outcome(forward, x)[0], (x,), (direction,)))(point)
    step = 1e-3
    up, down = (value_and_grad(point + s * direction)[0][0] for s in (step, -step))
    return float(gradient @ direction), float(tangent), float(up - down) / (2 * step)


def test_the_reverse_gradient_is_the_slope(model):
    reverse, _, difference = slopes(model.name)
    # step squared, and the solver's 1e-10 over the step
    np.testing.assert_allclose(reverse, difference, rtol=1e-5)


def test_both_directions_of_differentiation_agree(model):
    reverse, forward, _ = slopes(model.name)
    np.testing.assert_allclose(forward, reverse, rtol=1e-9)  # the same discrete map: rounding over some hundred steps
