"""What the validation page is made of: comparisons, and what no model computes yet."""

from dataclasses import dataclass

from .kinetics import Constant
from .published import Published
from .reading import Compared, Read

type Reading = Read | Compared | Constant
"""How a model's number is had: read from a run, from two that are compared, or fitted to a course."""


@dataclass(frozen=True)
class Source:
    """Where a published number stands: in words, its trust mark, the section of physiology.md that has it."""

    words: str
    trust: str
    section: str


@dataclass(frozen=True)
class Comparison:
    """A published number, in `unit`, and how to read the same from a model's runs.

    `value` holds, of each model it is compared with, the value it has today. `stated` is what physiology.md 10 says the
    reference model gives. It is `in_sample` where the number, or the same quantity of the same experiment, was a target
    of the calibration or in view of it.
    """

    what: str
    reading: Reading
    published: Published
    unit: str
    source: Source
    in_sample: bool
    value: dict[str, float]
    stated: float | None = None
    note: str = ""
    data_row: int | None = None


@dataclass(frozen=True)
class Uncomputed:
    """A published number that no model computes yet, as it is written, and the reason."""

    what: str
    published: str
    source: Source
    reason: str
    data_row: int | None = None


@dataclass(frozen=True)
class Chapter:
    """One file: what belongs to one subject."""

    title: str
    about: str
    comparisons: tuple[Comparison, ...]
    uncomputed: tuple[Uncomputed, ...]
