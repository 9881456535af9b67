"""The batched solver against closed forms; lanes that keep to themselves; statuses; gradients."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import Lane, courses, give

from cls_infer.cohort.records import Event
from cls_infer.errors import InputError
from cls_infer.model import load_model
from cls_infer.solve.lanes import NON_FINITE, OK, OUT_OF_BOUNDS, STEP_LIMIT, Case, Tolerance, with_room
from cls_infer.solve.predict import along_route
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import forward_solver, reverse_solver
from cls_infer.solve.system import System

NO_FLOOR = np.array([-np.inf])
TIMES = (0.5, 1.0, 1.3, 2.0, 2.0001, 5.0)
SOLVERS = {"reverse": reverse_solver, "forward": forward_solver}


def solve_tank(rhs, route, case, *, tolerance, kind="reverse", start=1.0):
    solve = SOLVERS[kind](rhs, NO_FLOOR, tolerance)
    y0 = jnp.full((case.numbers.shape[0], 1), start)
    return jax.jit(solve)(y0, case, route)


@pytest.mark.parametrize("kind", SOLVERS)
@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_the_closed_form_is_met_at_and_after_every_breakpoint(leaky_tank, rtol, kind):
    rhs, problem = leaky_tank
    route, case, exact = problem([0.3, 2.0, 15.0], TIMES)
    states, status = solve_tank(rhs, route, case, tolerance=Tolerance(rtol=rtol, atol=1e-3 * rtol), kind=kind)
    assert np.all(status == OK)
    # each of some dozen steps may leave rtol, the last values of the fastest lane atol
    np.testing.assert_allclose(states, exact, rtol=10 * rtol, atol=1e-2 * rtol)


@pytest.mark.parametrize("engine", ["machine", "xla"])
def test_weeks_of_readings_are_no_reason_to_stop(leaky_tank, engine):
    """A step for each of 1,500 stops, where the limit of a lane of few is 1,000."""
    rhs, problem = leaky_tank
    route, case, exact = problem([0.3], np.linspace(0.01, 15, 1500))
    tolerance = Tolerance(rtol=1e-6, atol=1e-9, method="ros34pw2")
    solve = jax.jit(reverse_solver(rhs, NO_FLOOR, tolerance, engine=engine))
    states, status = solve(jnp.ones((1, 1)), case, route)
    assert np.all(status == OK)
    # as many steps may each leave their part of rtol
    np.testing.assert_allclose(states, exact, rtol=1e-4, atol=1e-7)

    def total(k):
        return jnp.sum(solve(jnp.ones((1, 1)), Case(k, case.amounts), route)[0])

    slope, h = jax.grad(total)(case.numbers), 1e-4
    away = (problem([0.3 + h], route.stops[0])[2] - problem([0.3 - h], route.stops[0])[2]) / (2 * h)
    np.testing.assert_allclose(slope[0, 0], away.sum(), rtol=1e-4)


def test_the_limit_of_few_stops_stands_as_given():
    assert with_room(Tolerance(max_steps=7), 256).max_steps == 7
    assert with_room(Tolerance(max_steps=7), 257).max_steps == 7 + 1024
    assert with_room(Tolerance(max_steps=7), 512).max_steps == 7 + 1024
    assert with_room(Tolerance(max_steps=7), 513).max_steps == 7 + 2048


def test_a_tighter_tolerance_gives_a_smaller_error(leaky_tank):
    rhs, problem = leaky_tank
    route, case, exact = problem([1.0], (0.5, 1.5, 3.0))
    errors = []
    for rtol in (1e-3, 1e-5, 1e-7, 1e-9):
        states, _ = solve_tank(rhs, route, case, tolerance=Tolerance(rtol=rtol, atol=1e-3 * rtol))
        errors.append(float(np.max(np.abs(states / exact - 1))))
    # error follows the tolerance: a hundredfold tighter one is fivefold better at least, 1e6-fold 1e4-fold
    assert all(finer < coarser / 5 for coarser, finer in itertools.pairwise(errors)), errors
    assert errors[-1] < 1e-4 * errors[0], errors


def test_a_fast_mode_beside_a_slow_course_costs_no_accuracy():
    def chasing(t, y, numbers, u):
        return numbers[0] * (jnp.cos(t) - y)

    k = 300.0
    route = stack_routes([route_of(0.0, [0.5, 2.0, 8.0], [], slots=0)])
    case = Case(jnp.array([[k]]), jnp.zeros((1, 0)))
    tolerance = Tolerance(rtol=1e-7, atol=1e-10, max_steps=20_000)
    states, status = solve_tank(chasing, route, case, tolerance=tolerance, start=0.0)
    t = route.stops[0]
    exact = (k * k * np.cos(t) + k * np.sin(t)) / (k * k + 1)  # the start's transient has gone
    assert int(status[0]) == OK
    np.testing.assert_allclose(states[0, :, 0], exact, rtol=1e-6, atol=1e-8)


def test_a_lane_alone_is_the_lane_in_a_batch(leaky_tank):
    rhs, problem = leaky_tank
    solve = jax.jit(reverse_solver(rhs, NO_FLOOR, Tolerance()))

    def solved(k):
        route, case, _ = problem(k, TIMES)
        return solve(jnp.ones((len(k), 1)), case, route)[0]

    k = [0.1, 1.0, 7.0, 40.0]
    together = solved(k)
    for i, one in enumerate(k):
        # the same steps are taken: rounding alone, far below the tolerance of 1e-6
        np.testing.assert_allclose(solved([one])[0], together[i], rtol=1e-12)


@pytest.mark.parametrize("kind", SOLVERS)
def test_a_tolerance_that_no_step_can_meet_and_no_lanes_are_refused(leaky_tank, kind):
    rhs, problem = leaky_tank
    with pytest.raises(InputError) as refused:
        SOLVERS[kind](rhs, NO_FLOOR, Tolerance(rtol=0.0, atol=-1.0, max_steps=0))
    assert [p.message.split("`")[1] for p in refused.value.problems] == ["rtol", "atol", "max_steps"]
    route, case, _ = problem([0.3, 2.0], TIMES)
    none = jax.tree.map(lambda a: jnp.asarray(a)[:0], (case, route))
    with pytest.raises(InputError, match="no lane"):
        SOLVERS[kind](rhs, NO_FLOOR, Tolerance())(jnp.ones((0, 1)), *none)


def failing(t, y, numbers, u):
    """Not a number after t = 1 in lanes whose number is 0, y' = -k y in the others."""
    return jnp.where((numbers[0] == 0.0) & (t > 1.0), jnp.nan, -numbers[0] * y)


