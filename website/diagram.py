"""A compartment diagram of a model page as SVG: places side by side, each with a line below it, and a row for each
thing that moves: an arrow from line to line. It reads the Mermaid text that `cls_infer.pages.mermaid` writes."""

import re
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from textwrap import wrap
from typing import NamedTuple

ARROW = re.compile(r" (---|-->|-\.->) ")
NODE = re.compile(r'(\w+)(?:(\(\[|\[|\()"(.*)"(?:\]\)|\]|\)))?(?::::(\w+))?')
WIDE, MOST, LEAST, APART = 680, 136, 104, 14
"""Pixels of a page's column; from place to place at most, and at least: a wide diagram scrolls; between boxes."""

LETTER, LINE, GAP = 6.4, 16, 14
"""Pixels of a letter, of a line of words, and between rows."""

LONGEST = 46
"""Letters of a line of treatments."""

TIP = 'marker-end="url(#tip)"'
HEAD = """<style>
.compartments { overflow-x: auto; }
.compartments svg { max-width: none; --behind: var(--md-default-bg-color, white); }
.compartments text { font-size: 12px; fill: currentColor; paint-order: stroke; }
.compartments text { stroke: var(--behind); stroke-width: 4px; }
.compartments path { fill: none; stroke: currentColor; stroke-width: 1.3px; }
.compartments rect { fill: var(--behind); stroke: currentColor; }
.compartments .life { opacity: .3; stroke-width: 2px; }
.compartments .dotted, .compartments .given { stroke-dasharray: 4 3; }
.compartments .tip { fill: currentColor; stroke: none; }
.compartments .name, .compartments .held { text-anchor: middle; }
.compartments .name { font-weight: bold; }
</style><defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">
<path d="M0 0 8 4 0 8z" class="tip"/></marker></defs>"""


class Node(NamedTuple):
    """A node of the text: its words line by line, and what it is: `place`, `signal`, `plain` or `given`."""

    lines: tuple[str, ...]
    kind: str


class Row(NamedTuple):
    """An arrow to be drawn: between two lines, or from or to words beside one; `dotted` where nothing moves."""

    source: str | None
    target: str | None
    words: Node
    dotted: bool


@dataclass
class Diagram:
    """What a text says: nodes by key, and rows in their order."""

    nodes: dict[str, Node] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)

    @property
    def columns(self) -> list[str]:
        """The keys of what has a line of its own."""
        return [key for key, node in self.nodes.items() if node.kind in ("place", "signal")]


def read(text: str) -> Diagram:
    """Return what a Mermaid text says; a line that is none of ours raises a ValueError."""
    diagram = Diagram()
    for line in text.splitlines():
        if line.startswith(("%%", "flowchart")) or line.strip().startswith("classDef") or not line.strip():
            continue
        pieces = ARROW.split(line.strip())
        keys = [_node(piece, diagram) for piece in pieces[::2]]
        if len(keys) == 3:
            diagram.rows.append(Row(keys[0], keys[2], diagram.nodes[keys[1]], dotted=False))
        for (source, target), arrow in zip(pairwise(keys), pieces[1::2], strict=True):
            if len(keys) == 2:
                diagram.rows.append(_row(source, target, diagram, dotted=arrow == "-.->"))
    return diagram


def _node(piece: str, diagram: Diagram) -> str:
    found = NODE.fullmatch(piece)
    if not found:
        raise ValueError(f"no node: {piece}")
    key, shape, words, kind = found.groups()
    if shape:
        kind = kind or ("signal" if shape == "([" else "place")
        diagram.nodes[key] = Node(tuple(words.split("<br/>")), kind)
    return key


def _row(source: str, target: str, diagram: Diagram, *, dotted: bool) -> Row:
    ends = {key: key if diagram.nodes[key].kind in ("place", "signal") else None for key in (source, target)}
    beside = [diagram.nodes[key] for key, end in ends.items() if end is None]
    return Row(ends[source], ends[target], beside[0] if beside else Node((), "plain"), dotted)


