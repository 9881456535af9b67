"""The nearest known name, for the word a user wrote."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

ALIKE = 0.65
"""From this share of letters on in common a name is proposed: below, `gelatine` is `venodilation`."""

MOST = 60
"""Known names that are listed: all variables and items of a chart."""


def plain(written: str) -> str:
    """Return a name as the vocabularies spell theirs: in small letters, `_` for a blank or hyphen."""
    return written.strip().lower().replace(" ", "_").replace("-", "_")


def did_you_mean(written: str, known: Iterable[str], spellings: Mapping[str, str] | None = None) -> str:
    """Return a remedy: the known name nearest to `written`, else the first known ones.

    `spellings` maps other ways to write a known name to that name.
    """
    names = list(known)
    by_lower = {**(spellings or {}), **{name.lower(): name for name in names}}
    close = get_close_matches(written.lower(), by_lower, n=1, cutoff=ALIKE)
    if close:
        return f"did you mean `{by_lower[close[0]]}`?"
    more = ", ..." if len(names) > MOST else ""
    return f"known are {', '.join(f'`{name}`' for name in names[:MOST])}{more}"
