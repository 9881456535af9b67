"""Fused kernels, emulated on the processor, against machine code and XLA: solves, gradients and tangents; and that
they can be written for a GPU, which no processor can run."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Event
from cls_infer.model.load import load_model
from cls_infer.solve import states
from cls_infer.solve.fused.solver import Fused
from cls_infer.solve.lanes import OK, OUT_OF_BOUNDS, STEP_LIMIT, Case, Tolerance, inputs_along
from cls_infer.solve.machine.block import Block, Problem
from cls_infer.solve.machine.cells import NotScalarError
from cls_infer.solve.machine.rules import results_of
from cls_infer.solve.rosenbrock import ROS34PW2
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import forward_solver, reverse_solver
from cls_infer.solve.system import System

FLOOR = np.array([-3.0, -50.0])


def oscillator(t, y, numbers, u):
    """Van der Pol's oscillator, of its own stiffness in every lane, pushed by channel 0 as time goes on."""
    push = u[0] * jnp.tanh(t)
    return jnp.stack([y[1], numbers[0] * (1 - y[0] ** 2) * y[1] - y[0] + push])


def oscillators(lanes, *, stops=(0.5, 1.0, 2.5)):
    """Return lanes of very different lengths; in all but the last, one amount is a parameter."""
    rng = np.random.default_rng(lanes)
    route = stack_routes([route_of(0.0, list(stops), [], slots=1) for _ in range(lanes)])
    share = np.zeros((lanes, len(stops), 1, route.forcing.charted.shape[2]))
    share[:-1, 1:, 0, 0] = 1.0
    route = route._replace(forcing=route.forcing._replace(share=share))
    numbers = np.exp(2.0 * rng.standard_normal((lanes, 1)))
    y0 = np.stack([1.5 + 0.3 * rng.standard_normal(lanes), rng.standard_normal(lanes)], axis=1)
    return jnp.asarray(y0), Case(jnp.asarray(numbers), jnp.asarray(rng.standard_normal((lanes, 1)))), route


def solver(engine, make=reverse_solver, tolerance=Tolerance()):  # noqa: B008 - a value
    return make(oscillator, FLOOR, tolerance, engine=engine)


def pulled(engine, lanes, tolerance):
    """Return states, status, and the gradient of a sum over all stops with respect to all that is differentiable."""
    y0, case, route = oscillators(lanes)
    solve = solver(engine, tolerance=tolerance)

    def total(y0, case):
        states, status = solve(y0, case, route)
        weights = jnp.arange(1.0, 1.0 + states[0].size).reshape(1, *states[0].shape)
        return jnp.sum(jnp.sin(states) * weights), (states, status)

    gradient, aux = jax.jit(jax.grad(total, argnums=(0, 1), has_aux=True))(y0, case)
    return *aux, gradient


LOOSE, FINE = Tolerance(), Tolerance(1e-8, 1e-10)  # each takes another of the two methods