def test_a_failing_lane_says_so_and_disturbs_no_other():
    route = stack_routes([route_of(0.0, [0.5, 2.0], [], slots=0)] * 3)
    case = Case(jnp.array([[1.0], [0.0], [2.0]]), jnp.zeros((3, 0)))
    states, status = solve_tank(failing, route, case, tolerance=Tolerance(rtol=1e-6, atol=1e-9))
    assert status.tolist() == [OK, NON_FINITE, OK]
    np.testing.assert_allclose(states[::2, :, 0], np.exp(-np.outer([1.0, 2.0], [0.5, 2.0])), rtol=1e-5)
    assert np.all(np.isfinite(states))


def test_a_failing_lane_leaves_the_gradients_of_the_others_alone():
    route = stack_routes([route_of(0.0, [0.5, 2.0], [], slots=0)] * 2)
    solve = reverse_solver(failing, NO_FLOOR, Tolerance(rtol=1e-6, atol=1e-9))

    def last_of_the_first(k):
        case = Case(k[:, None], jnp.zeros((2, 0)))
        states, status = solve(jnp.ones((2, 1)), case, route)
        return jnp.sum(jnp.where(status[:, None, None] == OK, states, 0.0)[:, -1])

    slope = jax.jit(jax.grad(last_of_the_first))(jnp.array([1.0, 0.0]))
    np.testing.assert_allclose(slope, [-2 * np.exp(-2.0), 0.0], rtol=1e-5)


