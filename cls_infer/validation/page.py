"""The validation page as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from .chapter import Chapter, Source
from .judge import STATED_TOLERANCE, Judged
from .published import NONE_PUBLISHED


@dataclass(frozen=True)
class Count:
    """How many rows one model was compared with, and how many it misses, in sample and out."""

    model: str
    fitted: int
    fitted_missed: int
    predicted: int
    predicted_missed: int


def render(chapters: Sequence[Chapter], judged: Sequence[Judged]) -> str:
    """Return the page: every row of the chapters, with what the models say of it."""
    strict = {"autoescape": False, "finalize": _no_tags, "undefined": StrictUndefined}  # Markdown, not HTML
    environment = Environment(**strict, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": lambda value: f"{value:.3g}", "percent": lambda share: f"{100 * share:g} %"}
    template = environment.from_string(files(__package__).joinpath("page.md.j2").read_text(encoding="utf-8"))
    return template.render(
        chapters=[(chapter, _of(chapter, judged)) for chapter in chapters],
        counts=_counts(judged),
        differing=[one for one in judged if one.differs],
        place=_place,
        none_published=NONE_PUBLISHED,
        stated_tolerance=STATED_TOLERANCE,
    )


def _no_tags(word: object) -> object:
    """Return a word of the rows without the sign that begins a tag of HTML, which Markdown would let through."""
    return word.replace("<", "&lt;") if isinstance(word, str) else word


def _of(chapter: Chapter, judged: Sequence[Judged]) -> list[list[Judged]]:
    """Return a chapter's rows, each as what its models say."""
    return [[one for one in judged if one.row is row] for row in chapter.comparisons]


def _counts(judged: Sequence[Judged]) -> list[Count]:
    counts = []
    for model in dict.fromkeys(one.model for one in judged):
        fitted = [one.miss for one in judged if one.model == model and one.row.in_sample]
        predicted = [one.miss for one in judged if one.model == model and not one.row.in_sample]
        counts.append(Count(model, len(fitted), sum(fitted), len(predicted), sum(predicted)))
    return counts


def _place(source: Source, data_row: int | None) -> str:
    """Return where a number stands: who published it, its trust mark, where it is kept."""
    places = [source.section] if source.section != "data/fluid_kinetics" else []
    places += [f"row {data_row}"] if data_row is not None else []
    return f"{source.words} [{source.trust}]; {', '.join(places)}"
