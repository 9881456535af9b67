"""Loops, conditions and memory of LLVM, said shortly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

from .vector_math import I64

type Word = Any
"""A whole number, a float or a pointer of the code that is written; a Python int where it is known."""


@dataclass(frozen=True)
class Script:
    """Code written where `b` stands, for blocks of `lanes`."""

    b: ir.IRBuilder
    lanes: int

    def number(self, value: int) -> Word:
        """Return a whole number."""
        return ir.Constant(I64, value)

    def variable(self, start: Word) -> Word:
        """Return a place for a whole number."""
        with self.b.goto_entry_block():
            place = self.b.alloca(I64)
        self.b.store(self.number(start) if isinstance(start, int) else start, place)
        return place

    def array(self, kind: ir.Type, count: int, *, align: int = 8) -> Word:
        """Return a pointer to `count` values on the stack."""
        with self.b.goto_entry_block():
            place = self.b.alloca(ir.ArrayType(kind, count))
        place.align = align  # pyright: ignore[reportAttributeAccessIssue] - typed as None
        return self.b.bitcast(place, kind.as_pointer())

    def add(self, place: Word, more: int = 1) -> None:
        """Add to a variable."""
        self.b.store(self.b.add(self.b.load(place), self.number(more)), place)

    def at(self, pointer: Word, *index_and_width: tuple[Word, Word]) -> Word:
        """Return a pointer to a row-major element: (index, how many elements one of it spans) pairs."""
        total = self.number(0)
        for index, width in index_and_width:
            span = self.number(width) if isinstance(width, int) else width
            total = self.b.add(total, self.b.mul(index, span))
        return self.b.gep(pointer, [total])

    def cell(self, memory: Word, row: Word, lane: Word) -> Word:
        """Return a pointer to a lane's place in a row of a block's memory."""
        row = self.number(row) if isinstance(row, int) else row
        return self.at(memory, (row, self.lanes), (lane, 1))

    @contextmanager
    def each(self, count: Word, *, start: Word = 0) -> Iterator[Word]:
        """Go over start, start + 1, ... below count."""
        i, end = self.variable(start), self.number(count) if isinstance(count, int) else count
        with self.while_(lambda: self.b.icmp_signed("<", self.b.load(i), end)):
            yield self.b.load(i)
            self.add(i)

    @contextmanager
    def while_(self, condition: Callable[[], Word]) -> Iterator[None]:
        """Repeat as long as the condition, written anew each time, holds."""
        asking, body, after = (self.b.append_basic_block() for _ in range(3))
        self.b.branch(asking)
        self.b.position_at_end(asking)
        self.b.cbranch(condition(), body, after)
        self.b.position_at_end(body)
        yield
        self.b.branch(asking)
        self.b.position_at_end(after)

    def gather(self, memory: Word, first: int, count: int, lane: Word, source: Word) -> None:
        """Copy `count` consecutive floats into a lane's rows from `first` on."""
        with self.each(count) as k:
            row = self.b.add(k, self.number(first))
            self.b.store(self.b.load(self.at(source, (k, 1))), self.cell(memory, row, lane))

    def scatter(self, memory: Word, first: int, count: int, lane: Word, target: Word) -> None:
        """Copy a lane's `count` rows from `first` on to consecutive floats."""
        with self.each(count) as k:
            row = self.b.add(k, self.number(first))
            self.b.store(self.b.load(self.cell(memory, row, lane)), self.at(target, (k, 1)))
