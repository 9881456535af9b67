"""Docstrings and tables as the Markdown that forges draw, formulas and all."""

import re
from collections.abc import Iterable, Sequence


def prose(docstring: str) -> str:
    """Return a docstring as Markdown: formulas fenced, arguments as a list, the reference as a sentence."""
    body, arguments, reference = _parts(docstring)
    text = formulas(body)
    if arguments:
        text += "\n\n" + "\n".join(f"- `{name}`: {formulas(words)}" for name, words in arguments)
    return f"{text}\n\nSource: {formulas(reference)}" if reference else text


def formulas(text: str) -> str:
    """Return text with its formulas marked so that Markdown leaves what is in them alone."""
    parts = re.split(r"(\$\$.*?\$\$|\$[^$]+?\$)", text, flags=re.DOTALL)
    marked = "".join(_formula(part) if part.startswith("$") else part for part in parts)
    return re.sub(r"\n{3,}", "\n\n", marked).strip()


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; numbers to four digits."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _formula(part: str) -> str:
    if not part.startswith("$$"):
        return f"$`{' '.join(part.strip('$').split())}`$"
    lines = [line.strip() for line in part.strip("$").strip().splitlines()]
    return "\n```math\n" + "\n".join(lines) + "\n```\n"


def _cell(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return "" if cell is None else str(cell).replace("|", "\\|")


def _parts(docstring: str) -> tuple[str, list[tuple[str, str]], str]:
    """Return a docstring's text, its arguments with their words, and its reference."""
    sections = re.split(r"^(Args|Reference):\n", docstring, flags=re.MULTILINE)
    found = dict(zip(sections[1::2], sections[2::2], strict=True))
    arguments: list[tuple[str, str]] = []
    for line in found.get("Args", "").splitlines():
        name, colon, words = line.strip().partition(": ")
        if colon and re.match(r"    \w", line):
            arguments.append((name, words))
        elif line.strip():
            arguments[-1] = (arguments[-1][0], f"{arguments[-1][1]} {line.strip()}")
    return sections[0].strip(), arguments, " ".join(found.get("Reference", "").split())
