"""Gradients by times that are parameters: the onset of a leak, and the end of an infusion nobody is sure of."""

from functools import cache

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
from courses import give

from cls_infer.cohort.records import Event
from cls_infer.model import load_model
from cls_infer.physiology.inputs import REST, Inputs
from cls_infer.solve.ends import own_time, to_their_ends
from cls_infer.solve.lanes import Case, Tolerance
from cls_infer.solve.route import CHANNELS, changed_route, route_of, stack_routes
from cls_infer.solve.states import forward_solver, reverse_solver
from cls_infer.solve.system import System

WATER = CHANNELS.index("water")
FINE = {
    "tsit5": Tolerance(rtol=1e-11, atol=1e-13, max_steps=6000, method="tsit5"),
    "ros34pw2": Tolerance(rtol=1e-9, atol=1e-11, max_steps=8000, method="ros34pw2"),
}
ERROR = {"tsit5": 1e-9, "ros34pw2": 1e-7}
"""A gradient errs by the tolerance of a step, times the steps of a course, some hundred."""
ENGINES = [(method, "auto") for method in FINE] + [
    pytest.param(method, engine, marks=pytest.mark.slow) for method in FINE for engine in ("xla", "fused")
]


def slopes(blend, x):
    """Return the gradient of each lane's blend [lane, parameter], backwards and by tangents, of blend(solver, x)."""
    back = jax.jit(jax.grad(lambda x: jnp.sum(blend(reverse_solver, x))))(x)
    columns = jnp.repeat(jnp.eye(x.shape[1])[:, None], len(x), axis=1)
    tangent = jax.vmap(lambda column: jax.jvp(lambda x: blend(forward_solver, x), (x,), (column,))[1])
    return np.asarray(back), np.asarray(jax.jit(tangent)(columns)).T


# the onset of a leak: the drive is smooth, so no stop moves

HOURS = (3.0, 6.0, 9.0, 14.0)
EPISODE = {"t_0": 5.0, "D": 5.0, "M": 8.0}
ONSETS = np.array([[4.0, 5.0], [5.5, 4.0], [5.0, 8.0]])
WEIGHTS = np.random.default_rng(3).standard_normal((len(HOURS), 9))


@cache
def episode():
    model = load_model("clarkson_episode")
    held = {n: v for n, v in model.reference(EPISODE)._asdict().items() if n not in ("t_0", "D")}
    return System(model, ("t_0", "D"), held)


def after_onset(tolerance, engine):
    """Return blend(solver, x) of the states of an episode, from onset and duration [lane, 2]."""
    system = episode()

    def blend(solver, x):
        route = jax.tree.map(jnp.asarray, stack_routes([route_of(0.0, HOURS, [], slots=0)] * len(x)))
        y0, numbers = jax.vmap(system.prepare)(tuple(x.T))
        solve = solver(system.rhs, system.floor, tolerance, engine=engine)
        states, _ = solve(y0, Case(numbers, jnp.zeros((len(x), 0))), route)
        return jnp.einsum("lts,ts->l", states, WEIGHTS)

    return blend


@cache
def by_onset(method, engine):
    """Return the gradient of each episode's blend [lane, parameter], backwards and by tangents."""
    return slopes(after_onset(FINE[method], engine), ONSETS)


@cache
def differences():
    """Return the same by central differences of order four of a solve at 1e-12."""
    exact = after_onset(Tolerance(1e-12, 1e-14, 6000, method="tsit5"), "auto")
    steps = 0.02 * np.array([-2.0, -1.0, 1.0, 2.0])[:, None, None] * np.eye(2)[:, None, None]  # [parameter, step, 1, 2]
    around = jax.jit(lambda x: exact(reverse_solver, x))((ONSETS + steps).reshape(-1, 2)).reshape(2, 4, -1)
    return np.einsum("psl,s->lp", around, np.array([1.0, -8.0, 8.0, -1.0]) / (12 * 0.02))


@pytest.mark.slow
@pytest.mark.parametrize(("method", "engine"), ENGINES)
def test_the_gradient_by_the_onset_of_a_leak_is_that_of_differences(method, engine):
    for found in by_onset(method, engine):
        # steps of 0.02 h to the fourth power, of widths of 2 h, are 1e-8; the solver's 1e-12 over a step is less
        np.testing.assert_allclose(found, differences(), rtol=5e-7)


