"""The equations of a model: the docstrings of the functions of physiology that it calls."""

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType
from typing import Any

from ..model.spec import Model

PHYSIOLOGY = "cls_infer.physiology."
OURS = "cls_infer."


@dataclass(frozen=True)
class Equation:
    """A function of physiology that a model calls: its name, what its file is about, and its docstring."""

    name: str
    about: str
    doc: str


def equations_of(model: Model) -> dict[str, Equation]:
    """Return the functions of physiology a model calls, by name, in the order in which it comes to them.

    Those that only put others together, and state no formula or arguments of their own, are left out.
    """
    called: dict[Callable[..., Any], None] = {}
    for part in (model.flows, model.rates, model.health):
        _follow(part, called)
    found = {}
    for function in called:
        doc = inspect.getdoc(function) or ""
        if function.__module__.startswith(PHYSIOLOGY) and ("$" in doc or "Args:" in doc):
            about = (sys.modules[function.__module__].__doc__ or "").strip().splitlines()[0]
            found[function.__name__] = Equation(function.__name__, about, doc)
    return found


def _follow(function: Callable[..., Any], called: dict[Callable[..., Any], None]) -> None:
    function = inspect.unwrap(function)
    if function in called:
        return
    called[function] = None
    for name in _names(function.__code__):
        other = function.__globals__.get(name)
        if inspect.isfunction(inspect.unwrap(other)) and other.__module__.startswith(OURS):
            _follow(other, called)


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that a function's code looks up, in order, its inner functions' after its own."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
