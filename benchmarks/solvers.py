"""Batched solves and gradients, with their error: this package's solver against vmapped diffrax in one run.

    ./in-env python benchmarks/solvers.py [lanes]

Both solve the tenfold leak of the two-pore body over 48 h for lanes at posterior-like spread. Times are medians of
seven awaited runs; the error is the largest relative difference from a solve at 1e-10. Compile time is not counted.
"""

import json
import sys
from statistics import median
from time import perf_counter

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.model.load import load_model
from cls_infer.solve.lanes import Case, Tolerance
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import reverse_solver
from cls_infer.solve.system import System

TIMES = [1.0, 3.0, 6.0, 12.0, 24.0, 48.0]
FREE = ("LpS", "alpha_L0", "m_L", "J_L0", "C_v", "V_p0")


def seconds(run, *args) -> float:
    """Return the median of seven awaited runs after one that compiles."""
    jax.block_until_ready(run(*args))
    times = []
    for _ in range(7):
        begun = perf_counter()
        jax.block_until_ready(run(*args))
        times.append(perf_counter() - begun)
    return median(times)


def problem(lanes: int):
    """Return the system, its route and free values [lane] spread by 15 % about the tenfold leak."""
    model = load_model("two_pore")
    reference = model.reference({"m_L": 10.0})._asdict()
    system = System(model, FREE, {k: v for k, v in reference.items() if k not in FREE})
    rng = np.random.default_rng(1)
    values = tuple(jnp.asarray(reference[k] * np.exp(0.15 * rng.standard_normal(lanes))) for k in FREE)
    return system, stack_routes([route_of(0.0, TIMES, (), slots=0)] * lanes), values


def ours(system: System, route, tolerance: Tolerance):
    """Return states [lane, stop, state] by this package's solver."""
    solve = reverse_solver(system.rhs, system.floor, tolerance)

    def run(values):
        y0, numbers = jax.vmap(system.prepare)(values)
        return solve(y0, Case(numbers, jnp.zeros((y0.shape[0], 0))), route)[0]

    return run


def theirs(system: System, route, rtol: float):
    """Return the same by vmapped diffrax Tsit5 with its default adjoint."""
    u = jnp.asarray(route.forcing.charted[0, 0])
    term = diffrax.ODETerm(lambda t, y, numbers: system.rhs(t, y, numbers, u))
    controller = diffrax.PIDController(rtol=rtol, atol=rtol * 1e-2)

    def one(y0, numbers):
        save = diffrax.SaveAt(ts=jnp.asarray(TIMES))
        return diffrax.diffeqsolve(
            term, diffrax.Tsit5(), 0.0, 48.0, 0.05, y0, numbers, saveat=save, stepsize_controller=controller
        ).ys

    return lambda values: jax.vmap(one)(*jax.vmap(system.prepare)(values))


def main() -> None:
    """Print one line of JSON a solver."""
    jax.config.update("jax_enable_x64", True)
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else 64
    system, route, values = problem(lanes)
    exact = jax.jit(ours(system, route, Tolerance(1e-10, 1e-12, max_steps=20_000)))(values)
    for name, run in (
        ("cls_infer ROS34PW2 3e-4", ours(system, route, Tolerance())),
        ("cls_infer ROS34PW2 1e-6", ours(system, route, Tolerance(1e-6, 1e-8))),
        ("cls_infer Tsit5 1e-8", ours(system, route, Tolerance(1e-8, 1e-10, max_steps=5_000))),
        ("diffrax Tsit5 1e-6", theirs(system, route, 1e-6)),
    ):
        value = jax.jit(run)
        gradient = jax.jit(jax.grad(lambda v, run=run: jnp.sum(run(v)[..., 0])))
        error = float(jnp.max(jnp.abs(value(values) / exact - 1)[..., :6]))
        row = {"solver": name, "lanes": lanes, "device": jax.devices()[0].platform, "relative error": error}
        row |= {"solve ms": 1e3 * seconds(value, values), "gradient ms": 1e3 * seconds(gradient, values)}
        sys.stdout.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
