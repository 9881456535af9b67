"""Operations that tell JAX themselves how they vary, such as a root: their results keep that rule on a tape."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jax.extend import core

from .cells import Cells, cells
from .tape import Tape, Value

TOLD = {"custom_jvp_call", "custom_vjp_call"}
"""Functions that do, besides operations that JAX does not know."""

NAMELESS = core.DebugInfo("jit", "slopes", None, None)
"""Says that the arguments of a trace have no names."""

type _Scalarize = Callable[[Any, Tape, Sequence[Cells]], list[Cells]]


def with_own_slopes(
    tape: Tape, equation: Any, operands: list[Cells], found: list[Cells], scalarize: _Scalarize
) -> list[Cells]:
    """Return what an equation gave; the slopes of each of its scalars are those that its rule says."""
    ruled = []
    for which, result in enumerate(found):
        own = cells(np.zeros(result.shape))
        for place, x in enumerate(result.flat):
            rule = partial(_told, equation, operands, which, place, scalarize)
            own.flat[place] = tape.ruled(x, rule, apart=True)
        ruled.append(own)
    return ruled


def _told(
    equation: Any, operands: list[Cells], which: int, place: int, scalarize: _Scalarize, tape: Tape
) -> list[tuple[Value, Value]]:
    """Return on what one scalar among an equation's results depends, and how steeply."""
    slopes, varying = _slopes_of(equation, which, place)
    given = [operands[n] for n in varying]
    steep = scalarize(slopes, tape, operands)
    return [(x, by) for a, b in zip(given, steep, strict=True) for x, by in zip(a.ravel(), b.ravel(), strict=True)]


@lru_cache(64)
def _slopes_of(equation: Any, which: int, place: int) -> tuple[Any, list[int]]:
    """Return the trace of the slopes, and which of the equation's operands they are of: the same for all stages of a
    method, whose loop holds the equation once."""
    shapes = [atom.aval for atom in equation.invars]
    varying = [n for n, shape in enumerate(shapes) if np.issubdtype(shape.dtype, np.floating)]
    names = [core.Var(shape) for shape in shapes]
    alone = core.Jaxpr((), names, equation.outvars, [equation.replace(invars=names)], debug_info=NAMELESS)
    run = core.jaxpr_as_fun(core.ClosedJaxpr(alone, ()))  # pyright: ignore[reportPrivateImportUsage]
    pulled = np.zeros(equation.outvars[which].aval.shape)
    pulled.flat[place] = 1.0

    def slopes(*given: Any) -> Any:
        def of(*some: Any) -> Any:
            every = list(given)
            for n, x in zip(varying, some, strict=True):
                every[n] = x
            return run(*every)[which]

        return jax.vjp(of, *(given[n] for n in varying))[1](pulled)

    return jax.make_jaxpr(slopes)(*shapes), varying
