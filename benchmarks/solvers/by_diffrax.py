"""diffrax as its manual has it: one lane written down, vmapped, its default adjoint."""

from collections.abc import Callable
from typing import Any

import diffrax
import jax
import jax.numpy as jnp

from .problem import Problem
from .solved import Batched, Solved

CHUNK = 128


def contenders(problem: Problem) -> list[Batched]:
    """Return explicit and implicit methods; Tsit5 also in chunks of lanes, which it does not do by itself."""
    tsit5, dopri8, kvaerno5 = (_vmapped(problem, s) for s in (diffrax.Tsit5(), diffrax.Dopri8(), diffrax.Kvaerno5()))
    return [
        Batched("diffrax Tsit5", (1e-4, 1e-5, 1e-6, 1e-8), tsit5),
        Batched("diffrax Tsit5 in chunks", (1e-4, 1e-6), _in_chunks(tsit5), fewest=2 * CHUNK),
        Batched("diffrax Dopri8", (1e-5, 1e-6, 1e-8), dopri8),
        Batched("diffrax Kvaerno5", (1e-4, 1e-5, 1e-6), kvaerno5),
    ]


def _vmapped(problem: Problem, method: Any) -> Callable[..., Solved]:
    u = jnp.asarray(problem.u)
    term = diffrax.ODETerm(lambda t, y, numbers: problem.rhs(t, y, numbers, u))
    save = diffrax.SaveAt(ts=jnp.asarray(problem.times))

    def solve(values: tuple, rtol: Any) -> Solved:
        controller = diffrax.PIDController(rtol=rtol, atol=rtol * problem.atol_share)

        def one(y0: Any, numbers: Any) -> Solved:
            found = diffrax.diffeqsolve(
                term,
                method,
                problem.start,
                problem.times[-1],
                problem.first_step,
                y0,
                numbers,
                saveat=save,
                stepsize_controller=controller,
                max_steps=problem.most_steps,
                throw=False,
            )
            return Solved(found.ys, found.result == diffrax.RESULTS.successful, found.stats["num_steps"])

        return jax.vmap(one)(*jax.vmap(problem.prepare)(values))

    return solve


def _in_chunks(solve: Callable[..., Solved]) -> Callable[..., Solved]:
    def chunked(values: tuple, rtol: Any) -> Solved:
        parted = jax.tree.map(lambda a: a.reshape(-1, CHUNK), values)
        found = jax.lax.map(lambda part: solve(part, rtol), parted)
        return jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), found)

    return chunked
