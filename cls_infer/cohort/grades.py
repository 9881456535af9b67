"""Grades of severity as what they say of a measurable quantity: an interval of it.

A sign without such a scale has no grade here: nothing in `physiology.md` maps a grade of oedema to a volume.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .names import plain
from .tables import Row


@dataclass(frozen=True)
class Scale:
    """A graded variable: grade -> the two ends of its interval of `variable` [`unit`], None where there is no end."""

    variable: str
    unit: str
    intervals: dict[int, tuple[float | None, float | None]]
    source: str

    def said(self, grade: int) -> str:
        """Return the interval of a grade in words."""
        low, high = self.intervals[grade]
        if low is None or high is None:
            return f"below {high:g} {self.unit}" if low is None else f"{low:g} {self.unit} or more"
        return f"{low:g} to {high:g} {self.unit}"

    def __str__(self) -> str:
        return ", ".join(f"{grade} ({self.said(grade)})" for grade in self.intervals)


GRADES: dict[str, Scale] = {
    "albumin_grade": Scale(
        "albumin",
        "g/L",
        {0: (35.0, None), 1: (30.0, 35.0), 2: (20.0, 30.0), 3: (None, 20.0)},
        "hypoalbuminaemia by CTCAE 5.0 [M], its lower limit of normal taken as 35 g/L [A]",
    ),
}

SPELLINGS: dict[str, str] = dict.fromkeys(
    ("hypoalbuminemia", "hypoalbuminaemia", "hypoalbuminemia_grade", "hypoalbuminaemia_grade"), "albumin_grade"
)

NOT_A_QUANTITY: dict[str, str] = {
    **dict.fromkeys(
        ("oedema_grade", "edema_grade", "oedema", "edema", "pitting_oedema", "pitting_edema"),
        "no known scale turns a grade of oedema into a quantity that a model predicts: "
        "chart `weight_change`, or `evlwi`",
    ),
    **dict.fromkeys(("bp", "blood_pressure", "nibp", "abp"), "write `sbp` and `dbp` in a row each, or `map`"),
}


def graded_name(written: str) -> str | None:
    """Return the name of a graded variable as a chart writes it, None if there is no such."""
    name = plain(written)
    name = SPELLINGS.get(name, name)
    return name if name in GRADES else None


def grade_notes(rows: Iterable[Row]) -> Iterator[str]:
    """Yield for each graded variable of a table how it was read, and by which source."""
    graded = [name for row in rows if (name := graded_name(row["variable"]))]
    for name in dict.fromkeys(graded):
        scale = GRADES[name]
        yield f"{graded.count(name)} `{name}` read as intervals of `{scale.variable}`: {scale}; {scale.source}"
