"""One problem's whole table, and what it was measured on."""

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from cls_infer.model.load import available
from cls_infer.solve.tsit5 import TSIT5

from . import batched, bodies, by_diffrax, one_lane, ours, singly, stiff
from .batched import Given, gradient_of
from .exact import TIGHT, exact_of, explicit
from .problem import SPREADS, Problem, chart_of
from .solved import Batched, OneAtATime
from .table import Row, label

PROBLEMS: Mapping[str, Callable[[], Problem]] = {
    "two_pore_leak": bodies.two_pore_at_leak,
    "clarkson_episode": bodies.attack,
    "multi_tissue_leak": bodies.three_tissues_at_leak,
    "two_pore_health": bodies.two_pore_in_health,
    "van_der_pol": stiff.van_der_pol,
    "hires": stiff.hires,
    **{f"{bodies.EVERY}{name}": partial(bodies.shipped, name) for name in available()},
}

EXACT_STEPS = 30_000
"""Most steps of a lane whose exact gradient is sought: its journal lies in memory."""

PACKAGES = ("cls_infer", "jax", "jaxlib", "diffrax", "llvmlite", "numpy", "scipy", "scikit-sundae")


def table(problem: Problem, counts: Sequence[int], *, chosen: str = "") -> Iterator[list[Row]]:
    """Yield the rows of a problem, those of one number of lanes more each time, for these numbers in ascending order.

    Of contenders and tolerances such as `diffrax Tsit5 1e-6` in which the pattern `chosen` is found.
    """
    together = _chosen([*ours.contenders(problem), *by_diffrax.contenders(problem)], chosen)
    singles = _chosen(one_lane.contenders(problem), chosen)
    whole = _given(problem, max(counts))
    for given in whole:
        sys.stderr.write(f"{problem.name}, {given.spread}: {given.exact.ok.sum()} lanes known to ")
        sys.stderr.write(f"{given.exact.agreement:.1e} by two solvers\n")
    alone = [row for given in whole for row in singly.rows(problem, singles, given, counts)]
    before: list[Row] = []
    for lanes in counts:
        before += batched.rows(problem, together, [_first(given, lanes) for given in whole], before)
        sys.stderr.write(f"{problem.name}: {lanes} lanes done\n")
        yield [*(row for row in alone if row.lanes <= lanes), *before]


def _chosen[C: (Batched, OneAtATime)](contenders: Sequence[C], pattern: str) -> list[C]:
    kept = []
    for c in contenders:
        tolerances = tuple(rtol for rtol in c.tolerances if re.search(pattern, label(c.name, rtol)))
        kept += [c._replace(tolerances=tolerances)] if tolerances else []
    return kept


def _given(problem: Problem, lanes: int) -> list[Given]:
    """Return the lanes of every spread, with what is exact of the first ones."""
    follow = explicit(problem)
    tolerance = ours.tolerance_of(problem, TIGHT)._replace(max_steps=EXACT_STEPS)
    slope_of = jax.jit(gradient_of(Batched("exact", (TIGHT,), ours.by_machine(problem, TSIT5, tolerance))))
    found = []
    for spread in SPREADS:
        values = problem.draw(spread, lanes)
        exact = exact_of(problem, values, follow)
        chart = chart_of(exact.states, lanes)
        given = Given(spread, values, chart, exact, None)
        if not problem.stiff:
            some = _first(given, len(exact.ok))
            slope = slope_of(some.values, TIGHT, some.chart)[1]
            natural = np.stack([np.asarray(s * v) for s, v in zip(slope, some.values, strict=True)])
            given = given._replace(gradient=natural)
        found.append(given)
    return found


def _first(given: Given, lanes: int) -> Given:
    chart = given.chart._replace(seen=given.chart.seen[:lanes], sd=given.chart.sd[:lanes])
    return given._replace(values=tuple(v[:lanes] for v in given.values), chart=chart)


def surroundings(load: Sequence[float]) -> dict[str, Any]:
    """Return device, versions, day, command; `load` is the machine's, before and after."""
    return {
        "command": " ".join(["python -m benchmarks.solvers", *sys.argv[1:]]),
        "day": date.today().isoformat(),
        "device": jax.devices()[0].platform,
        "processor": _processor(),
        "cores used": len(os.sched_getaffinity(0)),
        "cores of the machine": os.cpu_count(),
        "load average before and after": [round(x, 2) for x in load],
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()
