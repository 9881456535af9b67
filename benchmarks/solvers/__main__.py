"""Measure, and write the page.

./in-env python -m benchmarks.solvers run two_pore_leak --lanes 1,64,1024,16384
./in-env python -m benchmarks.solvers memory two_pore_leak --lanes 1024
./in-env python -m benchmarks.solvers page
"""

import argparse
import json
import os
from pathlib import Path

import jax

from . import measure, memory, page, table


def main() -> None:
    """Run one of the commands."""
    jax.config.update("jax_enable_x64", True)
    given = _parser().parse_args()
    given.do(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.solvers", description="Measure, and write the page.")
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="time and judge all contenders on a problem")
    run.add_argument("problem", choices=measure.PROBLEMS)
    run.add_argument("--lanes", default="1,64,1024,16384", help="ascending, by commas")
    run.add_argument("--only", default="", help="a pattern, found in such as `diffrax Tsit5 1e-6`")
    run.add_argument("--out", type=Path, default=table.RESULTS)
    run.set_defaults(do=_run)
    peak = commands.add_parser("memory", help="peak memory of the value and gradient, each in a fresh process")
    peak.add_argument("problem", choices=measure.PROBLEMS)
    peak.add_argument("--lanes", default="1024")
    peak.add_argument("--out", type=Path, default=table.RESULTS)
    peak.add_argument("--one", help=argparse.SUPPRESS)
    peak.set_defaults(do=memory.main)
    write = commands.add_parser("page", help="write docs/benchmarks.md and its figure from the results")
    write.set_defaults(do=lambda given: page.write(table.RESULTS))
    return parser


def _run(given: argparse.Namespace) -> None:
    counts = sorted(int(n) for n in given.lanes.split(","))
    path, beside = given.out / f"{given.problem}.csv", given.out / f"{given.problem}.json"
    others = [row for row in table.read(path) if row.lanes not in counts] if path.exists() else []
    runs = json.loads(beside.read_text()) if beside.exists() else []
    load = os.getloadavg()[0]
    for rows in measure.table(measure.PROBLEMS[given.problem](), counts, chosen=given.only):
        told = {"lanes": sorted({row.lanes for row in rows}), **measure.surroundings((load, os.getloadavg()[0]))}
        table.write(sorted([*others, *rows], key=lambda row: (row.spread, row.lanes)), path)
        kept = [run for run in runs if not set(run["lanes"]) <= set(counts)]
        beside.write_text(json.dumps([*kept, told], indent=2) + "\n")


if __name__ == "__main__":
    main()
