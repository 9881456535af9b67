"""docs/benchmarks.md, written from the results alone."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cls_infer.model.load import available

from . import figure
from .bodies import EVERY
from .lead import BUDGET, LANES, TARGETS, Lead, Target, leads, ratio, within
from .table import Row, read

DOCS = Path(__file__).parents[2] / "docs"
LOAD = "load average before and after"
STIFF = ("van_der_pol", "hires")
ORDER = ("two_pore_leak", "clarkson_episode", "multi_tissue_leak", "two_pore_health", *STIFF)
WORDS = Path(__file__).with_name("words.md")
ASKED = (1, 64, 1024, 16_384)
"""Numbers of lanes that a whole table has."""


def write(results: Path) -> None:
    """Write the page and its figure."""
    rows = everything(results)
    timed = [row for row in rows if row.gradient_us is not None]
    counts = sorted({row.lanes for row in timed})
    figure.draw(rows, LANES if LANES in counts else max(counts), DOCS / "benchmarks.png")
    (DOCS / "benchmarks.md").write_text(text(results))


def everything(results: Path) -> list[Row]:
    """Return the rows of every problem measured."""
    return [row for name in ORDER for path in [results / f"{name}.csv"] if path.exists() for row in read(path)]


def text(results: Path) -> str:
    """Return the page."""
    rows = everything(results)
    found = leads(rows)
    head, method = WORDS.read_text().split("<!-- numbers -->\n")
    parts = [head, _lead_table(found), "\n## Targets\n", _targets(found), "\n", method]
    for name in dict.fromkeys(row.problem for row in rows):
        runs = json.loads((results / f"{name}.json").read_text())
        parts += [f"\n## `{name}`\n\n", *map(_surroundings, runs)]
        mine = [row for row in rows if row.problem == name]
        for spread in dict.fromkeys(row.spread for row in mine):
            parts += [f"\n### {spread} spread\n\n", _table([row for row in mine if row.spread == spread])]
    return "".join([*parts, _every_model(results), _memory(results / "memory.csv"), _not_run(rows)])


def _every_model(results: Path) -> str:
    """Return the leads of all shipped models at their typical runs."""
    paths = sorted(results.glob(f"{EVERY}*.csv"))
    if not paths:
        return "\n## Every shipped model\n\nNot measured.\n"
    told = [run for path in paths for run in json.loads(path.with_suffix(".json").read_text())]
    words = (
        "Two days as its typical run changes it, 50 mL an hour of Ringer's solution, all free that has a prior.\n"
        "Each by such a command as the first; load averages of the machine lay between"
        f" {min(x for run in told for x in run[LOAD])} and {max(x for run in told for x in run[LOAD])}.\n\n"
    )
    found = [lead for path in paths for lead in leads(read(path))]
    missing = sorted({*available()} - {path.stem.removeprefix(EVERY) for path in paths})
    left = f"\nNot measured yet: {', '.join(f'`{name}`' for name in missing)}.\n" if missing else ""
    return "\n## Every shipped model\n\n" + words + _surroundings(told[0]) + _lead_table(found) + left


def _lead_table(found: Sequence[Lead]) -> str:
    head = (
        "problem",
        "spread",
        "lanes",
        "ours within the budget",
        "µs a lane",
        "nats",
        "diffrax Tsit5 1e-6, µs a lane",
        "nats",
        "times faster",
        "diffrax's fastest within the budget",
        "µs a lane",
        "times faster",
    )
    return _markdown(head, [_lead_row(lead) for lead in found if lead.yardstick or lead.ours])


def _lead_row(lead: Lead) -> list[str]:
    ours, theirs, yardstick = lead.ours, lead.theirs, lead.yardstick
    return [
        f"`{lead.problem}`",
        lead.spread,
        f"{lead.lanes:,}",
        ours.label if ours else "none",
        _number(ours and ours.gradient_us),
        _number(ours and ours.worst_nats),
        _number(yardstick and yardstick.gradient_us) + (_failures(yardstick) if yardstick else ""),
        _number(yardstick and yardstick.worst_nats),
        _times(ratio(yardstick, ours)),
        theirs.label if theirs else "none",
        _number(theirs and theirs.gradient_us),
        _times(ratio(theirs, ours)),
    ]


def _targets(found: Sequence[Lead]) -> str:
    rows = []
    for target in TARGETS:
        mine = [_target(target, lead) for lead in found if _asked(target, lead)]
        rows += mine or [[target.words, "", f"{target.at_least:g}", "", "not measured"]]
    return "\n" + _markdown(("target", "problem", "asked", "measured", ""), rows)


def _asked(target: Target, lead: Lead) -> bool:
    return lead.spread == target.spread and lead.lanes == LANES and lead.problem not in STIFF


def _target(target: Target, lead: Lead) -> list[str]:
    reached = ratio(lead.yardstick, lead.ours)
    verdict = "not measured" if reached is None else ("met" if reached >= target.at_least else "**not met**")
    return [target.words, f"`{lead.problem}`", f"{target.at_least:g}", _times(reached), verdict]


def _surroundings(told: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in told["versions"].items())
    load = " and ".join(str(x) for x in told[LOAD])
    lanes = ", ".join(f"{n:,}" for n in told["lanes"])
    return (
        f"Lanes {lanes}: `{told['command']}` on {told['day']}. {told['processor']}, {told['cores used']} of"
        f" {told['cores of the machine']} cores, JAX on {told['device']}; load average before and after {load}."
        f" Python {told['python']}, {versions}.{_note(told)}\n\n"
    )


def _note(told: dict[str, Any]) -> str:
    """Return what whoever ran it had to say."""
    return f" {told['note']}" if "note" in told else ""


def _table(rows: Iterable[Row]) -> str:
    head = (
        "lanes",
        "solver",
        "value, µs a lane",
        "with gradient",
        "failed",
        "worst error",
        "nats, median",
        "worst",
        "gradient's error",
        "steps p50 / p99 / max",
        "trace + compile, s",
        "with gradient",
        "",
    )
    return _markdown(head, [_row(row) for row in rows])


def _row(row: Row) -> list[str]:
    steps = "" if row.steps_p50 is None else f"{row.steps_p50:.0f} / {row.steps_p99:.0f} / {row.steps_max:.0f}"
    return [
        f"{row.lanes:,}",
        f"**{row.label}**" if within(row) and row.gradient_us is not None else row.label,
        _number(row.value_us),
        _number(row.gradient_us),
        "" if row.judged is None else f"{row.failed} of {row.judged}",
        _number(row.worst_error),
        _number(row.median_nats),
        _number(row.worst_nats),
        _number(row.gradient_error),
        steps,
        _sum(row.value_trace_s, row.value_compile_s),
        _sum(row.gradient_trace_s, row.gradient_compile_s),
        row.note,
    ]


def _not_run(rows: Sequence[Row]) -> str:
    """Say which problems and numbers of lanes have no table yet."""
    done = {(row.problem, row.lanes) for row in rows}
    open_ = {name: [n for n in ASKED if (name, n) not in done] for name in ORDER}
    lines = [f"- `{name}`: {', '.join(f'{n:,}' for n in lanes)} lanes\n" for name, lanes in open_.items() if lanes]
    return "\n## Not run yet\n\n" + ("".join(lines) or "Nothing.\n")


def _memory(path: Path) -> str:
    if not path.exists():
        return "\n## Peak memory\n\nNot measured.\n"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    head = ("problem", "lanes", "solver", "MiB once compiled", "MiB at most", "of the run itself")
    cells = [
        [
            f"`{r['problem']}`",
            f"{int(r['lanes']):,}",
            f"{r['solver']} {float(r['rtol']):g}",
            r["before_mib"],
            r["peak_mib"],
            str(int(r["peak_mib"]) - int(r["before_mib"])) if r["peak_mib"] else "ended in an error",
        ]
        for r in rows
    ]
    words = "Value and gradient at posterior spread, each in a fresh process: the most it ever held resident.\n\n"
    return "\n## Peak memory\n\n" + words + _markdown(head, cells)


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _number(x: float | None) -> str:
    if x is None:
        return ""
    return f"{x:.0f}" if x >= 100 else (f"{x:.2g}" if x < 10 else f"{x:.1f}")


def _times(x: float | None) -> str:
    return "" if x is None else f"**{x:.1f}**" if x < 10 else f"**{x:.0f}**"


def _sum(trace: float | None, compile_: float | None) -> str:
    return "" if trace is None or compile_ is None else f"{trace:.1f} + {compile_:.1f}"


def _failures(row: Row) -> str:
    return f" ({row.failed} of {row.judged} failed)" if row.failed else ""


assert BUDGET == 0.05, "the words of the page say so"