def test_a_lane_without_steps_left_says_so(leaky_tank):
    rhs, problem = leaky_tank
    route, case, _ = problem([5.0], TIMES)
    _, status = solve_tank(rhs, route, case, tolerance=Tolerance(max_steps=4))
    assert int(status[0]) == STEP_LIMIT


def test_a_state_below_its_floor_stops_the_lane(leaky_tank):
    rhs, problem = leaky_tank
    route, case, _ = problem([0.1, 3.0], (0.1, 0.9, 5.0))
    solve = reverse_solver(rhs, np.array([0.5]), Tolerance())
    _, status = solve(jnp.ones((2, 1)), case, route)
    assert status.tolist() == [OK, OUT_OF_BOUNDS]


def test_a_patient_who_bleeds_out_leaves_the_model():
    lanes = [Lane((1.0, 6.0), {}, [give("bleeding", 0.0, 6.0, 18.0)]), Lane((1.0, 6.0))]
    bled, healthy = courses("two_pore", lanes)
    assert bled.status in {"state out of bounds", "not finite"}
    assert healthy.status == "ok"


def test_a_point_of_no_return_is_reported_not_waited_for():
    def explosive(t, y, numbers, u):
        return numbers[0] * y * y  # infinite at t = 1

    route = stack_routes([route_of(0.0, [0.5, 2.0], [], slots=0)])
    _, status = solve_tank(explosive, route, Case(jnp.ones((1, 1)), jnp.zeros((1, 0))), tolerance=Tolerance())
    assert int(status[0]) != OK


def test_an_outer_batch_is_a_loop(leaky_tank):
    rhs, problem = leaky_tank
    route, _, _ = problem([1.0, 1.0], TIMES)
    solve = reverse_solver(rhs, NO_FLOOR, Tolerance())
    k = jnp.array([[0.2, 3.0], [1.0, 20.0], [0.5, 0.6]])

    def last(k):
        states, _ = solve(jnp.ones((2, 1)), Case(k[:, None], jnp.zeros((2, 0))), route)
        return jnp.sum(states[:, -1, 0] * jnp.array([1.0, 2.0])), states

    look = jax.value_and_grad(last, has_aux=True)
    (_, states), slopes = jax.jit(jax.vmap(look))(k)
    for i in range(3):
        (_, alone), slope = jax.jit(look)(k[i])
        np.testing.assert_allclose(states[i], alone, rtol=1e-12)
        np.testing.assert_allclose(slopes[i], slope, rtol=1e-10)


def test_an_outer_batch_of_routes_is_a_loop(leaky_tank):
    rhs, problem = leaky_tank
    solve = reverse_solver(rhs, NO_FLOOR, Tolerance())
    routes = [problem([1.0], times)[0] for times in ((0.5, 3.0), (0.3, 4.0))]
    stacked = jax.tree.map(lambda *a: np.stack(a), *routes)
    case = Case(jnp.ones((1, 1)), jnp.zeros((1, 0)))
    together, _ = jax.jit(jax.vmap(lambda route: solve(jnp.ones((1, 1)), case, route)))(stacked)
    for i, route in enumerate(routes):
        np.testing.assert_allclose(together[i], solve(jnp.ones((1, 1)), case, route)[0], rtol=1e-12)


