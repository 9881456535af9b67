"""Words of others made fit to print: no character that commands a terminal, no cell that a spreadsheet computes."""

import re

CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a cursor, ends a line, turns the direction of writing, or is half a character."""

FORMULA = ("=", "+", "-", "@")
"""What a spreadsheet takes for the beginning of a formula."""


def printable(text: str) -> str:
    r"""Return a text in one line, with every control character as its escape: `\x1b`, `\n`, `\u202e`."""
    return CONTROL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def lines(text: str) -> str:
    """Return a text of several lines, each printable."""
    return "\n".join(printable(line) for line in text.split("\n"))


def cell(word: str) -> str:
    """Return a word as a cell of a table that a spreadsheet may open: with a `'` before what begins as a formula."""
    return printable(f"'{word}" if word.startswith(FORMULA) else word)


def abridged(text: str, most: int) -> str:
    """Return a text of so many letters at most, its middle left out."""
    if len(text) <= most:
        return text
    return f"{text[: most // 2]} … {text[-(most - most // 2 - 3) :]}"
