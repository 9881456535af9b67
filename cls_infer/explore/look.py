"""How the page looks: its template, and the widgets' colours on a dark page."""

from pathlib import Path

from bokeh.document import Document
from bokeh.models import InlineStyleSheet, Widget
from jinja2 import Environment, FileSystemLoader
from jinja2.loaders import ChoiceLoader, PackageLoader

from ..results.report.ink import rules
from .ink import Ink

TEMPLATES = Path(__file__).parent / "templates"


def dressed(document: Document, ink: Ink, *, heading: str, legend: list[tuple[str, str]]) -> None:
    """Give a document its template and its widgets their colours."""
    loader = ChoiceLoader([FileSystemLoader(TEMPLATES), PackageLoader("bokeh.core", "_templates")])
    environment = Environment(loader=loader, autoescape=False, trim_blocks=True, lstrip_blocks=True)
    document.template = environment.get_template("explore.html.j2")
    document.title = heading
    document.template_variables.update(heading=heading, legend=legend, side=ink.side, colours=rules(ink.side))


def widget_sheet() -> InlineStyleSheet:
    """Return what gives every widget the colours of the page: each is a tree of its own, which the page's do not
    reach."""
    return InlineStyleSheet(css=(TEMPLATES / "widgets.css").read_text(encoding="utf-8"))


def styled(document: Document, sheet: InlineStyleSheet) -> None:
    """Give the sheet to the widgets of a document that lack it."""
    for widget in document.select({"type": Widget}):
        if isinstance(widget, Widget) and sheet not in widget.stylesheets:
            widget.stylesheets = [*widget.stylesheets, sheet]
