"""A converted data set as a folder: the three tables, where they come from, and what was not converted."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from ...errors import InputError, Problem
from .. import measurements, patients, therapy
from ..read import MEASUREMENTS, PATIENTS, THERAPY
from ..tables import Columns
from .draft import Draft, Left

NOT_CONVERTED, SOURCE = "not_converted.csv", "source.toml"


def free_folder(out: Path | str) -> Path:
    """Return the folder to write, as a path.

    Raises:
        InputError: it is a file, or holds something already: nothing is written over.
    """
    folder = Path(out)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        what = "is a file" if folder.is_file() else "is not empty"
        raise InputError([Problem(str(folder), what, remedy="choose another `--out`, or move it away first")])
    return folder


def write_folder(draft: Draft, folder: Path) -> None:
    """Write a settled draft."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tables(draft, folder)
    names = [field.name for field in fields(Left)]
    _write_csv(folder / NOT_CONVERTED, names, (asdict(one) for one in draft.left))
    (folder / SOURCE).write_text(_source(draft), encoding="utf-8")


def write_tables(draft: Draft, folder: Path) -> None:
    """Write measurements.csv and, where they have rows, therapy.csv and patients.csv."""
    for name, lines, columns in (
        (MEASUREMENTS, draft.measurements, measurements.COLUMNS),
        (THERAPY, draft.therapy, therapy.COLUMNS),
        (PATIENTS, draft.patients, patients.COLUMNS),
    ):
        if lines:
            _write_csv(folder / name, _used(columns, [line.cells for line in lines]), (line.cells for line in lines))


def _used(columns: Columns, rows: Iterable[Mapping[str, str]]) -> list[str]:
    """Return the columns that must be there and those that some row fills."""
    filled = {name for row in rows for name in row}
    return [*columns.required, *(name for name in columns.optional if name in filled)]


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows([row.get(name, "") for name in header] for row in rows)


def _source(draft: Draft) -> str:
    """Return source.toml; a JSON string is a TOML string."""
    names = {line["patient"] for line in draft.measurements}
    lines = [f"{key} = {json.dumps(words, ensure_ascii=False)}" for key, words in draft.source.items()]
    lines.append(f"patients = {len(names)}")
    rows = sum(one.rows for one in draft.left)
    cut = {"rows": f"{rows} rows or cells, in {NOT_CONVERTED}, each with its reason."} if rows else {"rows": "Nothing."}
    for heading, said in (("converted", draft.converted), ("assumed", draft.assumed), ("cut", cut)):
        if said:
            lines += ["", f"[{heading}]", *(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in said.items())]
    return "\n".join(lines) + "\n"
