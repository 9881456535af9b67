"""Peak memory of a value and gradient, each contender in a process of its own; who fails stays in the table."""

import argparse
import csv
import resource
import subprocess
import sys

import jax

from . import by_diffrax, measure, ours
from .batched import gradient_of
from .problem import Problem, chart_of

FIELDS = ("problem", "lanes", "solver", "rtol", "before_mib", "peak_mib")


def main(given: argparse.Namespace) -> None:
    """Measure one contender here, or each in a process of its own, and write memory.csv."""
    if given.one:
        sys.stdout.write(" ".join(f"{mib:.0f}" for mib in _of(given.problem, int(given.lanes), given.one)))
        return
    rows = []
    problem = measure.PROBLEMS[given.problem]()
    for lanes in given.lanes.split(","):
        for name, rtol in _entries(problem):
            call = [sys.executable, "-m", "benchmarks.solvers", "memory", given.problem, "--lanes", lanes]
            told = subprocess.run([*call, "--one", f"{name}@{rtol}"], capture_output=True, text=True, check=False)
            found = told.stdout.split() if told.returncode == 0 else ("", "")
            rows.append((given.problem, lanes, name, rtol, *found))
    given.out.mkdir(parents=True, exist_ok=True)
    with (given.out / "memory.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([FIELDS, *rows])


def _entries(problem: Problem) -> list[tuple[str, float]]:
    wanted = {("machine ROS34PW2", 3e-4), ("machine Tsit5", 1e-6), ("xla ROS34PW2", 3e-4)}
    wanted |= {("diffrax Tsit5", 1e-6), ("diffrax Tsit5 in chunks", 1e-6), ("diffrax Kvaerno5", 1e-6)}
    all_of = [*ours.contenders(problem), *by_diffrax.contenders(problem)]
    return [(c.name, rtol) for c in all_of for rtol in c.tolerances if (c.name, rtol) in wanted]


def _of(name: str, lanes: int, one: str) -> tuple[float, float]:
    """Return MiB resident at most once everything is compiled, and after one run."""
    problem = measure.PROBLEMS[name]()
    contender, rtol = one.split("@")
    all_of = [*ours.contenders(problem), *by_diffrax.contenders(problem)]
    (chosen,) = [c for c in all_of if c.name == contender and float(rtol) in c.tolerances]
    values = problem.draw("posterior", lanes)
    y0 = jax.vmap(problem.prepare)(values)[0]
    states = y0[:, None].repeat(len(problem.times), axis=1)
    given = (values, float(rtol), chart_of(jax.device_get(states), lanes))
    program = jax.jit(gradient_of(chosen)).lower(*given).compile()
    before = _peak()
    jax.block_until_ready(program(*given))
    return before, _peak()


def _peak() -> float:
    """Return the most this process ever held [MiB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