@pytest.mark.parametrize("kind", SOLVERS)
def test_gradients_of_start_and_rate_are_those_of_the_closed_form(leaky_tank, kind):
    rhs, problem = leaky_tank
    route, _, _ = problem([1.0], (0.4, 1.0))  # before anything is given: y = y0 exp(-k t), whatever k
    solve = SOLVERS[kind](rhs, NO_FLOOR, Tolerance(rtol=1e-9, atol=1e-12))

    def last(y0, k):
        return solve(jnp.reshape(y0, (1, 1)), Case(jnp.reshape(k, (1, 1)), jnp.zeros((1, 0))), route)[0][0, -1, 0]

    derive = jax.jacrev if kind == "reverse" else jax.jacfwd
    slopes = jax.jit(derive(last, argnums=(0, 1)))
    for k in (0.3, 2.0, 25.0):
        np.testing.assert_allclose(slopes(1.5, k), [np.exp(-k), -1.5 * np.exp(-k)], rtol=1e-7, atol=1e-9)


def test_the_gradient_of_an_uncharted_amount_is_its_response():
    model = load_model("volume_kinetics")
    reference = {name: float(v) for name, v in model.reference()._asdict().items()}
    system = System(model, ("k_10",), {n: v for n, v in reference.items() if n != "k_10"})
    unknown = [
        Event("ringer", 0.5, 1.5, None, 1, median=1.0, gsd=1.5),
        Event("ringer", 3.0, 3.0, None, 2, low=0, high=1),
    ]
    known = Event("ringer", 1.0, 2.0, 0.5, 3)
    route = stack_routes([route_of(0.0, [1.0, 2.0, 6.0], [unknown[0], known, unknown[1]], slots=2)])
    solve = reverse_solver(system.rhs, system.floor, Tolerance(rtol=1e-9, atol=1e-12))

    @jax.jit
    def central(amounts):
        return along_route(system, solve, (jnp.array([0.5]),), amounts[None], route).y[0, :, 0]

    nothing, first, second = (central(jnp.array(a)) for a in ([0.0, 0.0], [1.0, 0.0], [0.0, 1.0]))
    slope = jax.jit(jax.jacrev(central))(jnp.array([0.7, 0.2]))
    # the model is linear in what is given, so the slope is the answer to one litre
    np.testing.assert_allclose(slope, np.stack([first - nothing, second - nothing], axis=1), rtol=1e-6, atol=1e-9)
    assert float(slope[-1, 1]) > 0.01


def test_a_grid_takes_the_same_steps_whatever_the_lane_and_errs_by_its_order(leaky_tank):
    def error(longest):
        rhs, (route, case, exact) = leaky_tank[0], leaky_tank[1]([0.3, 2.0, 9.0], (0.5, 1.5, 4.0))
        grid = Tolerance(first_step=longest, longest=longest, method="grid")
        states, status = reverse_solver(rhs, NO_FLOOR, grid)(jnp.ones((3, 1)), case, route)
        assert np.all(status == 0)
        return np.max(np.abs(states - exact), axis=(1, 2))

    coarse, fine = error(0.05), error(0.025)
    assert np.all(fine < 1e-4)
    np.testing.assert_allclose(coarse / fine, 8.0, rtol=0.25)  # order 3; the next term is h k of the first


def test_a_grid_is_a_smooth_function_of_the_parameters(leaky_tank):
    """Second differences of a fine scan are the closed form's; step sizes that follow an error make them jump."""

    def astray(tolerance):
        k = 1.0 + 1e-3 * np.arange(200)
        rhs, (route, case, exact) = leaky_tank[0], leaky_tank[1](k, (0.5, 1.5, 4.0))
        states, _ = reverse_solver(rhs, NO_FLOOR, tolerance)(jnp.ones((len(k), 1)), case, route)
        found, true = (np.diff(a[:, 1, 0], n=2) for a in (np.asarray(states), exact))
        return np.max(np.abs(found / true - 1))

    assert astray(Tolerance(longest=0.1, first_step=0.1, method="grid")) < 0.02  # as h k to the third power
    assert astray(Tolerance(rtol=1e-3, atol=1e-5)) > 0.1


def test_a_grid_needs_a_step():
    with pytest.raises(InputError, match="give `longest`"):
        reverse_solver(lambda t, y, numbers, u: -y, np.zeros(1), Tolerance(method="grid"))
