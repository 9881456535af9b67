"""How a row's number is had, from TOML: read from a run, from two that are compared, or fitted."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..cohort.names import did_you_mean
from ..cohort.scenario import READ, Scenario, check_keys, read_finite, read_scenario, shown
from ..errors import InputError, Problem
from .chapter import Reading
from .kinetics import CONSTANTS, FITTED, Constant, Kinetics
from .published import Published
from .reading import COMPARED, Compared, Read

FROM_RUN = READ | {"run", "per_unit", "against", "compared"}
FROM_FIT = {"kinetics", "constant"}
KINETICS = {"runs", "volumes", "sampled", "since", "urine", "less"}


class Sources(NamedTuple):
    """What the rows of a chapter may name: its runs, and how constants are fitted; None where that cannot be read."""

    runs: Mapping[str, Scenario]
    kinetics: Mapping[str, Kinetics | None]


def reading_of(
    place: str,
    row: Mapping[str, Any],
    sources: Sources,
    published: Published | None,
    words: str,
    problems: list[Problem],
) -> Reading | None:
    """Return how the number of a row is had; `words` are its source. None where the row does not say it."""
    if "kinetics" in row:
        return _constant(place, row, sources.kinetics, problems)
    return _read(place, row, sources.runs, published, words, problems)


def kinetics_of(
    place: str, content: Mapping[str, Any], runs: Mapping[str, Scenario], problems: list[Problem]
) -> Kinetics | None:
    """Return how constants of volume kinetics are fitted."""
    before = len(problems)
    check_keys(place, content, KINETICS, {"runs", "volumes", "sampled"}, problems)
    found = [_find_run(place, str(name), runs, problems) for name in _list(place, "runs", content, problems)]
    less = _find_run(place, str(content["less"]), runs, problems) if "less" in content else None
    if content.get("volumes") not in FITTED:
        remedy = f"write one of {', '.join(map(str, FITTED))}"
        problems.append(Problem(place, f"`volumes` is `{content.get('volumes')}`", remedy=remedy))
    sampled = _sampled(place, _list(place, "sampled", content, problems), problems)
    since = read_finite(place, "since", content.get("since", 0.0), problems)
    if len(problems) > before:
        return None
    kept = tuple(run for run in found if run)
    return Kinetics(kept, content["volumes"], sampled, since, urine=bool(content.get("urine", False)), less=less)


def _read(
    place: str,
    row: Mapping[str, Any],
    runs: Mapping[str, Scenario],
    published: Published | None,
    source: str,
    problems: list[Problem],
) -> Reading | None:
    """Return what is read from a run, or from two that are compared."""
    run = _find_run(place, str(row.get("run")), runs, problems)
    low, high = (published.low, published.high) if published else (0.0, 0.0)
    reading = {key: row[key] for key in READ & set(row)}
    shows = shown(place, {**reading, "low": low, "high": high, "source": source}, problems)
    one = Read(run, shows, str(row.get("per_unit", "1"))) if run else None
    if not {"against", "compared"} & set(row):
        return one
    check_keys(place, row, set(row), {"against", "compared"}, problems)
    other, how = _find_run(place, str(row.get("against")), runs, problems), row.get("compared")
    if how not in COMPARED:
        problems.append(Problem(place, f"`compared` is `{how}`", remedy=f"write one of {', '.join(COMPARED)}"))
    return Compared(one, other, str(how)) if one and other else None


def _constant(
    place: str, row: Mapping[str, Any], fits: Mapping[str, Kinetics | None], problems: list[Problem]
) -> Reading | None:
    """Return the constant of volume kinetics that a row speaks of."""
    for key in sorted(FROM_RUN & set(row)):
        problems.append(Problem(place, f"`{key}` is given beside `kinetics`", remedy="keep one of the two"))
    if row.get("constant") not in CONSTANTS:
        remedy = f"write one of {', '.join(CONSTANTS)}"
        problems.append(Problem(place, f"`constant` is `{row.get('constant')}`", remedy=remedy))
    if row["kinetics"] not in fits:
        near = did_you_mean(str(row["kinetics"]), fits)
        problems.append(Problem(place, f"there is no fit `{row['kinetics']}`", remedy=near))
    fit = fits.get(row["kinetics"])
    return Constant(str(row.get("constant")), fit) if fit else None


def _sampled(place: str, spans: Sequence[Any], problems: list[Problem]) -> tuple[float, ...]:
    """Return the hours of samples, from spans such as { until = 2, times = 24 }: so many, evenly, up to an hour."""
    hours: list[float] = []
    for span in spans:
        check_keys(place, span, {"until", "times"}, {"until", "times"}, problems)
        until = read_finite(place, "until", span.get("until"), problems)
        times = span.get("times")
        last = hours[-1] if hours else 0.0
        if not isinstance(times, int) or times < 1 or until <= last:
            problems.append(
                Problem(place, f"`sampled` has `{span}`", remedy="write hours that grow, and how many times")
            )
            continue
        hours += [round(last + (until - last) * n / times, 9) for n in range(1, times + 1)]
    return tuple(hours)


def _list(place: str, key: str, content: Mapping[str, Any], problems: list[Problem]) -> list[Any]:
    written = content.get(key)
    if isinstance(written, list) and written:
        return written
    if key in content:
        problems.append(Problem(place, f"`{key}` is `{written}`", remedy="write a list"))
    return []


def _find_run(place: str, name: str, runs: Mapping[str, Scenario], problems: list[Problem]) -> Scenario | None:
    if name in runs:
        return runs[name]
    try:
        return read_scenario(name)
    except InputError as error:
        near = did_you_mean(name, runs) if runs else error.problems[0].remedy
        problems.append(Problem(place, f"there is no run or scenario `{name}`", remedy=near))
        return None
