"""The lanes of a call in portions, which several threads take until none is left.

What becomes of a lane does not depend on which lanes are beside it: results are the same bits by any number of threads.
"""

import os
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from ..platform import cores
from .script import Script, Word
from .vector_math import I64

WORDS, BYTES = I64.as_pointer(), ir.IntType(8).as_pointer()

THREADS = "threads"
"""The variable that holds how many threads a call may take."""

TURNS = 4
"""Portions a thread, where there are lanes enough: who had the longer lanes takes fewer of them."""

MOST = 64
"""The most threads of a call."""

LEAST = 32
"""Lanes of a portion at least: another thread is not there at once."""

NEXT, LANES, PORTION, REST = range(4)
"""Words of a task: the first lane that nobody took, how many there are and a portion has, and the call's own words:
the other sizes, then of each array its address and the bytes of a lane, 0 where all lanes see all of it."""


def threads() -> int:
    """Return how many threads a call may take: as many as cores are this process's, `OMP_NUM_THREADS` at most."""
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return min(cores(), MOST, int(asked) if asked.isdigit() and int(asked) else MOST)


def share_out(
    s: Script, function: ir.Function, lanes: Word, others: Sequence[Word], arrays: Sequence[tuple[Word, Word]]
) -> None:
    """Call a function of lanes, other sizes and arrays, each an address and the bytes of a lane, on portions of the
    lanes: here, and by as many threads more as there are."""
    b, number = s.b, s.number
    task = s.array(I64, REST + len(others) + 2 * len(arrays))
    limit = ir.GlobalVariable(b.module, I64, THREADS)
    limit.initializer = number(1)  # pyright: ignore[reportAttributeAccessIssue] - typed as None
    allowed = b.load(limit)
    portion = _portion(s, lanes, allowed)
    for place, word in enumerate([number(0), lanes, portion, *others, *(word for pair in arrays for word in pair)]):
        b.store(word, s.at(task, (number(place), 1)))
    work, given = _work(b.module, function, len(others), len(arrays)), b.bitcast(task, BYTES)
    begin = ir.Function(b.module, ir.FunctionType(ir.IntType(32), [WORDS, BYTES, work.type, BYTES]), "pthread_create")
    join = ir.Function(b.module, ir.FunctionType(ir.IntType(32), [I64, BYTES]), "pthread_join")
    helpers, begun, nothing = s.array(I64, MOST), s.variable(0), ir.Constant(BYTES, None)
    spare = b.sub(b.sdiv(b.add(lanes, b.sub(portion, number(1))), portion), number(1))
    with s.each(_least(s, spare, b.sub(allowed, number(1)))):
        told: Any = b.call(begin, [s.at(helpers, (b.load(begun), 1)), nothing, work, given])
        b.store(b.add(b.load(begun), b.zext(b.icmp_signed("==", told, ir.Constant(told.type, 0)), I64)), begun)
    b.call(work, [given])  # all of it where no thread could be begun
    with s.each(b.load(begun)) as one:
        b.call(join, [b.load(s.at(helpers, (one, 1))), nothing])


def _portion(s: Script, lanes: Word, allowed: Word) -> Word:
    """Return how many lanes a portion has: a multiple of LEAST, all there are where one thread is allowed."""
    b, least = s.b, s.number(LEAST)
    turns = b.mul(b.mul(allowed, s.number(TURNS)), least)
    times = b.sdiv(b.add(lanes, b.sub(turns, s.number(1))), turns)
    return b.select(b.icmp_signed(">", allowed, s.number(1)), b.mul(times, least), lanes)


def _work(module: ir.Module, function: ir.Function, others: int, arrays: int) -> ir.Function:
    """Add what a thread does: it takes portion after portion of a task."""
    work = ir.Function(module, ir.FunctionType(BYTES, [BYTES]), "work")
    s = Script(ir.IRBuilder(work.append_basic_block()), 1)
    b, task = s.b, s.b.bitcast(work.args[0], WORDS)

    def word(place: int) -> Word:
        return b.load(s.at(task, (s.number(place), 1)))

    lanes, portion = word(LANES), word(PORTION)
    sizes = [word(REST + n) for n in range(others)]
    pairs = [(word(n), word(n + 1)) for n in range(REST + others, REST + others + 2 * arrays, 2)]
    first = s.variable(0)

    def more() -> Word:
        b.store(b.atomic_rmw("add", s.at(task, (s.number(NEXT), 1)), portion, "monotonic"), first)
        return b.icmp_signed("<", b.load(first), lanes)

    with s.while_(more):
        begin = b.load(first)
        moved = [b.add(address, b.mul(begin, span)) for address, span in pairs]
        kinds = [argument.type for argument in function.args[1 + others :]]
        pointers = [b.inttoptr(address, kind) for address, kind in zip(moved, kinds, strict=True)]
        b.call(function, [_least(s, portion, b.sub(lanes, begin)), *sizes, *pointers])
    b.ret(ir.Constant(BYTES, None))
    return work


def _least(s: Script, one: Word, other: Word) -> Word:
    return s.b.select(s.b.icmp_signed("<", one, other), one, other)