def test_the_gradient_by_the_onset_of_a_leak_is_that_of_a_complex_step(monkeypatch):
    """The truth is the slope of a Runge-Kutta course of small steps, in complex numbers, without any difference."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # models are of real numbers
    clip = jnp.clip

    def holomorphic(x, low, high):
        if not jnp.iscomplexobj(x):
            return clip(x, low, high)
        return jnp.where(x.real < low, low, jnp.where(x.real > high, high, x))

    monkeypatch.setattr(jnp, "clip", holomorphic)
    system = episode()
    model, u, y = system.model, Inputs(*REST), system.prepare(tuple(ONSETS[0]))[0]
    p = model.reference(EPISODE)
    h, dt = model.health(p), 2e-3

    def course(x):
        q = p._replace(t_0=x[0], D=x[1])
        slope = lambda t, y: jnp.stack(model.derivative(t, model.States(*y), q, h, u))  # noqa: E731

        def step(y, n):
            a = slope(n * dt, y)
            b = slope((n + 0.5) * dt, y + dt / 2 * a)
            c = slope((n + 0.5) * dt, y + dt / 2 * b)
            d = slope((n + 1) * dt, y + dt * c)
            y = y + dt / 6 * (a + 2 * b + 2 * c + d)
            return y, y

        rows = jax.lax.scan(step, y.astype(complex), jnp.arange(round(HOURS[-1] / dt)))[1]
        return jnp.sum(rows[np.round(np.array(HOURS) / dt).astype(int) - 1] * WEIGHTS)

    tiny = 1e-6  # complex exponentials of JAX lose smaller parts
    truth = jax.jit(jax.vmap(course))(ONSETS[0] + 1j * tiny * np.eye(2)).imag / tiny
    for one in by_onset("tsit5", "auto"):
        np.testing.assert_allclose(one[0], truth, rtol=1e-8)  # rounding over the step 1e-10, steps of 2e-3 h as little


# the end of an infusion: there the right-hand side jumps

TIMES = (0.5, 1.3, 2.0, 2.4, 5.0)
DRAIN, LITRES, BEGIN = 0.8, 3.0, 1.0
RUNS = np.array([[0.7], [1.2], [1.9]])
"""The end falls between different measurements in each lane."""


def filled(by_rate, **kwargs):
    return Event("ringer", BEGIN, 2.0, LITRES, 1, end_sd=0.3, by_rate=by_rate, **kwargs)


def tank(t, y, numbers, u):
    """A tank that drains, faster by and by: the hour itself is in the right-hand side."""
    t, pace, u = own_time(t, u)
    dy = u[WATER] - DRAIN * y * (1 + 0.1 * t) * numbers[0]
    return dy if pace is None else pace * dy


def exact_tank(hours, by_rate):
    """Return the level at every time, by quadrature of its closed form between smooth pieces; of complex hours too."""
    rate = LITRES if by_rate else LITRES / hours
    lost = lambda t: DRAIN * (t + 0.05 * t * t)  # noqa: E731
    node, weight = np.polynomial.legendre.leggauss(30)

    def level(t):
        if t <= BEGIN:
            return np.exp(-lost(t))
        end = t if t - BEGIN < np.real(hours) else BEGIN + hours
        at = BEGIN + (end - BEGIN) * (node + 1) / 2
        return np.exp(-lost(t)) + rate * np.sum(weight * np.exp(lost(at) - lost(t))) * (end - BEGIN) / 2

    return np.array([level(t) for t in TIMES])


def levels(route, tolerance, engine="auto"):
    """Return levels(solver, hours) [lane, time] of the tank along a route."""

    def found(solver, hours):
        ways, amounts, own = to_their_ends(route, jnp.asarray(hours))
        solve = solver(tank, np.array([-np.inf]), tolerance, engine=engine)
        states, _ = solve(jnp.ones((len(hours), 1)), Case(jnp.ones((len(hours), 1)), amounts), ways)
        return own(states)[:, np.searchsorted(route.stops[0], TIMES), 0]

    return found


@pytest.mark.parametrize("by_rate", [True, False], ids=["by rate", "by amount"])
@pytest.mark.parametrize(("method", "engine"), ENGINES)
def test_the_gradient_by_the_end_of_an_infusion_is_that_of_a_complex_step(method, engine, by_rate):
    route = stack_routes([route_of(0.0, TIMES, [filled(by_rate)], slots=1)] * len(RUNS))
    found = levels(route, FINE[method], engine)
    truth = np.array([exact_tank(d, by_rate) for d in RUNS[:, 0]])
    np.testing.assert_allclose(found(reverse_solver, RUNS), truth, rtol=ERROR[method])
    weights = np.random.default_rng(4).standard_normal(len(TIMES))
    complex_step = np.array([np.imag(exact_tank(d + 1e-30j, by_rate)) / 1e-30 @ weights for d in RUNS[:, 0]])
    for one in slopes(lambda solver, x: found(solver, x) @ weights, RUNS):
        np.testing.assert_allclose(one[:, 0], complex_step, rtol=ERROR[method], atol=ERROR[method])


def test_a_batch_of_batches_of_ends_has_the_same_slopes():
    route = stack_routes([route_of(0.0, TIMES, [filled(False)], slots=1)] * 3)
    found = levels(route, FINE["tsit5"])
    gradient = jax.grad(lambda x: jnp.sum(found(reverse_solver, x) ** 2))
    both = jax.jit(jax.vmap(gradient))(np.stack([RUNS, RUNS + 0.1]))
    for together, x in zip(both, (RUNS, RUNS + 0.1), strict=True):
        np.testing.assert_allclose(together, jax.jit(gradient)(x), rtol=1e-10)  # the same operations on every lane


def test_where_an_end_is_past_the_last_stop_only_the_rate_tells_of_it():
    late = stack_routes([route_of(0.0, TIMES, [filled(by_rate)], slots=1) for by_rate in (True, False)])
    slope = jax.jit(jax.jacrev(lambda x: jnp.sum(levels(late, FINE["tsit5"])(reverse_solver, x), axis=1)))(
        jnp.full((2, 1), 7.0)
    )
    truth = np.sum(np.imag(exact_tank(7.0 + 1e-30j, by_rate=False))) / 1e-30
    np.testing.assert_allclose(slope[:, :, 0], [[0.0, 0.0], [0.0, truth]], rtol=1e-9, atol=1e-12)


def test_the_levels_go_on_through_a_measurement_that_the_end_passes():
    route = stack_routes([route_of(0.0, TIMES, [filled(False)], slots=1)] * 3)
    around = np.asarray(levels(route, FINE["tsit5"])(reverse_solver, 1.0 + 1e-7 * np.array([[-1.0], [0.0], [1.0]])))
    np.testing.assert_allclose(around[[0, 2]], around[[1, 1]], rtol=1e-6)  # slopes of up to 3 over 1e-7 h


def test_a_level_ends_where_the_next_begins_and_leaves_rest_behind():
    def held(start, end, amount, end_sd=0.0):
        return Event("norepinephrine", start, end, amount, 1, end_sd=end_sd, by_rate=end_sd > 0)

    therapy = [held(1.0, 3.0, 0.2, 0.5), held(3.0, 4.0, 0.1)]
    route = stack_routes([route_of(0.0, [2.0, 6.0], therapy, slots=1)] * 2)
    ways, _, _ = to_their_ends(route, jnp.array([[1.5], [2.9]]))
    channel = CHANNELS.index("norepinephrine")
    assert list(zip(*(np.asarray(a).tolist() for a in (ways.stops[0], ways.forcing.charted[0, :, channel])),
                    strict=True)) == [(1, 0), (2, 0.2), (2.5, 0.2), (3, 0), (4, 0.1), (6, 0)]  # fmt: skip
    assert np.asarray(ways.stops[1]).tolist() == [1, 2, 3, 3, 4, 6]


def test_what_is_given_instead_stops_what_had_no_certain_end():
    given = [filled(False)]
    route = changed_route(0.0, TIMES, given, [], since=1.5, slots=1)
    kept = changed_route(0.0, TIMES, given, given, since=1.5, slots=1)
    assert [one.ends and one.ends.until.tolist() for one in (route, kept)] == [[1.5], [5.0]]


def test_certain_ends_add_nothing_to_a_solve():
    certain = stack_routes([route_of(0.0, TIMES, [give("ringer", 1.0, 2.0, 1.0)], slots=1)])
    assert certain.ends is None
    ways, amounts, own = to_their_ends(certain, jnp.ones((1, 1)))
    assert ways is certain and own(amounts) is amounts
