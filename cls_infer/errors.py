"""What goes wrong on the user's side, as values: every problem at once, each with its place and remedy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .printable import abridged, printable

MOST_SHOWN = 1000
"""Problems in words, and letters of each: the words of a user are quoted, whatever they are."""


@dataclass(frozen=True)
class Problem:
    """One thing the user can mend: where it stands, what was found, what to do."""

    where: str
    message: str
    row: int | None = None
    remedy: str = ""

    def __str__(self) -> str:
        place = f"row {self.row}: " if self.row is not None else ""
        return f"{place}{self.message}" + (f"; {self.remedy}" if self.remedy else "")


class InputError(Exception):
    """The user's file, model or command cannot be used; `problems` holds every reason."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__(str(self))

    def __str__(self) -> str:
        places = dict.fromkeys(problem.where for problem in self.problems)
        count = len(self.problems)
        lines = [f"{count} problem{'s' if count != 1 else ''} in {', '.join(f'`{place}`' for place in places)}"]
        for place in places:
            if len(places) > 1:
                lines.append(f"  {place}:")
            lines += [f"  {words}" for words in _alike([one for one in self.problems if one.where == place])]
        shown = [printable(abridged(line, MOST_SHOWN)) for line in lines[:MOST_SHOWN]]
        return "\n".join([*shown, *([f"  and {len(lines) - MOST_SHOWN} more"] if len(lines) > MOST_SHOWN else [])])


def _alike(problems: Sequence[Problem]) -> list[str]:
    """Return problems in words, those that say the same of several rows once, with all the rows."""
    rows: dict[Problem, list[int]] = {}
    for one in problems:
        rows.setdefault(replace(one, row=None), []).extend([] if one.row is None else [one.row])
    return [f"{_rows(sorted(set(where)))}{one}" for one, where in rows.items()]


def _rows(numbers: Sequence[int]) -> str:
    """Return rows in words, those that follow each other as from and to: `rows 2 to 5, 9: `."""
    if not numbers:
        return ""
    runs = [[numbers[0], numbers[0]]]
    for number in numbers[1:]:
        if number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    said = [
        str(first) if first == last else f"{first}{' to ' if last > first + 1 else ', '}{last}" for first, last in runs
    ]
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(said)}: "
