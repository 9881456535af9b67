"""The rows of data/validation: TOML files to chapters, every problem at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..cohort.content import read_toml
from ..cohort.scenario import KINDS, TABLE, TABLES, Scenario, check_keys, of_their_kinds, read_course, read_finite
from ..cohort.shipped import shipped_folder
from ..cohort.tables import Row
from ..errors import InputError, Problem
from ..units import UnitError
from .chapter import Chapter, Comparison, Source, Uncomputed
from .fits import check_fit
from .published import AREAS, AROUND, BETWEEN, WRITTEN, Published, around, fluid_kinetics, in_words, published_in
from .read_how import FROM_FIT, FROM_RUN, Sources, kinetics_of, reading_of

CHAPTER = {"title", "about", "runs", "kinetics", "rows", "uncomputed"}
COURSE = {"hours", "every", "set", "therapy"}
SAID = {"what", "source", "trust", "section"}
NUMBER = {"published", "spread", "spread_kind", "low", "high"}
ROW = SAID | NUMBER | FROM_RUN | FROM_FIT | {"unit", "in_sample", "value", "stated", "note", "data_row", "minutes"}
UNCOMPUTED = SAID | {"published", "reason", "data_rows"}
TRUST = ("F", "M", "D", "A")
PARTS = {"runs": TABLE, "kinetics": TABLE, "rows": TABLES, "uncomputed": TABLES}


def read_validation(folder: Path | None = None) -> list[Chapter]:
    """Return the chapters of a folder, of the shipped one if none is named, in order of file name.

    Raises:
        InputError: every problem of every file at once.
    """
    folder = folder or shipped_folder() / "validation"
    table, problems = fluid_kinetics(), []
    paths = sorted(path for path in folder.glob("*.toml") if path.stem != "source")
    chapters = [_chapter(path, table, problems) for path in paths]
    if not paths:
        problems.append(Problem(str(folder), "holds no rows", remedy="name a folder of TOML files"))
    if problems:
        raise InputError(problems)
    return [chapter for chapter in chapters if chapter]


def _chapter(path: Path, table: Mapping[int, Row], problems: list[Problem]) -> Chapter | None:
    where = str(path)
    content = read_toml(path, problems)
    if content is None:
        return None
    check_keys(where, content, CHAPTER, {"title"}, problems)
    content = of_their_kinds(where, content, PARTS, problems)
    named = {key: content.get(key, {}) for key in ("runs", "kinetics")}
    inner = {key: of_their_kinds(where, each, dict.fromkeys(each, TABLE), problems) for key, each in named.items()}
    runs = {name: _run(path, name, run, problems) for name, run in inner["runs"].items()}
    fits = inner["kinetics"].items()
    sources = Sources(
        runs, {name: kinetics_of(f"{where}, [kinetics.{name}]", fit, runs, problems) for name, fit in fits}
    )
    comparisons = []
    for number, row in enumerate(content.get("rows", []), start=1):
        comparisons.append(_comparison(f"{where}, [[rows]] {number}", row, sources, table, problems))
    uncomputed = []
    for number, row in enumerate(content.get("uncomputed", []), start=1):
        uncomputed += _uncomputed(f"{where}, [[uncomputed]] {number}", row, table, problems)
    read = tuple(one for one in comparisons if one)
    return Chapter(str(content.get("title")), str(content.get("about", "")), read, tuple(uncomputed))


def _run(path: Path, name: str, content: Mapping[str, Any], problems: list[Problem]) -> Scenario:
    where = f"{path}, [runs.{name}]"
    check_keys(where, content, COURSE, {"hours"}, problems)
    content = of_their_kinds(where, content, KINDS, problems)
    course = read_course(where, content, problems)
    return Scenario(f"{path.stem}/{name}", name, models=(), reference="", shows=(), **course)


def _comparison(
    place: str, row: Mapping[str, Any], sources: Sources, table: Mapping[int, Row], problems: list[Problem]
) -> Comparison | None:
    before = len(problems)
    needed = {"unit", "in_sample", "value"} | (set() if "data_row" in row else SAID)
    check_keys(place, row, ROW, needed | (FROM_FIT if "kinetics" in row else {"run"}), problems)
    published = _published(place, row, table, problems)
    said = _said(place, row, table.get(row.get("data_row", 0)), problems)
    reading = reading_of(place, row, sources, published, said[1].words, problems)
    value = {
        model: read_finite(place, f"value.{model}", number, problems)
        for model, number in _table(place, "value", row.get("value", {}), problems).items()
    }
    stated = read_finite(place, "stated", row["stated"], problems) if "stated" in row else None
    if len(problems) > before or reading is None or published is None:
        return None
    check_fit(place, reading, tuple(value), str(row["unit"]), problems)
    return Comparison(
        what=said[0],
        reading=reading,
        published=published,
        unit=str(row["unit"]),
        source=said[1],
        in_sample=bool(row["in_sample"]),
        value=value,
        stated=stated,
        note=str(row.get("note", "")),
        data_row=row.get("data_row"),
    )


def _published(
    place: str, row: Mapping[str, Any], table: Mapping[int, Row], problems: list[Problem]
) -> Published | None:
    """Return the published number in the row's unit."""
    if "data_row" in row:
        return _from_table(place, row, table, problems)
    kind = row.get("spread_kind", "range" if "low" in row else "")
    if kind not in ("", *AROUND, *BETWEEN):
        remedy = f"write one of {', '.join((*AROUND, *BETWEEN))}"
        problems.append(Problem(place, f"`spread_kind` is `{kind}`", remedy=remedy))
    number = {key: read_finite(place, key, row[key], problems) for key in NUMBER - {"spread_kind"} if key in row}
    if {"low", "high"} <= set(number):
        return Published(number.get("published"), number["low"], number["high"], kind)
    if "published" in number:
        return around(number["published"], number.get("spread"), kind)
    problems.append(Problem(place, "nothing is published", remedy="write `published`, or `low` and `high`"))
    return None


