"""Several threads for the lanes of one call: the same bits as by one, each lane once."""

import ctypes
import os
import threading
from contextlib import contextmanager
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.solve.lanes import OK, Case, Tolerance
from cls_infer.solve.machine import build, crew
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import counting_solver, forward_solver, reverse_solver

LANES = 5 * crew.LEAST + 3  # the last portion is a part of one
FLOOR = np.array([-1.0])
TASKS = Path("/proc/self/task")


def decay(t, y, numbers, u):
    """dy/dt = -k y^2, by ever more steps the larger k is."""
    return -numbers[0] * y**2


def lanes(count):
    k = np.exp(np.random.default_rng(count).standard_normal(count) * 2)
    routes = stack_routes([route_of(0.0, [0.5, 2.0], [], slots=0) for _ in range(count)])
    return jnp.ones((count, 1)), Case(jnp.asarray(k)[:, None], jnp.zeros((count, 0))), routes


@contextmanager
def allowed(number):
    """Let every call of machine code take so many threads."""
    found = [engine.get_global_value_address(crew.THREADS) for engine in build._engines.values()]
    limits = [ctypes.c_int64.from_address(address) for address in found if address]
    before = [limit.value for limit in limits]
    assert limits
    for limit in limits:
        limit.value = number
    try:
        yield
    finally:
        for limit, value in zip(limits, before, strict=True):
            limit.value = value


def value_and_slopes(count):
    """Return a function to states, statuses, steps, gradients and tangents of so many lanes, all by machine code."""
    y0, case, route = lanes(count)
    solve, along = (make(decay, FLOOR, Tolerance(), engine="machine") for make in (reverse_solver, forward_solver))
    counting = counting_solver(decay, FLOOR, Tolerance(), engine="machine")

    def total(y0, numbers):
        states, status = solve(y0, case._replace(numbers=numbers), route)
        return jnp.sum(jnp.sin(states)), (states, status)

    @jax.jit
    def all_of_it():
        tangents = jax.jvp(lambda k: along(y0, case._replace(numbers=k), route)[0], (case.numbers,), (case.numbers,))
        slopes = jax.value_and_grad(total, argnums=(0, 1), has_aux=True)(y0, case.numbers)
        return slopes, tangents, counting(y0, case, route)

    return all_of_it


@pytest.mark.parametrize("count", [9, crew.LEAST + 1, LANES])  # of few lanes a solve keeps its steps
def test_any_number_of_threads_gives_the_same_bits(count):
    look = value_and_slopes(count)
    jax.block_until_ready(look())  # the code is there
    found = []
    for number in (1, 2, 3, crew.MOST):
        with allowed(number):
            found.append(jax.device_get(look()))
    for other in found[1:]:
        jax.tree.map(np.testing.assert_array_equal, found[0], other)


def test_lanes_taken_by_threads_are_their_closed_form():
    y0, case, route = lanes(LANES)
    solve = jax.jit(reverse_solver(decay, FLOOR, Tolerance(1e-9, 1e-11), engine="machine"))
    jax.block_until_ready(solve(y0, case, route))
    with allowed(3):
        states, status = solve(y0, case, route)
    k = np.asarray(case.numbers)[:, :1]
    assert np.all(status == OK)
    np.testing.assert_allclose(states[..., 0], 1 / (1 + k * [[0.5, 2.0]]), rtol=1e-7)  # a hundred times the tolerance


@pytest.mark.skipif(not TASKS.is_dir(), reason="threads are counted where Linux lists them")
def test_threads_end_with_the_call():
    look = value_and_slopes(LANES)
    jax.block_until_ready(look())
    before = len(list(TASKS.iterdir()))
    with allowed(crew.MOST):
        for _ in range(20):
            jax.block_until_ready(look())
    assert len(list(TASKS.iterdir())) <= before + 2  # some of XLA's own may have been begun


def test_calls_at_once_from_several_threads_do_not_meet():
    look = value_and_slopes(LANES)
    expected, found = jax.device_get(look()), []
    with allowed(3):
        callers = [threading.Thread(target=lambda: found.append(jax.device_get(look()))) for _ in range(4)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert len(found) == 4
    for one in found:
        jax.tree.map(np.testing.assert_array_equal, expected, one)


@pytest.mark.parametrize(
    ("asked", "cores", "given"),
    [("", 6, 6), ("2", 6, 2), ("12", 6, 6), ("4,2", 6, 4), ("0", 6, 6), ("many", 6, 6), ("", 500, crew.MOST)],
)
def test_threads_are_the_cores_of_this_process_and_no_more_than_asked(monkeypatch, asked, cores, given):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert crew.threads() == given
