"""The loops around a block's step: lanes through their stops, and back again for a gradient.

Ways through time, for different uses. `forward` keeps nothing: a lane that has arrived makes room for the next one
at once, so that no lane waits for the slowest. `record` keeps every step of a few lanes in a journal that `unwind`
goes back through, and `tangents` forward again. `rerun` goes forward and back block by block with a journal of one
block, so that its memory does not grow with the lanes; lanes of like length should stand together in its order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from llvmlite import ir

from .block import Block
from .carrying import carry_columns
from .handler import Entry
from .script import Script, Word
from .unwinding import board_for_return, unwind
from .vector_math import F64, I64
from .way import Way

FLOATS, WHOLES = F64.as_pointer(), I64.as_pointer()

GIVEN = ("y0", "numbers", "start", "stops", "u")
PULLS = ("on_y0", "on_numbers", "on_u")
SIZES = {"lanes": ("u", 0), "stops": ("u", 1), "columns": ("d_y0", 1)}
"""The numbers that each function takes first, and the array and axis that tell them; 0 where there is no such array."""
ARGUMENTS = {
    "forward": (*GIVEN, "states", "status:i", "taken:i"),
    "record": (*GIVEN, "states", "status:i", "taken:i", "journal"),
    "tangents": ("taken:i", "journal", "numbers", "u", "d_y0", "d_numbers", "d_u", "d_states"),
    "unwind": ("taken:i", "journal", "numbers", "u", "pull", *PULLS),
    "rerun": ("order:i", *GIVEN, "pull", *PULLS),
}
"""What each function takes after the sizes: arrays of floats, or of whole numbers where it says so, row by row:
[lane, ...], `stops` [lane, stop], `u` [lane, stop, channel], `states` and `pull` [lane, stop, state], `journal` [lane,
step, row of the record]. `taken` is the number of steps tried, `order` a permutation of the lanes. Tangents have an
axis for their columns after that of the lanes: `d_states` [lane, column, stop, state]."""
RESULTS = {"forward": 3, "record": 4, "tangents": 1, "unwind": 3, "rerun": 3}
"""How many of a function's arrays, the last ones, are results."""
PIECES = {
    "forward": ("step",),
    "record": ("step",),
    "tangents": ("carry",),
    "unwind": ("pull",),
    "rerun": ("step", "pull"),
}
"""Which pieces of a block each calls."""


@dataclass(frozen=True)
class Loops:
    """Writes the functions of one block into a module."""

    module: ir.Module
    block: Block
    lanes: int

    def write(self, name: str) -> Entry:
        """Add one of the functions of ARGUMENTS to the module."""
        arguments = ARGUMENTS[name]
        kinds = [WHOLES if a.endswith(":i") else FLOATS for a in arguments]
        function = ir.Function(self.module, ir.FunctionType(ir.VoidType(), [I64] * len(SIZES) + kinds), name)
        s = Script(ir.IRBuilder(function.append_basic_block()), self.lanes)
        sizes, arrays = function.args[: len(SIZES)], function.args[len(SIZES) :]
        names = [argument.removesuffix(":i") for argument in arguments]
        BODIES[name](Way(self.module, self.block, s, sizes, dict(zip(names, arrays, strict=True))))
        s.b.ret_void()
        told = [(names.index(array), axis) if array in names else None for array, axis in SIZES.values()]
        shared = [names.index("order")] if "order" in names else range(len(names))
        return Entry(function, RESULTS[name], told, shared)


def travel(way: Way, journal: Word, place_of: Callable[[Word], Word], *, keep: bool) -> None:
    """Take a block's lanes through their stops, and keep each step of each in its journal."""
    s, record = way.s, way.block.record
    going = s.variable(1)
    with s.while_(lambda: s.b.icmp_signed(">", s.b.load(going), s.number(0))):
        way.call("step")
        s.b.store(s.number(0), going)
        with s.each(s.lanes) as w, s.b.if_then(way.is_open(w)):
            step = way.journal_of(journal, place_of(w), s.b.load(way.tried_at(w)))
            s.scatter(way.memory, record.start, len(record), w, step)
            s.b.store(s.b.sitofp(way.stop_at(w), F64), step)  # the record's first row: the stop that was ahead
            s.add(way.tried_at(w))
            way.arrive(w, keep=keep)
            with s.b.if_else(way.stopped(w)) as (done, on):
                with done:
                    way.close(w)
                    if keep:
                        way.finish(w)
                with on:
                    s.add(going)


def _forward(way: Way) -> None:
    s = way.s
    waiting, going = s.variable(s.lanes), s.variable(1)
    way.fill(s.number(0), _in_order, way.board)
    with s.while_(lambda: s.b.icmp_signed(">", s.b.load(going), s.number(0))):
        way.call("step")
        s.b.store(s.number(0), going)
        with s.each(s.lanes) as w, s.b.if_then(way.is_open(w)):
            s.add(way.tried_at(w))
            way.arrive(w, keep=True)
            with s.b.if_then(way.stopped(w)):
                way.close(w)
                way.finish(w)
                with s.b.if_then(s.b.icmp_signed("<", s.b.load(waiting), way.lanes)):
                    way.board(w, s.b.load(waiting))
                    s.add(waiting)
            with s.b.if_then(way.is_open(w)):
                s.add(going)


def _record(way: Way) -> None:
    _over_blocks(way, _in_order, way.board, lambda: travel(way, way.given["journal"], way.lane_at, keep=True))


def _unwind(way: Way) -> None:
    _over_blocks(way, _in_order, partial(board_for_return, way), lambda: unwind(way, way.given["journal"], way.lane_at))


def _tangents(way: Way) -> None:
    """Every lane by itself: its columns are what a block holds."""
    s, width = way.s, way.s.lanes
    with s.each(way.lanes) as lane:
        with s.each(width) as w:
            board_for_return(way, w, lane)
        blocks = s.b.sdiv(s.b.add(way.columns, s.number(width - 1)), s.number(width))
        with s.each(blocks) as block:
            carry_columns(way, lane, s.b.mul(block, s.number(width)))


def _rerun(way: Way) -> None:
    s = way.s
    malloc = ir.Function(way.module, ir.FunctionType(FLOATS, [I64]), "malloc")
    free = ir.Function(way.module, ir.FunctionType(ir.VoidType(), [FLOATS]), "free")
    journal = s.b.call(malloc, [s.number(8 * s.lanes * way.journal)])

    def body() -> None:
        travel(way, journal, lambda w: w, keep=False)
        unwind(way, journal, lambda w: w)

    _over_blocks(way, lambda place: s.b.load(s.at(way.given["order"], (place, 1))), way.board, body)
    s.b.call(free, [journal])


def _in_order(place: Word) -> Word:
    return place


def _over_blocks(
    way: Way, lane_of: Callable[[Word], Word], board: Callable[[Word, Word], None], body: Callable[[], None]
) -> None:
    s, width = way.s, way.s.lanes
    blocks = s.b.sdiv(s.b.add(way.lanes, s.number(width - 1)), s.number(width))
    with s.each(blocks) as block:
        way.fill(s.b.mul(block, s.number(width)), lane_of, board)
        body()


BODIES: dict[str, Callable[[Way], None]] = {
    "forward": _forward,
    "record": _record,
    "tangents": _tangents,
    "unwind": _unwind,
    "rerun": _rerun,
}
