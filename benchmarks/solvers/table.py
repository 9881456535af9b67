"""The table of measurements: one row a contender, tolerance, spread and number of lanes."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, get_type_hints

RESULTS = Path(__file__).parents[1] / "results"


class Row(NamedTuple):
    """One measurement; None where it was not taken, and then `note` says why.

    Microseconds are a lane's. Trace and compile are seconds, of the value and of the value with its gradient.
    `worst_error` is relative; nats are of a lane's log-likelihood; both are of the lanes solved among `judged`, and
    `failed` of the judged were not. `gradient_error` is relative to a lane's largest partial derivative.
    """

    problem: str
    spread: str
    lanes: int
    solver: str
    rtol: float
    value_us: float | None = None
    gradient_us: float | None = None
    value_runs: int | None = None
    gradient_runs: int | None = None
    judged: int | None = None
    failed: int | None = None
    worst_error: float | None = None
    median_nats: float | None = None
    worst_nats: float | None = None
    gradient_error: float | None = None
    steps_p50: float | None = None
    steps_p99: float | None = None
    steps_max: float | None = None
    value_trace_s: float | None = None
    value_compile_s: float | None = None
    gradient_trace_s: float | None = None
    gradient_compile_s: float | None = None
    note: str = ""

    @property
    def label(self) -> str:
        """Method and tolerance."""
        return label(self.solver, self.rtol)


def label(solver: str, rtol: float) -> str:
    """Return a method and its tolerance in words."""
    return f"{solver} {rtol:.0e}".replace("e-0", "e-")


def write(rows: Iterable[Row], path: Path) -> None:
    """Write rows as CSV, numbers to four digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(Row._fields)
        out.writerows([["" if cell is None else _cell(cell) for cell in row] for row in rows])


def _cell(cell: float | str) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV that `write` wrote."""
    kinds = get_type_hints(Row)
    with path.open(newline="") as file:
        return [Row(**{name: _value(cell, kinds[name]) for name, cell in row.items()}) for row in csv.DictReader(file)]


def _value(cell: str, kind: type) -> float | int | str | None:
    if kind is str:
        return cell
    if cell == "":
        return None
    return int(cell) if kind is int or kind == int | None else float(cell)
