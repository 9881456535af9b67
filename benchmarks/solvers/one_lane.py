"""Solvers of one lane, called from Python: LSODA and Radau of SciPy, CVODE of SUNDIALS.

Their right-hand side is compiled by JAX and called back from the solver, some ten microseconds a call: most of
their time. That is what a user of them in Python pays, not what their methods could do in C.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import odeint, solve_ivp

from .problem import Problem
from .solved import OneAtATime

MOST_STEPS = 100_000

type Found = tuple[Any, bool, int | None]


def contenders(problem: Problem) -> list[OneAtATime]:
    """Return those that are installed: CVODE comes with the dependency group `bench`."""
    rhs, jacobian = callbacks(problem)
    found = [
        OneAtATime("SciPy LSODA", (1e-4, 1e-6, 1e-8), _lsoda(problem, rhs)),
        OneAtATime("SciPy Radau", (1e-4, 1e-6), radau(problem, rhs, jacobian)),
    ]
    if find_spec("sksundae"):
        found.append(OneAtATime("SUNDIALS CVODE", (1e-4, 1e-6, 1e-8), _cvode(problem, rhs)))
    return found


def callbacks(problem: Problem) -> tuple[Callable, Callable]:
    """Return dy/dt and its Jacobian of one lane, as functions (t, y, numbers) on NumPy's arrays."""
    u = jnp.asarray(problem.u)
    rhs = jax.jit(lambda t, y, numbers: problem.rhs(t, y, numbers, u))
    jacobian = jax.jit(jax.jacfwd(lambda t, y, numbers: problem.rhs(t, y, numbers, u), argnums=1))
    return lambda *given: np.asarray(rhs(*given)), lambda *given: np.asarray(jacobian(*given))


def _lsoda(problem: Problem, rhs: Callable) -> Callable:
    times = np.concatenate([[problem.start], problem.times])

    def solve(y0: Any, numbers: Any, rtol: float) -> Found:
        atol = rtol * problem.atol_share
        y, told = odeint(
            rhs, y0, times, (numbers,), tfirst=True, full_output=True, rtol=rtol, atol=atol, mxstep=MOST_STEPS
        )
        return y[1:], told["message"] == "Integration successful.", int(told["nst"][-1])

    return solve


def radau(problem: Problem, rhs: Callable, jacobian: Callable) -> Callable[[Any, Any, float], Found]:
    """Return the implicit method of order five, with the exact Jacobian."""

    def solve(y0: Any, numbers: Any, rtol: float) -> Found:
        try:
            found = solve_ivp(
                rhs,
                (problem.start, problem.times[-1]),
                np.asarray(y0),
                method="Radau",
                t_eval=problem.times,
                args=(numbers,),
                jac=jacobian,
                rtol=rtol,
                atol=rtol * problem.atol_share,
            )
        except ValueError:  # how it says that its Jacobian is not finite
            return np.full((len(problem.times), len(y0)), np.nan), False, None
        return found.y.T, bool(found.success), None  # it counts no steps

    return solve


def _cvode(problem: Problem, rhs: Callable) -> Callable:
    from sksundae.cvode import CVODE  # pyright: ignore[reportMissingImports]

    times = np.concatenate([[problem.start], problem.times])

    def solve(y0: Any, numbers: Any, rtol: float) -> Found:
        def fill(t: float, y: np.ndarray, out: np.ndarray) -> None:
            out[:] = rhs(t, y, numbers)

        options = {"rtol": rtol, "atol": rtol * problem.atol_share, "max_num_steps": MOST_STEPS}
        found = CVODE(fill, **options).solve(times, np.asarray(y0))
        return found.y[1:], bool(found.success), int(getattr(found, "nstep", 0))

    return solve
