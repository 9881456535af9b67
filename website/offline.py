"""What GitHub's Markdown leaves to scripts, as HTML that needs none: equations as MathML, diagrams as SVG."""

import re
from html import escape
from typing import Any

from latex2mathml.converter import convert
from markdown import Extension, Markdown
from markdown.inlinepatterns import InlineProcessor

from .diagram import draw

INLINE = r"\$`([^`]+)`\$"
"""An equation within a line, as GitHub writes it."""


def equation(source: str, *_: Any, **__: Any) -> str:
    """Return a fenced equation as MathML on a line of its own."""
    return f'<div class="equation">{convert(source.strip(), display="block")}</div>'


def diagram(source: str, *_: Any, **__: Any) -> str:
    """Return a diagram drawn, and its source folded below it."""
    label = "The arrows in words, as Mermaid reads them"
    return f"{draw(source)}<details><summary>{label}</summary><pre><code>{escape(source)}</code></pre></details>"


class InlineEquation(InlineProcessor):
    """An equation within a line."""

    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:
        """Return the equation as MathML, and the letters that it stands for."""
        return self.md.htmlStash.store(convert(m[1])), m.start(0), m.end(0)


class Offline(Extension):
    """Equations within lines, before backticks make code of them."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Add the pattern."""
        md.inlinePatterns.register(InlineEquation(INLINE, md), "equation", 195)


def makeExtension(**options: Any) -> Offline:
    """Return the extension, as Python-Markdown asks for it."""
    return Offline(**options)
