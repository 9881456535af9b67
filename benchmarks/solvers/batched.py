"""Contenders that take all lanes at once: compiled, judged, and timed in turns."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from . import judge
from .clock import Compiled, Timed, awaited, compiled, in_turns
from .exact import Exact
from .problem import Chart, Problem, log_likelihood
from .solved import Batched, Solved
from .table import Row

ROUNDS, BUDGET = 7, 3.0
"""Most runs of a row, and the seconds after which it takes no more."""

PATIENCE, COMPILING = 25.0, 60.0
"""Seconds of a run, and of compiling: what takes longer, judging by fewer lanes, is left out and says so."""

COUNTED = (64, 1024)
"""Numbers of lanes whose steps are counted apart where a solve does not tell them."""


class Given(NamedTuple):
    """A problem's lanes at one spread: free values [lane], the charts, and what is exact of the first lanes."""

    spread: str
    values: tuple
    chart: Chart
    exact: Exact
    gradient: np.ndarray | None


class Entry(NamedTuple):
    """A contender compiled for a number of lanes: its value, and its value with the gradient."""

    contender: Batched
    value: Compiled
    gradient: Compiled


def value_of(contender: Batched) -> Any:
    """Return the function (values, rtol, chart) to each lane's log-likelihood and what was solved."""

    def value(values: tuple, rtol: Any, chart: Chart) -> tuple[jax.Array, Solved]:
        solved = contender.solve(values, rtol)
        return log_likelihood(solved.states, chart), solved

    return value


def gradient_of(contender: Batched) -> Any:
    """Return the function (values, rtol, chart) to each lane's log-likelihood and its gradient [value][lane]."""

    def total(values: tuple, rtol: Any, chart: Chart) -> tuple[jax.Array, jax.Array]:
        each = log_likelihood(contender.solve(values, rtol).states, chart)
        return jnp.sum(each), each

    def gradient(values: tuple, rtol: Any, chart: Chart) -> tuple[jax.Array, tuple]:
        (_, each), slope = jax.value_and_grad(total, has_aux=True)(values, rtol, chart)
        return each, slope

    return gradient


def rows(problem: Problem, contenders: Sequence[Batched], given: Sequence[Given], before: Sequence[Row]) -> list[Row]:
    """Return the rows of one number of lanes, all spreads; `before` are those of fewer lanes."""
    lanes = len(given[0].values[0])
    entries, found = [], []
    for contender in contenders:
        if lanes < contender.fewest:
            continue
        told = _too_long(before, contender, lanes)
        if told:
            found += [
                _left_out(problem, g.spread, lanes, contender, rtol, told) for g, rtol in _cases(given, contender)
            ]
            continue
        example = (given[0].values, contender.tolerances[0], given[0].chart)
        value, gradient = (compiled(fun(contender), *example) for fun in (value_of, gradient_of))
        entries.append(Entry(contender, value, gradient))
    for g in given:
        found += _at_spread(problem, entries, g, before)
    return found


def _cases(given: Sequence[Given], contender: Batched) -> Iterator[tuple[Given, float]]:
    return ((g, rtol) for g in given for rtol in contender.tolerances)


def _left_out(problem: Problem, spread: str, lanes: int, contender: Batched, rtol: float, told: str) -> Row:
    return Row(problem.name, spread, lanes, contender.name, rtol, note=told)


def _too_long(before: Sequence[Row], contender: Batched, lanes: int) -> str:
    """Return why a contender is not compiled again, or nothing."""
    mine = [row for row in before if row.solver == contender.name and row.rtol in contender.tolerances]
    took = max(((row.value_compile_s or 0) + (row.gradient_compile_s or 0) for row in mine), default=0.0)
    if took > COMPILING:
        return f"left out: compiling took {took:.0f} s for fewer lanes"
    if mine and all(_forecast(row, lanes) > PATIENCE or row.note.startswith("left out") for row in mine):
        return f"left out: about {min(_forecast(row, lanes) for row in mine):.0f} s a run, judging by fewer lanes"
    return ""


def _forecast(row: Row, lanes: int) -> float:
    return 1e-6 * lanes * ((row.gradient_us or 0) + (row.value_us or 0))


def _at_spread(problem: Problem, entries: Sequence[Entry], g: Given, before: Sequence[Row]) -> list[Row]:
    lanes = len(g.values[0])
    found: dict[tuple, Row] = {}
    jobs: dict[tuple, tuple] = {}
    slow: dict[tuple, Timed] = {}
    for entry in entries:
        for rtol in entry.contender.tolerances:
            name = entry.contender.name
            fewer = [r for r in before if (r.spread, r.solver, r.rtol) == (g.spread, name, rtol)]
            last = fewer[-1] if fewer else None
            if last and (last.note.startswith("left out") or _forecast(last, lanes) > PATIENCE):
                told = last.note or f"left out: about {_forecast(last, lanes):.0f} s, judging by fewer lanes"
                found[name, rtol] = _left_out(problem, g.spread, lanes, entry.contender, rtol, told)
                continue
            try:
                told = _judged(entry, rtol, g, lanes)
            except jax.errors.JaxRuntimeError as error:
                told = f"left out: it stopped with an error of its own, {_in_short(error)}"
                found[name, rtol] = _left_out(problem, g.spread, lanes, entry.contender, rtol, told)
                continue
            found[name, rtol] = Row(problem.name, g.spread, lanes, name, rtol, **told)
            for kind in ("value", "gradient"):
                jobs[name, rtol, kind] = (getattr(entry, kind).run, (g.values, rtol, g.chart))
                first = awaited(*_flat(jobs[name, rtol, kind]))[0]
                if first > BUDGET:
                    slow[name, rtol, kind] = Timed(first, 1)
    timed = in_turns({k: job for k, job in jobs.items() if k not in slow}, rounds=ROUNDS, budget=BUDGET) | slow
    for (name, rtol, kind), took in timed.items():
        told = {f"{kind}_us": 1e6 * took.seconds / lanes, f"{kind}_runs": took.runs}
        found[name, rtol] = found[name, rtol]._replace(**told)
    return list(found.values())


def _in_short(error: Exception) -> str:
    """Return the first line of an error that says anything of what went wrong."""
    lines = [line.strip() for line in str(error).splitlines() if "Error" in line or "error" in line]
    return next((line for line in reversed(lines) if "JAX program" not in line), type(error).__name__)[:120]


def _flat(job: tuple) -> tuple:
    return job[0], *job[1]


def _judged(entry: Entry, rtol: float, g: Given, lanes: int) -> dict[str, Any]:
    """Return all that a row says beside its times; these runs also warm up."""
    _, solved = entry.value.run(g.values, rtol, g.chart)
    _, slope = entry.gradient.run(g.values, rtol, g.chart)
    told: dict[str, Any] = judge.of_states(solved.states, solved.ok, g.exact, g.chart)
    count = min(lanes, len(g.exact.ok))
    if g.gradient is not None:
        natural = tuple(s * v for s, v in zip(slope, g.values, strict=True))
        good = g.exact.ok[:count] & np.asarray(solved.ok)[:count]
        told |= judge.of_gradient(natural, g.gradient, good)
    steps = solved.steps
    if steps is None and entry.contender.count and lanes in COUNTED:
        steps = jax.jit(entry.contender.count)(g.values)
    told |= judge.of_steps(steps) if steps is not None else {}
    for kind, program in (("value", entry.value), ("gradient", entry.gradient)):
        told |= {f"{kind}_trace_s": program.trace, f"{kind}_compile_s": program.compile}
    return told
