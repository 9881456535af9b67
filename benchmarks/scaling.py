"""How a cohort's cost grows with patients and workers: wall time, draws, memory, disk, scheduling.

    python -m benchmarks.scaling 10 100 --workers 1 2
    python -m benchmarks.scaling 1000 --workers 2 --extrapolate 100000

    python -m benchmarks.scaling 8 32 --workers 2 --episodes

Patients are those of `benchmarks.sampling`: volume kinetics after Ringer, five unknowns each, drawn from the prior.
With `--episodes` they are `clarkson_a` over and over, 29 unknowns each, every reading changed by 2 % in its own way.
Each row is a process of its own. Programs that a row before it compiled are kept in `--cache`, as they are for a user;
`first shard` is what tracing and reading them took besides fitting. An extrapolated row is marked `*`: its worker's
seconds and bytes are those of the largest row, patient by patient without the first shard, its memory that row's.
A row of fewer than four shards a worker is not extrapolated, and its `scheduling` counts workers who had nothing to do.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

COLUMNS = (
    "patients",
    "workers",
    "wall [s]",
    "first shard [s]",
    "effective draws/s",
    "MB a worker",
    "kB a patient",
    "scheduling",
    "verdicts met",
)

FEWEST = 4
"""Shards a worker that tell what a usual one takes: the first of each traces and reads programs."""


def episodes(patients: int) -> tuple[Any, Any]:
    """Return a model and so many patients with whole episodes."""
    import numpy as np

    from cls_infer.cohort import read_cohort
    from cls_infer.model import load_model

    cohort, rng = read_cohort("data/clarkson_a"), np.random.default_rng(7)
    (pattern,) = cohort.patients

    def another(number: int) -> Any:
        rows = (replace(m, value=m.value * float(np.exp(0.02 * rng.standard_normal()))) for m in pattern.measurements)
        return replace(pattern, name=f"P{number:04d}", measurements=tuple(rows))

    return load_model("clarkson_episode"), replace(cohort, patients=tuple(map(another, range(patients))))


def kinetics(patients: int) -> tuple[Any, Any]:
    """Return a model and so many patients with five unknowns."""
    from benchmarks.sampling.cohort import cohort_of

    target = cohort_of(patients)
    return target.model, target.cohort


def measure(patients: int, workers: int, cache: str, method: str, draws: int, whole: bool) -> dict[str, Any]:
    """Return what a cohort of so many patients cost, of `whole` episodes or of five unknowns each."""
    from cls_infer.cli.machine import prepare_jax

    prepare_jax()
    from cls_infer.inference.settings import Settings
    from cls_infer.scale.fit import fit_cohort
    from cls_infer.solve.machine.known import keep_in

    keep_in(cache)
    model, cohort = episodes(patients) if whole else kinetics(patients)
    settings = Settings(method=method, draws=draws, solver="auto" if whole else "tsit5")
    with tempfile.TemporaryDirectory() as folder:
        began: list[float] = []
        begun = perf_counter()
        run = fit_cohort(
            cohort,
            model,
            Path(folder) / "run",
            settings=settings,
            workers=f"local:{workers}",
            report=lambda event: began.append(perf_counter()),
        )
        wall, lines = perf_counter() - begun, list(run.done.told.values())
        return told_of(run.manifest["numbers"], lines, workers, wall, began[2:])


def told_of(
    numbers: dict[str, Any], lines: list[dict[str, Any]], workers: int, wall: float, marks: list[float]
) -> dict[str, Any]:
    """Return a row.

    Args:
        numbers: of the manifest.
        lines: of the ledger.
        workers: how many.
        wall: seconds of the whole fit.
        marks: when the workers were ready, and when each shard was back [s].
    """
    each = [(line["seconds"] + line["writing"]) / len(line["patients"]) for line in lines]
    fitting = sum(line["seconds"] + line["writing"] for line in lines)
    usual = sorted(each)[len(each) // 2]
    first = max(0.0, fitting - usual * numbers["fitted"]) / workers
    giving_out = marks[-1] - marks[0]
    return {
        "patients": numbers["patients"],
        "workers": workers,
        "wall": wall,
        "first": first,
        "rate": numbers["effective_draws"] / wall,
        "memory": numbers["most_memory"] / 1e6,
        "disk": numbers["bytes"] / numbers["fitted"] / 1e3,
        "scheduling": max(0.0, 1 - fitting / (workers * giving_out)),
        "usual": usual,
        "effective": numbers["effective_draws"] / numbers["fitted"],
        "shards": len(lines),
        "met": 1 - sum(len(line["unmet"]) for line in lines) / numbers["fitted"],
    }


def extrapolated(row: dict[str, Any], patients: int) -> dict[str, Any]:
    """Return the row of more patients: start-up and first shards once, the others' seconds by their number."""
    more = (patients - row["patients"]) * row["usual"] / row["workers"]
    wall = row["wall"] + more
    return row | {"patients": patients, "wall": wall, "rate": row["effective"] * patients / wall}


def shown(row: dict[str, Any], mark: str = "") -> str:
    """Return a row of the table."""
    cells = (f"{row['wall']:.1f}", f"{row['first']:.1f}", f"{row['rate']:.0f}", f"{row['memory']:.0f}")
    rest = (f"{row['disk']:.0f}", f"{100 * row['scheduling']:.1f} %", f"{100 * row['met']:.0f} %")
    return f"| {row['patients']:,}{mark} | {row['workers']} | {' | '.join((*cells, *rest))} |"


def main() -> None:
    """Print one row for each number of patients and workers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patients", type=int, nargs="+")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--method", default="auto")
    parser.add_argument("--episodes", action="store_true", help="whole episodes, 29 unknowns each")
    parser.add_argument("--draws", type=int, default=500, help="of each of four chains")
    parser.add_argument("--extrapolate", type=int, nargs="*", default=[], help="patients of rows that are not run")
    parser.add_argument("--cache", default=str(Path(".cache") / "scaling"), help="where compiled programs are kept")
    asked = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for workers in asked.workers:
        row: dict[str, Any] = {}
        for patients in sorted(asked.patients):
            call = f"measure({patients}, {workers}, {asked.cache!r}, {asked.method!r}, {asked.draws}, {asked.episodes})"
            code = f"import json; from benchmarks.scaling import measure; print(json.dumps({call}))"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
            row = json.loads(done.stdout.splitlines()[-1])
            print(shown(row), flush=True)
        enough = row["shards"] >= FEWEST * workers
        for patients in asked.extrapolate if enough else ():
            print(shown(extrapolated(row, patients), "*"), flush=True)


if __name__ == "__main__":
    main()
