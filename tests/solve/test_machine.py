"""Machine code against XLA: elementary functions, every model's equations, solves, gradients and tangents."""

import math
from concurrent.futures import Future

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.model.steady import newton_root
from cls_infer.solve.lanes import OK, OUT_OF_BOUNDS, STEP_LIMIT, Case, Tolerance
from cls_infer.solve.machine import build
from cls_infer.solve.machine.cells import NotScalarError
from cls_infer.solve.machine.door import DOORS, Doors, doors_module
from cls_infer.solve.machine.kept import kept_or
from cls_infer.solve.machine.tape import Ref, Tape
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import forward_solver, pointwise, pointwise_forward, reverse_solver

ULP = np.finfo(float).eps
SPREAD = np.random.default_rng(1).standard_normal(400)
ELEMENTARY = {
    "exp": (jnp.exp, np.exp, np.concatenate([50 * SPREAD, [-700.0, 0.0, 700.0]])),
    "expm1": (jnp.expm1, np.expm1, np.concatenate([5 * SPREAD, 1e-9 * SPREAD, [-40.0]])),
    "log": (jnp.log, np.log, np.concatenate([np.exp(30 * SPREAD), 1 + 1e-6 * SPREAD])),
    "log1p": (jnp.log1p, np.log1p, np.concatenate([np.expm1(5 * SPREAD), 1e-9 * SPREAD])),
    "tanh": (jnp.tanh, np.tanh, np.concatenate([3 * SPREAD, 1e-9 * SPREAD, [-50.0, 50.0]])),
    "sqrt": (jnp.sqrt, np.sqrt, np.exp(30 * SPREAD)),
    "sin": (jnp.sin, np.sin, 10 * SPREAD),
    "whole power": (lambda x: x**7, lambda x: x**7, SPREAD),
    "reciprocal": (lambda x: 1 / x, lambda x: 1 / x, SPREAD),
}


@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_are_exact_to_a_few_units_in_the_last_place(name):
    fun, exact, x = ELEMENTARY[name]
    found = pointwise(fun, engine="machine")(x)
    # of seven multiplications each rounds once; near 1 the logarithm's argument itself is rounded
    np.testing.assert_allclose(found, exact(x), rtol=8 * ULP, atol=1e-300)


def test_what_is_not_a_number_stays_so():
    odd = jnp.array([jnp.nan, jnp.inf, -jnp.inf, -1.0, 0.0])
    found = {f: pointwise(f, engine="machine")(odd) for f in (jnp.log, jnp.sqrt, jnp.exp, jnp.tanh)}
    np.testing.assert_array_equal(found[jnp.log], [math.nan, math.inf, math.nan, math.nan, -math.inf])
    np.testing.assert_array_equal(found[jnp.sqrt], [math.nan, math.inf, math.nan, math.nan, 0.0])
    np.testing.assert_array_equal(found[jnp.tanh][:3], [math.nan, 1.0, -1.0])
    assert math.isnan(found[jnp.exp][0]) and found[jnp.exp][1] > 1e307 and found[jnp.exp][2] < 1e-307


def test_choices_follow_each_lane():
    def tent(x, y):
        return jnp.where(x > y, jnp.maximum(x - y, 0.1), jnp.minimum(x, jnp.abs(y))) + (x == 0.5)

    x, y = jnp.linspace(-1, 1, 21), jnp.full(21, 0.25)
    np.testing.assert_allclose(pointwise(tent, engine="machine")(x, y), tent(x, y), rtol=ULP)


def test_a_tape_folds_numbers_and_keeps_each_operation_once():
    tape = Tape()
    x, y = tape.input(0), tape.input(1)
    assert tape.apply("add", 2.0, 3.0) == 5.0
    assert tape.apply("mul", x, 0.0) == 0.0
    assert tape.apply("add", x, 0.0) is x
    assert tape.apply("mul", x, y) == tape.apply("mul", y, x)
    assert tape.apply("sub", x, y) != tape.apply("sub", y, x)
    assert tape.select(True, x, y) is x
    first, second = tape.quotient(x, y), tape.quotient(2.0, y)
    names = [tape.operations[i].name for i in tape.needed([first, second])]
    assert isinstance(second, Ref) and names.count("reciprocal") == 1