@pytest.mark.parametrize(("lanes", "tolerance"), [(37, LOOSE), (3, FINE)])  # more than a warp; part of one
def test_solves_and_gradients_are_those_of_machine_code_and_of_xla(lanes, tolerance):
    states, status, gradient = pulled("fused", lanes, tolerance)
    assert np.all(status == OK)
    for engine in ("machine", "xla"):
        same, fine, like = pulled(engine, lanes, tolerance)
        np.testing.assert_array_equal(status, fine)
        # the same steps in another order of rounding, which some hundred steps add up; a state may pass through 0
        np.testing.assert_allclose(states, same, rtol=1e-10, atol=1e-11)
        for a, b in zip(jax.tree.leaves(gradient), jax.tree.leaves(like), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def draining(t, y, numbers, u):
    """A tank that drains at a steady rate and, once empty, at none that is a number; beside it, a pendulum."""
    return jnp.stack([-numbers[0] * jnp.sqrt(y[0]), numbers[1] * y[2], -numbers[1] * y[1]])


def drained(engine):
    """Return status, states and gradient of three tanks: one well, one beside a fast pendulum, one that runs empty."""
    route = stack_routes([route_of(0.0, [0.5, 1.0, 3.0], [], slots=0)] * 3)
    case = Case(jnp.array([[0.1, 1.0], [0.2, 300.0], [1.5, 1.0]]), jnp.zeros((3, 0)))
    solve = reverse_solver(draining, np.array([1e-3, -9.0, -9.0]), Tolerance(max_steps=100), engine=engine)

    def total(numbers):
        states, status = solve(jnp.ones((3, 3)), case._replace(numbers=numbers), route)
        return jnp.sum(states**2), (states, status)

    gradient, (states, status) = jax.jit(jax.grad(total, has_aux=True))(case.numbers)
    return status, states, gradient


def test_lanes_that_fail_fail_as_in_machine_code_and_disturb_no_other():
    status, states, gradient = drained("fused")
    same, as_there, like = drained("machine")
    np.testing.assert_array_equal(status, [OK, STEP_LIMIT, OUT_OF_BOUNDS])
    np.testing.assert_array_equal(same, status)
    np.testing.assert_allclose(states, as_there, rtol=1e-10)  # a hundred steps, each in another order of rounding
    np.testing.assert_allclose(gradient, like, rtol=1e-9, atol=1e-12)


def test_chains_of_lanes_are_lanes():
    y0, case, route = oscillators(3)

    def total(factor):
        states, _ = solver("fused")(y0, case._replace(numbers=case.numbers * factor), route)
        return jnp.sum(states**2)

    factors = jnp.array([0.5, 1.0])
    alone = jax.jit(jax.value_and_grad(total))
    each = [alone(f) for f in factors]
    together = jax.jit(jax.vmap(jax.value_and_grad(total)))(factors)
    np.testing.assert_allclose(together, np.array(each).T, rtol=1e-12)  # the same operations on every lane


def test_tangents_are_those_of_machine_code_and_of_xla_in_all_columns():
    y0, case, route = oscillators(3)

    def columns(engine):
        solve = solver(engine, forward_solver)
        return jax.jit(jax.jacfwd(lambda y0, case: solve(y0, case, route)[0], argnums=(0, 1)))(y0, case)

    found = columns("fused")
    for engine in ("machine", "xla"):
        for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(columns(engine)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)  # as for gradients


@pytest.mark.parametrize(("missing", "name"), [(jnp.sort, "sort"), (jnp.cos, "cos")])
def test_what_has_no_counterpart_on_a_gpu_is_refused(missing, name):
    def rates(t, y, numbers, u):
        return -missing(numbers)[:1] * y

    route = stack_routes([route_of(0.0, [1.0], [], slots=0)])
    solve = reverse_solver(rates, np.array([-np.inf]), Tolerance(), engine="fused")
    with pytest.raises(NotScalarError, match=f"`{name}`"):
        solve(jnp.ones((1, 1)), Case(jnp.array([[2.0, 0.5]]), jnp.zeros((1, 0))), route)


def fused(problem, *, emulated=True, room=2**30):
    """Return the kernels of a problem, and what they are called with."""
    rhs, floor, (y0, case, route) = problem
    u = inputs_along(route.forcing, case.amounts)
    asked = Problem(rhs, ROS34PW2, floor, Tolerance(), case.numbers.shape[1], u.shape[2])
    given = y0, case.numbers, jnp.asarray(route.start), jnp.asarray(route.stops), u
    return Fused(Block(asked), emulated, room), given


def test_lanes_whose_steps_there_is_no_room_for_are_solved_once_more_in_chunks():
    problem = oscillator, FLOOR, oscillators(7)
    plenty, given = fused(problem)
    little, _ = fused(problem, room=3 * plenty.journal_bytes)
    assert little.at_once == 3
    states, _, taken, journal = plenty.call("record", *given)
    pull = jnp.sin(jnp.arange(states.size)).reshape(states.shape)
    whole = plenty.call("unwind", taken, journal, given[1], given[4], pull)
    for a, b in zip(little.rerun(taken, *given, pull), whole, strict=True):
        np.testing.assert_array_equal(a, b)  # the same operations on every lane


def two_pore_leak():
    """Return the two-pore model as a problem, and two lanes of it."""
    model = load_model("two_pore")
    held = {name: value for name, value in model.reference({})._asdict().items() if isinstance(value, int)}
    free = {name: value for name, value in model.reference({})._asdict().items() if name not in held}
    system = System(model, tuple(free), held)
    y0, numbers = system.prepare(tuple(jnp.asarray(float(value)) for value in free.values()))
    given = Event(item="ringer", start=1.0, end=2.0, amount=1.0, row=1)
    route = stack_routes([route_of(0.0, [0.5, 3.0, 12.0], [given], slots=0)] * 2)
    case = Case(jnp.stack([numbers, numbers]), jnp.zeros((2, 0)))
    return system.rhs, system.floor, (jnp.stack([y0, 0.98 * y0]), case, route)


@pytest.mark.slow
def test_the_two_pore_model_is_the_same_in_fused_kernels():
    rhs, floor, (y0, case, route) = two_pore_leak()
    found = []
    for engine in ("fused", "machine"):
        solve = reverse_solver(rhs, floor, Tolerance(), engine=engine)

        def total(y0, solve=solve):
            states, status = solve(y0, case, route)
            return jnp.sum(states**2), status

        found.append(jax.jit(jax.value_and_grad(total, has_aux=True))(y0))
    ((value, status), gradient), ((same, _), like) = found
    assert np.all(status == OK)
    np.testing.assert_allclose(value, same, rtol=1e-11)  # some sixty steps in another order of rounding
    np.testing.assert_allclose(gradient, like, rtol=1e-9)


def test_kernels_of_the_two_pore_model_are_written_for_a_gpu():
    kernels, given = fused(two_pore_leak(), emulated=False)
    y0, numbers, _, _, u = given
    states, _, taken, journal = results_of("record", given, kernels.block.journal)
    along = [jax.ShapeDtypeStruct((len(a), 3, *a.shape[1:]), float) for a in (y0, numbers, u)]
    calls = {
        "forward": given,
        "record": given,
        "unwind": (taken, journal, numbers, u, states),
        "tangents": (taken, journal, numbers, u, *along),
    }
    for name, arrays in calls.items():
        call = jax.jit(partial(kernels.call, name)).trace(*arrays)
        written = call.lower(lowering_platforms=("cuda",)).as_text()
        assert written.count("__gpu$xla.gpu.ptx") == written.count(f".visible .entry cls_infer_{name}(") == 1
        assert "%ctaid.x" in written and "%tid.x" in written  # by which a thread finds its lane
        assert ".f64" in written and ".extern" not in written  # nothing that a library would have to bring


def test_where_there_is_a_gpu_lanes_are_solved_there_in_fused_kernels_or_else_by_xla(monkeypatch):
    monkeypatch.setattr(states, "platform", lambda: "gpu")
    y0, case, route = oscillators(2)

    def kernels(rhs):
        solve = reverse_solver(rhs, FLOOR, Tolerance())
        gradient = jax.jit(jax.grad(lambda y0: jnp.sum(solve(y0, case, route)[0])))
        return gradient.trace(y0).lower(lowering_platforms=("cuda",)).as_text().count("__gpu$xla.gpu.ptx")

    assert kernels(oscillator) == 2  # there and back
    with pytest.warns(UserWarning, match=r"solved by XLA.*`cos`"):
        assert kernels(lambda t, y, numbers, u: jnp.cos(t) - y) == 0
