"""One self-contained page that says what a fit found, how far it may be believed and what it cannot tell."""

from .page import render

__all__ = ["render"]