@jax.custom_jvp
def steeper(x):
    return x


steeper.defjvp(lambda given, along: (given[0], 3 * along[0]))


@jax.custom_vjp
def flatter(x):
    return x


flatter.defvjp(lambda x: (x, None), lambda _, pull: (pull / 4,))

ANYWHERE = [-1.7, -0.3, 0.4, 2.6]
SMOOTH = {
    "sums and products": (lambda x: (x + 1) * (x - 2) * -x, ANYWHERE),
    "quotients": (lambda x: (x + 3) / (x - 7) + 1 / x, ANYWHERE),
    "magnitudes": (lambda x: jnp.abs(x) * jnp.sign(x + 0.1) * jnp.clip(x, -1.0, 1.0), ANYWHERE),
    "the larger and the smaller": (lambda x: jnp.maximum(x, x**2) + jnp.minimum(2 * x, x**3), ANYWHERE),
    "alike": (lambda x: jnp.maximum(x, 0 * x) + jnp.minimum(x, 2 * x), [0.0]),
    "choices": (lambda x: jnp.where(x > 0, jnp.sqrt(jnp.where(x > 0, x, 1.0)), x**2), ANYWHERE),
    "exponentials": (lambda x: jnp.exp(x) + jnp.expm1(2 * x) + jnp.tanh(x), ANYWHERE),
    "logarithms": (lambda x: jnp.log(x**2) + jnp.log1p(x**2), ANYWHERE),
    "waves": (lambda x: jnp.sin(x) * jnp.cos(2 * x), ANYWHERE),
    "whole powers": (lambda x: x**7 + x**-3 + jax.lax.rsqrt(x**2), ANYWHERE),
    "real powers": (lambda x: jnp.abs(x) ** 2.3 + (x**2) ** (x + 2), ANYWHERE),
    "real powers at nought": (lambda x: x**2.3, [0.0]),
    "sigmoids far out": (lambda x: jax.nn.sigmoid(x), [-900.0, -30.0, 0.0, 900.0]),
    "soft corners": (lambda x: jax.nn.softplus(x) + jnp.logaddexp(x, 2 * x), [-900.0, 0.0, 0.7, 900.0]),
    "what is held": (lambda x: x * jax.lax.stop_gradient(x) + x, ANYWHERE),
    "a rule of its own": (lambda x: steeper(x) * x + x, ANYWHERE),
    "loops and matrices": (lambda x: jax.lax.fori_loop(0, 3, lambda i, a: a @ a, jnp.eye(2) * x)[0, 0], ANYWHERE),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_slopes_are_those_of_jax(name):
    fun, at = SMOOTH[name]
    at = jnp.array(at)
    slope = jax.vmap(jax.grad(fun))(at)
    # the same products in another order; exp stops short of 0
    close = {"rtol": 1e-14, "atol": 1e-300 + 1e-15 * float(jnp.max(jnp.abs(slope)))}
    pulled = jax.grad(lambda x: jnp.sum(pointwise(fun, engine="machine")(x)))(at)
    pushed = jax.jvp(pointwise_forward(fun, engine="machine"), (at,), (jnp.ones_like(at),))[1]
    np.testing.assert_allclose(pulled, slope, **close)
    np.testing.assert_allclose(pushed, slope, **close)


def test_a_rule_for_the_way_back_alone_is_kept():
    at = jnp.array(ANYWHERE)
    pulled = jax.grad(lambda x: jnp.sum(pointwise(lambda x: flatter(x) * x + x, engine="machine")(x)))(at)
    np.testing.assert_allclose(pulled, 1.25 * at + 1, rtol=1e-14)


@pytest.mark.parametrize("engine", ["machine", "xla"])
def test_a_root_has_the_gradient_of_the_implicit_function_theorem(engine):
    """Of x + a x = a + 2 at x = (a + 2) / (1 + a), whose slope is -1 / (1 + a)^2."""
    a = jnp.array([0.5, 1.0, 3.0])
    root = pointwise(lambda a: newton_root(lambda x: x + a * x - a - 2, 0.0), engine=engine)
    np.testing.assert_allclose(root(a), (a + 2) / (1 + a), rtol=1e-14)
    np.testing.assert_allclose(jax.grad(lambda a: jnp.sum(root(a)))(a), -1 / (1 + a) ** 2, rtol=1e-13)


def test_what_has_no_counterpart_among_scalars_is_named_and_solved_by_xla():
    def sorted_rates(t, y, numbers, u):
        return -jnp.sort(numbers)[:1] * y

    route = stack_routes([route_of(0.0, [1.0], [], slots=0)])
    case = Case(jnp.array([[2.0, 0.5]]), jnp.zeros((1, 0)))
    floor = np.array([-np.inf])
    with pytest.raises(NotScalarError, match="sort"):
        reverse_solver(sorted_rates, floor, Tolerance(), engine="machine")(jnp.ones((1, 1)), case, route)
    with pytest.warns(UserWarning, match=r"solved by XLA.*sort"):
        states, _ = reverse_solver(sorted_rates, floor, Tolerance(1e-6, 1e-8))(jnp.ones((1, 1)), case, route)
    np.testing.assert_allclose(states[0, 0], np.exp(-0.5), rtol=1e-5)


def chained(t, y, numbers, u):
    """Two tanks in a row, the second stiffer, filled by channel 0 and driven by a course in time."""
    k, fast = numbers
    inflow = u[0] * (1 + jnp.tanh(t - 1.0))
    return jnp.stack([inflow - k * y[0], k * y[0] - fast * y[1] * jnp.sqrt(1 + y[1] ** 2)])


def chained_lanes(lanes):
    rng = np.random.default_rng(lanes)
    routes = [route_of(0.0, [0.3, 1.0, 2.5], [], slots=0) for _ in range(lanes)]
    numbers = np.exp(rng.standard_normal((lanes, 2)) * 0.5) * [1.0, 20.0]
    y0 = np.exp(0.3 * rng.standard_normal((lanes, 2)))
    return jnp.asarray(y0), Case(jnp.asarray(numbers), jnp.zeros((lanes, 0))), stack_routes(routes)


def solved(engine, make=reverse_solver, tolerance=Tolerance()):  # noqa: B008 - a value
    return make(chained, np.array([-1.0, -1.0]), tolerance, engine=engine)


@pytest.mark.parametrize("rtol", [3e-4, 1e-9])  # both methods
@pytest.mark.parametrize("lanes", [1, 5, 19])  # a narrow block; a wide one part empty; more than keep their steps
def test_solves_and_gradients_are_those_of_xla(lanes, rtol):
    y0, case, route = chained_lanes(lanes)
    found = {}
    for engine in ("machine", "xla"):
        solve = solved(engine, tolerance=Tolerance(rtol, 1e-2 * rtol))

        def total(y0, numbers, solve=solve):
            states, status = solve(y0, case._replace(numbers=numbers), route)
            return jnp.sum(jnp.sin(states) * jnp.arange(1.0, 7.0).reshape(1, 3, 2)), (states, status)

        found[engine] = jax.jit(jax.value_and_grad(total, argnums=(0, 1), has_aux=True))(y0, case.numbers)
    ((_, (states, status)), by), ((_, (same, fine)), like) = found["machine"], found["xla"]
    assert np.all(status == OK) and np.all(fine == OK)
    # the same steps in another order of rounding, which a hundred steps add up
    np.testing.assert_allclose(states, same, rtol=1e-10)
    for a, b in zip(by, like, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


def test_chains_of_lanes_are_lanes():
    y0, case, route = chained_lanes(3)
    factors = jnp.array([0.5, 1.0, 2.0])

    def total(factor):
        states, _ = solved("machine")(y0, case._replace(numbers=case.numbers * factor), route)
        return jnp.sum(states**2)

    look = jax.value_and_grad(total)
    each = list(map(jax.jit(look), factors))
    together = jax.jit(jax.vmap(look))(factors)
    np.testing.assert_allclose(together, np.array(each).T, rtol=1e-12)


def test_tangents_are_those_of_xla_in_all_columns():
    y0, case, route = chained_lanes(3)
    found = []
    for engine in ("machine", "xla"):
        solve = solved(engine, forward_solver)

        def states(numbers, solve=solve):
            return solve(y0, case._replace(numbers=numbers), route)[0]

        found.append(jax.jit(jax.jacfwd(states))(case.numbers))
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-11)


def test_tangents_and_gradient_are_one_derivative():
    y0, case, route = chained_lanes(2)

    def last(numbers, make):
        return jnp.sum(solved("machine", make)(y0, case._replace(numbers=numbers), route)[0][:, -1])

    forward = jax.jit(jax.jacfwd(lambda numbers: last(numbers, forward_solver)))(case.numbers)
    reverse = jax.jit(jax.grad(lambda numbers: last(numbers, reverse_solver)))(case.numbers)
    np.testing.assert_allclose(forward, reverse, rtol=1e-10)  # of one discrete map: rounding alone


@pytest.mark.parametrize("lanes", [3, 20])
def test_lanes_that_fail_say_so_and_disturb_no_other(lanes):
    y0, case, route = chained_lanes(lanes)
    fine, _ = solved("machine")(y0.at[1].set(1.0), case, route)
    wild = y0.at[1].set(1e6)  # so fast that the limit of steps is met
    solve = reverse_solver(chained, np.array([-1.0, -1.0]), Tolerance(max_steps=12), engine="machine")
    states, status = solve(wild, case, route)
    assert status[1] == STEP_LIMIT and np.all(np.isfinite(states))
    lowest, next_one = np.sort(np.min(fine[:, :, 0], axis=1))[:2]
    floor = np.array([0.5 * (lowest + next_one), -1.0])
    _, status = reverse_solver(chained, floor, Tolerance(), engine="machine")(y0.at[1].set(1.0), case, route)
    assert np.sum(status == OUT_OF_BOUNDS) == 1 and np.sum(status == OK) == lanes - 1


def test_code_that_cannot_be_written_is_an_error_of_the_call(monkeypatch, caplog):
    def no_room(target, make):
        raise MemoryError("no room for code")

    monkeypatch.setattr(build, "kept_or", no_room)
    with pytest.raises(jax.errors.JaxRuntimeError, match="machine code could not be written"):
        jax.block_until_ready(pointwise(lambda x: x * 1.23456 + 7, engine="machine")(jnp.ones(3)))
    assert "no room for code" in caplog.text


def test_there_are_as_many_functions_as_anybody_asks_for():
    doors = Doors(build._loaded(build._compiled(str(doors_module()))))
    addresses = [doors.opened(Future()) for _ in range(DOORS)]
    assert len(set(addresses)) == DOORS and doors.full


@pytest.fixture
def compilations_in():
    """Let compilations be kept in a folder, for as long as the test runs."""
    before = jax.config.jax_compilation_cache_dir
    yield lambda folder: jax.config.update("jax_compilation_cache_dir", str(folder) if folder else None)
    jax.config.update("jax_compilation_cache_dir", before)


def test_machine_code_is_kept_between_runs(tmp_path, compilations_in):
    def never():
        raise AssertionError("was kept")

    compilations_in(tmp_path)
    assert kept_or("target", lambda: b"code") == b"code"
    assert kept_or("target", never) == b"code"
    assert kept_or("another", lambda: b"other") == b"other"
    (tmp_path / "file").write_text("")
    for nowhere in (None, tmp_path / "file"):
        compilations_in(nowhere)
        assert kept_or("target", lambda: b"anew") == b"anew"


def test_functions_that_differ_in_a_number_or_an_operation_are_not_taken_for_each_other():
    x = jnp.array([0.25, 2.0])
    kin = {
        "twice": (lambda x: 2.0 * x, [0.5, 4.0]),
        "thrice": (lambda x: 3.0 * x, [0.75, 6.0]),
        "less": (lambda x: x - 2.0, [-1.75, 0.0]),
        "turned": (lambda x: 2.0 - x, [1.75, 0.0]),
    }
    for fun, expected in kin.values():
        np.testing.assert_array_equal(pointwise(fun, engine="machine")(x), expected)
