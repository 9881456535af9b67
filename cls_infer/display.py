"""How a value shows itself in a notebook: a heading, lines and tables, every word of others escaped."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .printable import printable

MOST_ROWS = 60
"""Rows of a table that are shown; the others are counted."""

TEMPLATE = """\
<div>
<p><strong>{{ title | plain }}</strong>{% for line in lines %}<br>{{ line | plain }}{% endfor %}</p>
{% for table in tables %}
<table>
<caption style="text-align: left">{{ table.title | plain }}</caption>
<thead><tr>{% for name in table.header %}<th>{{ name | plain }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows[:most] %}
<tr>{% for cell in row %}<td>{{ cell | plain }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table>
{% if table.rows | length > most %}<p>and {{ table.rows | length - most }} more{{ table.more | plain }}</p>{% endif %}
{% endfor %}
</div>"""


@dataclass(frozen=True)
class Table:
    """A table's title, header and rows; `more` says where those are that are not shown."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    more: str = ""


def as_html(title: str, lines: Sequence[str] = (), tables: Sequence[Table] = ()) -> str:
    """Return a heading, lines and tables as HTML that runs nothing, whatever the words are."""
    from jinja2 import Environment

    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page.filters["plain"] = _plain
    return page.from_string(TEMPLATE).render(title=title, lines=lines, tables=tables, most=MOST_ROWS)


def as_text(title: str, lines: Sequence[str] = ()) -> str:
    """Return a heading and indented lines, without control characters."""
    return "\n".join([printable(title), *(f"  {printable(line)}" for line in lines)])


def counted(number: int, one: str, several: str = "") -> str:
    """Return `1 patient` or `3 patients`."""
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _plain(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else printable(str(cell))