def draw(text: str) -> str:
    """Return the diagram as an SVG element, in the colours and letters of the page around it."""
    diagram = read(text)
    across = max(LEAST, min(MOST, WIDE // len(diagram.columns)))
    box, top = across - APART, 5 * LINE
    at = {key: box / 2 + 1 + place * across for place, key in enumerate(diagram.columns)}
    parts, below, right = [], top + GAP, max(at.values()) + box / 2 + 1
    for row in diagram.rows:
        lines = _lines(row.words)
        end, height, drawn = _drawn(row, lines, at, below)
        parts.append(drawn)
        below, right = below + height + GAP, max(right, end)
    lifelines = [f'<path d="M{x:g} {top}V{below:g}" class="life"/>' for x in at.values()]
    boxes = [_box(diagram.nodes[key], x, box, top) for key, x in at.items()]
    size = f'viewBox="0 0 {right:g} {below:g}" width="{right:g}" height="{below:g}"'
    label = "Diagram of the compartments; the lines below it say the same in words"
    body = "".join((HEAD, *lifelines, *parts, *boxes))
    return f'<div class="compartments" tabindex="0"><svg {size} role="img" aria-label="{label}">{body}</svg></div>'


def _lines(node: Node) -> list[str]:
    return wrap(", ".join(node.lines), LONGEST) if node.kind == "given" else list(node.lines)


def _drawn(row: Row, lines: list[str], at: dict[str, float], y: float) -> tuple[float, float, str]:
    """Return how far to the right a row reaches, its height, and the row, from `y` down."""
    kind = ' class="dotted"' if row.dotted else ""
    width = LETTER * max((len(re.sub("<.*?>", "", line)) for line in lines), default=0)
    if row.source and row.target:
        start, end = at[row.source], at[row.target]
        foot = y + LINE * len(lines) + 4
        arrow = f'<path d="M{start:g} {foot:g}H{end:g}" {TIP}{kind}/>'
        left = min(start, end) + 8
        return left + width, LINE * len(lines) + 4, _words(lines, left, y) + arrow
    line = at[row.source or row.target or ""]
    middle, left = y + LINE * len(lines) / 2 + 2, line + 40
    ends = (line, left - 6) if row.source else (left - 6, line)
    arrow = f'<path d="M{ends[0]:g} {middle:g}H{ends[1]:g}" {TIP}{kind}/>'
    if row.words.kind != "given":
        return left + width, LINE * len(lines), arrow + _words(lines, left, y)
    frame = f'x="{left - 5:g}" y="{y - 1:g}" width="{width + 14:g}" height="{LINE * len(lines) + 6:g}" rx="6"'
    drawn = f'{arrow}<rect {frame} class="given"/>{_words(lines, left + 2, y)}'
    return left + width + 12, LINE * len(lines) + 6, drawn


def _words(lines: list[str], x: float, y: float) -> str:
    return "".join(f'<text x="{x:g}" y="{y + LINE * n + 12:g}">{_styled(one)}</text>' for n, one in enumerate(lines))


def _styled(line: str) -> str:
    """Return a line's words, what moves in italics."""
    return re.sub(r"&lt;i&gt;(.*?)&lt;/i&gt;", r'<tspan font-style="italic">\1</tspan>', escape(line))


def _box(node: Node, x: float, width: int, top: int) -> str:
    """Return a place or a signal, its name above what it holds."""
    name, *rest = (re.sub("</?b>", "", line) for line in node.lines)
    held = wrap(" ".join(rest), int(width / LETTER) + 1)
    radius = 4 if node.kind == "place" else 18
    frame = f'x="{x - width / 2:g}" y="1" width="{width}" height="{top - 2}" rx="{radius}" class="box"'
    middle = (top - LINE * (1 + len(held))) / 2 + 12
    words = [f'<text x="{x:g}" y="{middle:g}" class="name">{escape(name)}</text>']
    words += [
        f'<text x="{x:g}" y="{middle + LINE * (n + 1):g}" class="held">{escape(one)}</text>'
        for n, one in enumerate(held)
    ]
    return f"<rect {frame}/>{''.join(words)}"
