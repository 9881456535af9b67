"""`cls-infer validate`: published measurements beside the models' values."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .machine import prepare_jax
from .options import Debug, Json, Quiet
from .talk import say, write_json, write_table

if TYPE_CHECKING:
    from ..validation.chapter import Chapter
    from ..validation.judge import Judged

Page = Annotated[str | None, typer.Option("--out", metavar="FILE", help="Write the page there, as Markdown.")]
Rows = Annotated[str | None, typer.Option("--rows", metavar="FOLDER", help="Rows to compare; the shipped ones.")]


def validate(
    out: Page = None, rows: Rows = None, as_json: Json = False, quiet: Quiet = False, debug: Debug = False
) -> None:
    """Compare the models with published measurements.

    A MISS is a model's value outside the published one and its spread.
    """
    prepare_jax()
    from ..validation.judge import judge
    from ..validation.page import render
    from ..validation.read import read_validation

    chapters = read_validation(Path(rows) if rows else None)
    judged = judge(chapters)
    if out:
        Path(out).write_text(render(chapters, judged), encoding="utf-8")
    if as_json:
        write_json({"page": out, "rows": [_row(one) for one in judged], "not_computed": _uncomputed(chapters)})
        return
    header = ("measured", "published", "unit", "model", "value", "", "sample")
    write_table("validation", header, [_in_table(one) for one in judged])
    for one in judged:
        if one.moved:
            moved = f"`{one.model}` gives {one.value:.4g}, its row says {one.row.value[one.model]:.4g}"
            say(f"moved: {one.row.what}: {moved}", quiet=quiet)
    missed, beside = sum(one.miss for one in judged), len(_uncomputed(chapters))
    say(f"{missed} of {len(judged)} values miss; {beside} numbers are not computed yet", quiet=quiet)


def _in_table(one: "Judged") -> tuple[Any, ...]:
    row = one.row
    sample = "in" if row.in_sample else "out"
    return row.what, str(row.published), row.unit, one.model, one.value, "MISS" if one.miss else "", sample


def _row(one: "Judged") -> dict[str, Any]:
    row = one.row
    return {
        "what": row.what,
        "unit": row.unit,
        "published": row.published.value,
        "low": row.published.low,
        "high": row.published.high,
        "spread": row.published.kind or None,
        "source": row.source.words,
        "trust": row.source.trust,
        "section": row.source.section,
        "data_row": row.data_row,
        "in_sample": row.in_sample,
        "runs": [run.name for run in row.reading.runs],
        "model": one.model,
        "value": one.value,
        "miss": one.miss,
        "moved": one.moved,
        "stated": row.stated,
        "note": row.note or None,
    }


def _uncomputed(chapters: "list[Chapter]") -> list[dict[str, Any]]:
    return [
        {"what": one.what, "published": one.published, "source": one.source.words, "reason": one.reason}
        for chapter in chapters
        for one in chapter.uncomputed
    ]
