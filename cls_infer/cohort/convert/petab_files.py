"""The tables of a PEtab problem: which files they are, and their rows."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InputError, Problem
from ..tables import Row

KINDS = ("measurement", "observable", "condition", "experiment", "parameter")
ENDINGS = (".tsv", ".csv", ".txt")
ELSEWHERE = ("sbml_files", "model_files", "visualization_files", "mapping_files")


@dataclass(frozen=True)
class Table:
    """One file: its columns and rows, an empty cell where there is no value."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass
class Files:
    """The tables of a problem by kind, and its files of which nothing is taken."""

    tables: dict[str, list[Table]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    unused: list[Path] = field(default_factory=list)

    def rows(self, kind: str) -> list[Row]:
        """Return the rows of all tables of a kind."""
        return [row for table in self.tables[kind] for row in table.rows]


def read_files(place: Path) -> Files:
    """Return the tables that a PEtab YAML file (format 1 or 2) names, or that a folder holds.

    A folder with one YAML file is read by that; otherwise a table is known by its name, such as
    `measurementData_leak.tsv` or `observables.tsv`.

    Raises:
        InputError: nothing is there, a file is missing or no table, there are no measurements.
    """
    problems: list[Problem] = []
    if not place.exists():
        raise InputError([Problem(str(place), "is not there", remedy="name a PEtab YAML file or its folder")])
    yaml_file = place if place.is_file() else _yaml_in(place)
    listed, unused = _listed(yaml_file, problems) if yaml_file else (_by_name(place), [])
    files = Files(unused=unused)
    for kind, paths in listed.items():
        files.tables[kind] = [table for path in paths if (table := _read(path, problems))]
    if not problems and not files.rows("measurement"):
        remedy = "name a folder with measurementData*.tsv, or the YAML file of the problem"
        problems.append(Problem(str(place), "has no PEtab table of measurements", remedy=remedy))
    if problems:
        raise InputError(problems)
    return files


def _yaml_in(folder: Path) -> Path | None:
    found = sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
    if len(found) > 1:
        listed = ", ".join(f"`{path.name}`" for path in found)
        raise InputError([Problem(str(folder), f"holds {listed}", remedy="name the one to convert")])
    return found[0] if found else None


def _listed(path: Path, problems: list[Problem]) -> tuple[dict[str, list[Path]], list[Path]]:
    """Return the files that a PEtab YAML file names by kind, and those that are no tables of data."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        words = str(error).partition("\n")[0]
        raise InputError([Problem(str(path), f"is not YAML: {words}", remedy="correct that place")]) from None
    if not isinstance(content, dict) or "format_version" not in content:
        raise InputError([Problem(str(path), "is no PEtab problem: no `format_version`", remedy="name another file")])
    parts = [content, *(part for part in content.get("problems", ()) if isinstance(part, dict))]
    found = {
        kind: _paths(path, [part.get(f"{kind}_{ending}") for part in parts for ending in ("file", "files")])
        for kind in KINDS
    }
    for one in found["measurement"] + found["observable"]:
        if not one.is_file():
            problems.append(Problem(str(path), f"names `{one.name}`, which is not there", remedy="correct the name"))
    unused = _paths(path, [part.get(kind) for part in parts for kind in ELSEWHERE])
    return {kind: [one for one in paths if one.is_file()] for kind, paths in found.items()}, unused


def _paths(beside: Path, named: list[Any]) -> list[Path]:
    """Return the paths in what a YAML file holds under some keys: a name, a list of names, or models by name."""
    names: list[str] = []
    for one in named:
        if isinstance(one, str):
            names.append(one)
        elif isinstance(one, dict):
            names += [str(model.get("location", name)) for name, model in one.items() if isinstance(model, dict)]
        elif isinstance(one, list):
            names += [str(name) for name in one]
    return [beside.parent / name for name in names]


def _by_name(folder: Path) -> dict[str, list[Path]]:
    tables = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)
    found = {kind: [path for path in tables if kind in path.name.lower()] for kind in KINDS}
    found["experiment"] = [path for path in found["experiment"] if path not in found["condition"]]
    return found  # format 1 calls its conditions `experimentalCondition`


def _read(path: Path, problems: list[Problem]) -> Table | None:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        problems.append(Problem(str(path), f"cannot be read: {words}", remedy="check the file"))
        return None
    records = list(csv.reader(lines, delimiter="," if path.suffix.lower() == ".csv" else "\t"))
    header = tuple(name.strip() for name in records[0]) if records else ()
    rows = []
    for number, cells in enumerate(records[1:], start=2):
        if any(cell.strip() for cell in cells):
            if len(cells) > len(header):
                message = f"has {len(cells)} cells where the header has {len(header)}"
                problems.append(Problem(str(path), message, number, "separate the cells by tabs"))
            else:
                # empty cells at the end may be left out, as PEtab's own reader allows
                written = {name: _cell(cell) for name, cell in zip(header, cells, strict=False)}
                rows.append(Row(str(path), number, written))
    return Table(path, header, tuple(rows))


def _cell(written: str) -> str:
    return "" if written.strip().lower() in ("nan", "na") else written.strip()
