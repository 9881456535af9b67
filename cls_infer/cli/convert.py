"""`cls-infer convert`: other formats into a data set folder, and runs and data sets out of ours."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem
from .inputs import all_of, read_data
from .machine import prepare_jax
from .options import Dataset, Debug, Json, Quiet, names
from .talk import say, write_json, write_lines

if TYPE_CHECKING:
    from ..cohort import Cohort
    from ..cohort.convert import Draft, Left
    from ..results.fitted import Fit

MOST_TOLD = 25
"""Reasons told on stderr; `not_converted.csv` and --json hold every row."""

convert = typer.Typer(
    name="convert",
    help="Read other formats into a data set folder; write runs and data sets for other programs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

File = Annotated[str, typer.Argument(metavar="FILE", help="A file of event records.")]
Problems = Annotated[str, typer.Argument(metavar="FOLDER_OR_YAML", help="A PEtab problem: its YAML file or folder.")]
Tables = Annotated[str, typer.Argument(metavar="FOLDER", help="MIMIC-IV's tables, or an extract of them.")]
EicuTables = Annotated[str, typer.Argument(metavar="FOLDER", help="eICU's tables.")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run folder that a fit wrote.")]
OutFolder = Annotated[str, typer.Option("--out", metavar="FOLDER", help="The data set folder to write.")]
OutFile = Annotated[str, typer.Option("--out", metavar="FILE", help="The file to write.")]
Map = Annotated[
    str | None, typer.Option("--map", metavar="FILE", help="A TOML file: what each code and column is, in which unit.")
]
Stays = Annotated[
    list[str] | None, typer.Option("--stay", metavar="A,B", help="Stays to convert; all if not given. Repeatable.")
]
Shortlist = Annotated[
    bool,
    typer.Option("--shortlist", help="Only stays that may show a leak: enough values, no red cells, no bleeding."),
]
Group = Annotated[str, typer.Option("--group", metavar="NAME", help="Which draws: posterior, prior, ...")]


@convert.command()
def nonmem(
    file: File,
    out: OutFolder,
    map_file: Map = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read NONMEM-style event records into a data set folder."""
    from ..cohort.convert import convert_nonmem, free_folder

    folder, draft = all_of(lambda: free_folder(out), lambda: convert_nonmem(file, map_file))
    _write(draft, folder, strict=True, as_json=as_json, quiet=quiet)


@convert.command()
def petab(
    problem: Problems,
    out: OutFolder,
    map_file: Map = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read the measurements of a PEtab problem into a data set folder."""
    from ..cohort.convert import convert_petab, free_folder

    folder, draft = all_of(lambda: free_folder(out), lambda: convert_petab(problem, map_file))
    _write(draft, folder, strict=True, as_json=as_json, quiet=quiet)


@convert.command()
def mimic(
    tables: Tables,
    out: OutFolder,
    stay: Stays = None,
    shortlist: Shortlist = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read stays of MIMIC-IV into a data set folder."""
    from ..cohort.convert import convert_mimic

    read = partial(convert_mimic, tables, stays=names(stay), shortlist=shortlist)
    _write_stays(read, out, as_json=as_json, quiet=quiet)


@convert.command()
def eicu(
    tables: EicuTables,
    out: OutFolder,
    stay: Stays = None,
    shortlist: Shortlist = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Read stays of eICU into a data set folder."""
    from ..cohort.convert import convert_eicu

    read = partial(convert_eicu, tables, stays=names(stay), shortlist=shortlist)
    _write_stays(read, out, as_json=as_json, quiet=quiet)


@convert.command(name="csv")
def draws_as_csv(
    run: Run,
    out: OutFile,
    group: Group = "posterior",
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a run's draws as a tidy table."""
    path, fit = all_of(lambda: free_file(out), lambda: _open(run))
    from ..results.tidy import write_draws

    _told({"run": run, "group": group, "out": out, "rows": write_draws(fit.tree, group, path)}, as_json=as_json)


@convert.command()
def netcdf(run: Run, out: OutFile, as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Write all of a run as one NetCDF file."""
    path, fit = all_of(lambda: free_file(out), lambda: _open(run))
    from ..results.netcdf import write_netcdf

    write_netcdf(fit.tree, path)
    _told({"run": run, "out": out}, as_json=as_json)


@convert.command()
def stan(dataset: Dataset, out: OutFile, as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Write a data set as the JSON data of a Stan program, and beside it what its numbers stand for."""
    from ..cohort.convert import to_stan

    named = str(Path(out).with_suffix(".names.json"))
    path, beside, cohort = all_of(lambda: free_file(out), lambda: free_file(named), lambda: read_data(dataset))
    data, known = to_stan(cohort)
    path.write_text(json.dumps(data, allow_nan=False) + "\n", encoding="utf-8")
    beside.write_text(json.dumps(known, allow_nan=False, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _told({"dataset": dataset, "out": out, "names": str(beside)}, as_json=as_json)


def _write_stays(read: Callable[[], "Draft"], out: str, *, as_json: bool, quiet: bool) -> None:
    """Write the stays that are read, leniently: what of them cannot stand in a data set is listed."""
    from ..cohort.convert import free_folder

    folder, draft = all_of(lambda: free_folder(out), read)
    _write(draft, folder, strict=False, as_json=as_json, quiet=quiet)


def _write(draft: "Draft", folder: Path, *, strict: bool, as_json: bool, quiet: bool) -> None:
    """Write what can be converted, and say what could not."""
    from ..cohort.convert import settle, write_folder

    cohort = settle(draft, strict=strict)
    write_folder(draft, folder)
    for line in _in_words(draft.left):
        say(line, quiet=quiet)
    if as_json:
        write_json(_as_json(folder, cohort, draft))
    else:
        write_lines(str(folder))


def _as_json(folder: Path, cohort: "Cohort", draft: "Draft") -> dict[str, Any]:
    return {
        "folder": str(folder),
        "patients": len(cohort.patients),
        "measurements": len(draft.measurements),
        "therapy": len(draft.therapy),
        "not_converted": [vars(one) for one in draft.left],
    }


def _in_words(left: "list[Left]") -> list[str]:
    """Return what was not converted, grouped by file, column and reason: the first row, and how many like it."""
    groups: dict[tuple[str, str, str], list[Left]] = {}
    for one in left:
        groups.setdefault((Path(one.file).name, one.column, one.reason), []).append(one)
    lines = []
    for (file, column, reason), alike in groups.items():
        rows, first = sum(one.rows for one in alike), alike[0]
        place = f"row {first.row}" if first.row is not None else ""
        more = f" and {rows - 1} more" if rows > 1 else ""
        what = " ".join(word for word in (file, f"{place}{more}".strip(), f"`{column}`" if column else "") if word)
        lines.append(f"not converted: {what}: {first.value + ': ' if first.value else ''}{reason}")
    if len(lines) > MOST_TOLD:
        lines[MOST_TOLD:] = [f"and {len(lines) - MOST_TOLD} other reasons: see not_converted.csv"]
    return lines


def free_file(name: str) -> Path:
    """Return the file to write as a path.

    Raises:
        InputError: it is there already, or its folder is not.
    """
    path = Path(name)
    if path.exists():
        raise InputError([Problem(name, "is there already", remedy="choose another `--out`, or move it away first")])
    if not path.parent.is_dir():
        message = f"there is no folder `{path.parent}`"
        raise InputError([Problem(name, message, remedy="make it, or choose another `--out`")])
    return path


def _open(run: str) -> "Fit":
    prepare_jax()
    from ..results.store import open_fit

    return open_fit(run)


def _told(told: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(told)
    else:
        write_lines(told["out"])