def _from_table(
    place: str, row: Mapping[str, Any], table: Mapping[int, Row], problems: list[Problem]
) -> Published | None:
    for key in sorted(NUMBER & set(row)):
        problems.append(Problem(place, f"`{key}` is given beside `data_row`", remedy="keep one of the two"))
    if row["data_row"] not in table:
        remedy = f"its rows are {min(table)} to {max(table)}"
        problems.append(Problem(place, f"the table has no row `{row['data_row']}`", remedy=remedy))
        return None
    measured = table[row["data_row"]]
    number, unit = published_in(measured), measured["unit"]
    if unit in AREAS:
        number, unit = number.over(_minutes(place, row, problems)), AREAS[unit]
    elif "minutes" in row:
        problems.append(Problem(place, f"row {row['data_row']} of the table is no area", remedy="drop `minutes`"))
    try:
        return number.converted(WRITTEN.get(unit, unit), str(row.get("unit")))
    except UnitError as error:
        problems.append(Problem(place, error.message, remedy=error.remedy))
        return None


def _minutes(place: str, row: Mapping[str, Any], problems: list[Problem]) -> float:
    """Return over how many minutes a published area runs."""
    check_keys(place, row, set(row), {"minutes"}, problems)
    minutes = read_finite(place, "minutes", row.get("minutes", 1.0), problems)
    if minutes > 0:
        return minutes
    problems.append(Problem(place, f"`minutes` is `{minutes:g}`", remedy="write over how many minutes the area runs"))
    return 1.0


def _said(place: str, row: Mapping[str, Any], measured: Row | None, problems: list[Problem]) -> tuple[str, Source]:
    """Return what was measured, in words, and where it stands."""
    trust = str(row.get("trust", "F"))
    if trust not in TRUST:
        problems.append(Problem(place, f"`trust` is `{trust}`", remedy=f"write one of {', '.join(TRUST)}"))
    study = f"{measured['study']}{', ' if measured['doi_or_id'] else ''}{measured['doi_or_id']}" if measured else ""
    what = str(row.get("what", in_words(measured) if measured else ""))
    return what, Source(str(row.get("source", study)), trust, str(row.get("section", "data/fluid_kinetics")))


def _table(place: str, key: str, written: Any, problems: list[Problem]) -> dict[str, Any]:
    if isinstance(written, dict) and written:
        return written
    problems.append(Problem(place, f"`{key}` is `{written}`", remedy=f"write {key} = {{ two_pore = 0 }}"))
    return {}


def _uncomputed(
    place: str, row: Mapping[str, Any], table: Mapping[int, Row], problems: list[Problem]
) -> list[Uncomputed]:
    numbers = row.get("data_rows", [])
    check_keys(place, row, UNCOMPUTED, {"reason"} | (set() if numbers else SAID | {"published"}), problems)
    reason = str(row.get("reason"))
    if not numbers:
        what, source = _said(place, row, None, problems)
        return [Uncomputed(what, str(row.get("published")), source, reason)]
    listed = []
    for number in numbers:
        if number not in table:
            problems.append(Problem(place, f"the table has no row `{number}`", remedy=f"it ends at {max(table)}"))
            continue
        what, source = _said(place, row, table[number], problems)
        unit = table[number]["unit"]
        listed.append(Uncomputed(what, f"{published_in(table[number])} {unit}", source, reason, number))
    return listed
