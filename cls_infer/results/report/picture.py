"""Pictures as SVG inside the page: they take the page's colours, light or dark, and its letters, and stay sharp."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .ink import INK, LINE, SHADES, SOFT

POINTS = 72.0
WIDE, NARROW = 4.0, 3.1
"""Inches across, of a panel with a time axis and of one of several side by side: letters can be read at 360 pixels."""

LEFT, RIGHT, TOP, BOTTOM = 0.58, 0.2, 0.26, 0.24
"""Inches around the axes, the same for all panels of a width, so that what stands below each other is aligned."""

MARKS = 4
"""Steps between numbers on an axis, at most: more would run into each other."""

NAMED = 0.17
"""Inches that an axis with a name takes in addition."""

BARE = 0.14
"""Inches to the left of axes without numbers."""

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "cls_infer",
    "text.parse_math": False,  # a patient may be called `$x_1$`
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 6.0,
    "axes.labelsize": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "axes.edgecolor": SOFT,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color"), INK),
}
ROLES = {shade.light: name for name, shade in SHADES.items()}
NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}


class Picture(NamedTuple):
    """A picture, and what it shows in words for who cannot see it."""

    svg: Markup
    words: str


@contextmanager
def drawing() -> Iterator[None]:
    """Give everything drawn within the look of the page."""
    with rc_context(STYLE):
        yield


def panel(
    title: str, *, below: str = "", width: float = NARROW, height: float = 1.9, left: float = LEFT
) -> tuple[Figure, Axes]:
    """Return a figure of these inches with one pair of axes, named above and below, so many inches from its left."""
    figure = Figure(figsize=(width, height))
    bottom = BOTTOM + (NAMED if below else 0.0)
    box = (left / width, bottom / height, 1 - (left + RIGHT) / width, 1 - (TOP + bottom) / height)
    axes = figure.add_axes(box)
    figure.text(0.03 / width, 1 - 0.03 / height, title, ha="left", va="top", fontsize=9.0)
    axes.set_xlabel(below, labelpad=2.0)
    axes.xaxis.set_major_locator(MaxNLocator(MARKS))
    axes.yaxis.set_major_locator(MaxNLocator(MARKS))
    return figure, axes


def shortened(name: str, most: int) -> str:
    """Return a name of so many letters at most: its middle gives way, for names of a cohort often begin alike."""
    if len(name) <= most:
        return name
    return f"{name[: most // 2]}…{name[-(most - most // 2 - 1) :]}"


def picture(figure: Figure, words: str) -> Picture:
    """Return a figure as an element of the page, with its words as what a screen reader says."""
    out = BytesIO()
    figure.savefig(out, format="svg", metadata=NOTHING)
    root = ElementTree.fromstring(out.getvalue())
    width, height = (figure.get_size_inches() * POINTS).round(1)
    _clean(root)
    _own_names(root, sha256(out.getvalue() + words.encode()).hexdigest()[:8])
    root.attrib.clear()
    root.attrib |= {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": words}
    return Picture(Markup(ElementTree.tostring(root, encoding="unicode")), words)  # escaped by ElementTree


def _clean(element: ElementTree.Element) -> None:
    """Take out what belongs to a file of its own, and swap colours for their meaning."""
    element.tag = element.tag.rpartition("}")[2]
    element.tail = None
    element.text = element.text if element.tag == "text" else None
    for child in list(element):
        _clean(child)
        if child.tag in ("style", "metadata") or (child.tag in ("g", "defs") and not len(child)):
            element.remove(child)
    for name, value in list(element.attrib.items()):
        if name.endswith("}href"):
            del element.attrib[name]
            element.set("href", value)
        elif name == "d":
            element.set(name, re.sub(r"\d+\.\d+", lambda found: f"{float(found[0]):.1f}", " ".join(value.split())))
        elif name in ("x", "y"):
            element.set(name, f"{float(value):.1f}")
        elif name == "style":
            element.set(name, _style(value))
        elif name == "transform" and value.startswith("rotate(-0 "):
            del element.attrib[name]


def _style(value: str) -> str:
    value = re.sub(r" ?font-family: [^;]*;", "", value)
    return re.sub(r"#[0-9a-f]{6}", lambda found: f"var(--{ROLES[found[0]]})" if found[0] in ROLES else found[0], value)


def _own_names(root: ElementTree.Element, own: str) -> None:
    """Keep the names that are referred to, and make them differ from those of all other pictures."""
    every = list(root.iter())
    values = [value for one in every for value in one.attrib.values()]
    used = {name for value in values for name in re.findall(r"(?:^|url\()#([\w-]+)", value)}
    for one in every:
        for name, value in list(one.attrib.items()):
            if name == "id" and value not in used:
                del one.attrib[name]
            elif name == "id":
                one.set(name, f"{value}-{own}")
            elif name != "style":
                one.set(name, re.sub(r"(^|url\()#([\w-]+)", rf"\1#\2-{own}", value))
