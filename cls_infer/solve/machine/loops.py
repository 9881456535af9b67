"""The loops around a block's step: lanes through their stops, and back again for a gradient.

Ways through time, for different uses. `forward` keeps nothing: a lane that has arrived makes room for the next one
at once, so that no lane waits for the slowest. `record` keeps every step of a few lanes in a journal that `unwind`
goes back through, and `tangents` forward again. `rerun` goes forward and back block by block with a journal of one
block, so that its memory does not grow with the lanes; lanes of like length should stand together in its order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llvmlite import ir

from ..lanes import RUNNING, STEP_LIMIT
from .block import Block
from .build import Entry
from .script import Script, Word
from .vector_math import F64, I64

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
        way = _Way(self, s, sizes, dict(zip((a.removesuffix(":i") for a in arguments), arrays, strict=True)))
        BODIES[name](way)
        s.b.ret_void()
        names = [argument.removesuffix(":i") for argument in arguments]
        told = [(names.index(array), axis) if array in names else None for array, axis in SIZES.values()]
        return Entry(function, RESULTS[name], told)

    @property
    def most_steps(self) -> int:
        """The most steps of a lane."""
        return self.block.problem.tolerance.max_steps

    @property
    def journal(self) -> int:
        """Floats that a lane's journal has room for."""
        return self.most_steps * len(self.block.record)


class _Way:
    """A function being written: a block's memory, which lane each of its places carries, and the arrays given."""

    def __init__(self, loops: Loops, s: Script, sizes: Sequence[Word], given: dict[str, Word]) -> None:
        self.loops, self.s, self.given = loops, s, given
        self.lanes, self.stops, self.columns = sizes
        self.of = loops.block.fields
        self.memory = s.array(F64, loops.block.rows * loops.lanes, align=8 * loops.lanes)
        self.lane = s.array(I64, loops.lanes)
        self.stop = s.array(I64, loops.lanes)
        self.tried = s.array(I64, loops.lanes)
        self.open = s.array(I64, loops.lanes)
        with s.each(loops.block.rows * loops.lanes) as k:
            s.b.store(ir.Constant(F64, 0), s.at(self.memory, (k, 1)))

    def cell(self, field: str, w: Word) -> Word:
        """Return a pointer to a lane's place in the first row of a field of `place` or `ahead`."""
        holder = self.of.place if hasattr(self.of.place, field) else self.of.ahead
        return self.s.cell(self.memory, getattr(holder, field).first, w)

    def lane_at(self, w: Word) -> Word:
        return self.s.b.load(self.s.at(self.lane, (w, 1)))

    def stop_at(self, w: Word) -> Word:
        return self.s.b.load(self.s.at(self.stop, (w, 1)))

    def tried_at(self, w: Word) -> Word:
        """Return a pointer to how many steps the lane at w has tried."""
        return self.s.at(self.tried, (w, 1))

    def has_lane(self, w: Word) -> Word:
        """Return whether there is a lane at w: the last block may have fewer."""
        return self.s.b.icmp_signed(">=", self.lane_at(w), self.s.number(0))

    def is_open(self, w: Word) -> Word:
        """Return whether there is a lane at w that has not stopped."""
        return self.s.b.icmp_signed("!=", self.s.b.load(self.s.at(self.open, (w, 1))), self.s.number(0))

    def close(self, w: Word) -> None:
        self.s.b.store(self.s.number(0), self.s.at(self.open, (w, 1)))

    def running(self, w: Word) -> Word:
        return self.s.b.fcmp_ordered("==", self.s.b.load(self.cell("status", w)), ir.Constant(F64, RUNNING))

    def holds(self, row: int, w: Word) -> Word:
        """Return whether a truth value in a row holds."""
        return self.s.b.fcmp_ordered("!=", self.s.b.load(self.s.cell(self.memory, row, w)), ir.Constant(F64, 0))

    def read_numbers(self, w: Word, lane: Word) -> None:
        numbers = self.of.numbers
        self.s.gather(
            self.memory, numbers.first, numbers.size, w, self.s.at(self.given["numbers"], (lane, numbers.size))
        )

    def read_inputs(self, w: Word, lane: Word, stop: Word) -> None:
        u = self.of.u
        row = self.s.b.add(self.s.b.mul(lane, self.stops), stop)
        self.s.gather(self.memory, u.first, u.size, w, self.s.at(self.given["u"], (row, u.size)))

    def aim(self, w: Word, lane: Word, stop: Word) -> None:
        """Make `stop` the next one of the lane at w."""
        s = self.s
        s.b.store(stop, s.at(self.stop, (w, 1)))
        s.b.store(s.b.load(s.at(self.given["stops"], (lane, self.stops), (stop, 1))), self.cell("target", w))
        last = s.b.icmp_signed("==", stop, s.b.sub(self.stops, s.number(1)))
        s.b.store(s.b.uitofp(last, F64), self.cell("last", w))
        self.read_inputs(w, lane, stop)

    def board(self, w: Word, lane: Word) -> None:
        """Let a lane depart at place w."""
        s, y = self.s, self.of.place.y
        s.b.store(lane, s.at(self.lane, (w, 1)))
        s.b.store(s.number(1), s.at(self.open, (w, 1)))
        s.b.store(s.b.load(s.at(self.given["start"], (lane, 1))), self.cell("t", w))
        s.gather(self.memory, y.first, y.size, w, s.at(self.given["y0"], (lane, y.size)))
        for row, value in self.loops.block.at_departure:
            s.b.store(ir.Constant(F64, value), s.cell(self.memory, row, w))
        s.b.store(s.number(0), self.tried_at(w))
        self.read_numbers(w, lane)
        self.aim(w, lane, s.number(0))

    def board_for_return(self, w: Word, lane: Word) -> None:
        """Let a lane start its way back at place w."""
        s = self.s
        s.b.store(lane, s.at(self.lane, (w, 1)))
        s.b.store(s.b.load(s.at(self.given["taken"], (lane, 1))), self.tried_at(w))
        self.read_numbers(w, lane)
        self.read_inputs(w, lane, s.number(0))

    def call(self, piece: str) -> None:
        """Let a piece of the block do its work on the memory."""
        self.s.b.call(self.loops.module.globals[piece], [self.memory])

    def journal_of(self, base: Word, place: Word, step: Word) -> Word:
        """Return a pointer to a step in the journal at `place`."""
        return self.s.at(base, (place, self.loops.journal), (step, len(self.loops.block.record)))

    def arrive(self, w: Word, *, keep: bool) -> None:
        """Where the stop was reached: keep the states, and aim at the next stop if there is one."""
        s, lane, stop = self.s, self.lane_at(w), self.stop_at(w)
        with s.b.if_then(self.holds(self.of.record.arrived.first, w)):
            if keep:
                self.keep_states(w, lane, stop)
            after = s.b.add(stop, s.number(1))
            s.b.store(after, s.at(self.stop, (w, 1)))
            with s.b.if_then(s.b.icmp_signed("<", after, self.stops)):
                self.aim(w, lane, after)

    def keep_states(self, w: Word, lane: Word, stop: Word) -> None:
        y = self.of.place.y
        row = self.s.b.add(self.s.b.mul(lane, self.stops), stop)
        self.s.scatter(self.memory, y.first, y.size, w, self.s.at(self.given["states"], (row, y.size)))

    def finish(self, w: Word) -> None:
        """Write a lane's status, its number of steps, and the states of its last place for stops it has not reached."""
        s, lane = self.s, self.lane_at(w)
        with s.each(self.stops, start=self.stop_at(w)) as stop:
            self.keep_states(w, lane, stop)
        status = s.b.fptosi(s.b.load(self.cell("status", w)), I64)
        status = s.b.select(self.running(w), s.number(STEP_LIMIT), status)
        s.b.store(status, s.at(self.given["status"], (lane, 1)))
        s.b.store(s.b.load(self.tried_at(w)), s.at(self.given["taken"], (lane, 1)))

    def fill(self, first: Word, lane_of: Callable[[Word], Word], board: Callable[[Word, Word], None]) -> None:
        """Let the lanes first, first + 1, ... of an order board; the places beyond the last carry none."""
        s = self.s
        with s.each(self.loops.lanes) as w:
            place = s.b.add(first, w)
            inside = s.b.icmp_signed("<", place, self.lanes)
            last = s.b.sub(self.lanes, s.number(1))
            board(w, lane_of(s.b.select(inside, place, last)))  # numbers of a true lane, lest steps go astray
            with s.b.if_then(s.b.not_(inside)):
                s.b.store(s.number(-1), s.at(self.lane, (w, 1)))
                self.close(w)

    def stopped(self, w: Word) -> Word:
        """Return whether the lane at w has come to its end, or to its step limit."""
        at_limit = self.s.b.icmp_signed(">=", self.s.b.load(self.tried_at(w)), self.s.number(self.loops.most_steps))
        return self.s.b.or_(at_limit, self.s.b.not_(self.running(w)))

    def travel(self, journal: Word, place_of: Callable[[Word], Word], *, keep: bool) -> None:
        """Take a block's lanes through their stops, and keep each step of each in its journal."""
        s, loops, record = self.s, self.loops, self.loops.block.record
        going = s.variable(1)
        with s.while_(lambda: s.b.icmp_signed(">", s.b.load(going), s.number(0))):
            self.call("step")
            s.b.store(s.number(0), going)
            with s.each(loops.lanes) as w, s.b.if_then(self.is_open(w)):
                step = self.journal_of(journal, place_of(w), s.b.load(self.tried_at(w)))
                s.scatter(self.memory, record.start, len(record), w, step)
                s.b.store(s.b.sitofp(self.stop_at(w), F64), step)  # the record's first row: the stop that was ahead
                s.add(self.tried_at(w))
                self.arrive(w, keep=keep)
                with s.b.if_else(self.stopped(w)) as (done, on):
                    with done:
                        self.close(w)
                        if keep:
                            self.finish(w)
                    with on:
                        s.add(going)

    def unwind(self, journal: Word, place_of: Callable[[Word], Word]) -> None:
        """Go back through the steps of a block, and write what a gradient has gathered."""
        s, loops, pulled = self.s, self.loops, self.of.pulled
        first, after = pulled.y.first, pulled.u.first + pulled.u.size
        with s.each((after - first) * loops.lanes) as k:
            s.b.store(ir.Constant(F64, 0), s.at(self.memory, (s.number(first), loops.lanes), (k, 1)))
        longest = s.variable(0)
        with s.each(loops.lanes) as w, s.b.if_then(self.has_lane(w)):
            s.b.store(s.number(-1), s.at(self.stop, (w, 1)))
            self.clear_inputs(self.lane_at(w))
            tried = s.b.load(self.tried_at(w))
            longer = s.b.icmp_signed(">", tried, s.b.load(longest))
            s.b.store(s.b.select(longer, tried, s.b.load(longest)), longest)
        with s.each(s.b.load(longest)) as k:
            n = s.b.sub(s.b.sub(s.b.load(longest), k), s.number(1))
            with s.each(loops.lanes) as w, s.b.if_then(self.has_lane(w)):
                self.come_upon(w, n, journal, place_of(w))
            self.call("pull")
        with s.each(loops.lanes) as w, s.b.if_then(self.has_lane(w)):
            self.deliver_inputs(w)
            lane = self.lane_at(w)
            for name, field in (("on_y0", pulled.y), ("on_numbers", pulled.numbers)):
                s.scatter(self.memory, field.first, field.size, w, s.at(self.given[name], (lane, field.size)))

    def come_upon(self, w: Word, n: Word, journal: Word, place: Word) -> None:
        """On the way back to step n: its record, the inputs then, and what is pulled on the states at its end.

        A lane of fewer steps waits at its last one, whose size is taken to be 0: nothing passes but what was there.
        """
        s, record, tried = self.s, self.loops.block.record, self.s.b.load(self.tried_at(w))
        taken = s.b.icmp_signed("<", n, tried)
        n = s.b.select(taken, n, s.b.sub(tried, s.number(1)))
        s.gather(self.memory, record.start, len(record), w, self.journal_of(journal, place, n))
        with s.b.if_then(s.b.not_(taken)):
            for row in (self.of.record.h.first, self.of.record.arrived.first):
                s.b.store(ir.Constant(F64, 0), s.cell(self.memory, row, w))
        y, lane = self.of.pulled.y, self.lane_at(w)
        ahead = s.b.fptosi(s.b.load(s.cell(self.memory, record.start, w)), I64)
        with s.b.if_then(s.b.icmp_signed("!=", ahead, self.stop_at(w))):
            self.deliver_inputs(w)
            s.b.store(ahead, s.at(self.stop, (w, 1)))
            self.read_inputs(w, lane, ahead)
        with s.b.if_then(self.holds(self.of.record.arrived.first, w)):
            row = s.b.add(s.b.mul(lane, self.stops), ahead)
            source = s.at(self.given["pull"], (row, y.size))
            with s.each(y.size) as k:
                cell = s.cell(self.memory, s.b.add(k, s.number(y.first)), w)
                s.b.store(s.b.fadd(s.b.load(cell), s.b.load(s.at(source, (k, 1)))), cell)

    def carry_columns(self, lane: Word, first: Word) -> None:
        """Carry the columns first, first + 1, ... of a lane's tangent along its recorded steps."""
        s, loops, carried = self.s, self.loops, self.of.carried

        def column(w: Word) -> Word:
            place, last = s.b.add(first, w), s.b.sub(self.columns, s.number(1))
            return s.b.select(s.b.icmp_signed("<", place, last), place, last)  # beyond the last: the last once more

        with s.each(loops.lanes) as w:
            s.b.store(s.number(-1), s.at(self.stop, (w, 1)))
            for name, field in (("d_y0", carried.y), ("d_numbers", carried.numbers)):
                row = s.b.add(s.b.mul(lane, self.columns), column(w))
                s.gather(self.memory, field.first, field.size, w, s.at(self.given[name], (row, field.size)))
        with s.each(s.b.load(self.tried_at(s.number(0)))) as n:
            with s.each(loops.lanes) as w:
                record = loops.block.record
                step = self.journal_of(self.given["journal"], lane, n)
                s.gather(self.memory, record.start, len(record), w, step)
                self.turn_to(w, lane, column(w))
            self.call("carry")
            with s.each(loops.lanes) as w, s.b.if_then(self.holds(self.of.record.arrived.first, w)):
                row = s.b.add(s.b.mul(lane, self.columns), column(w))
                row = s.b.add(s.b.mul(row, self.stops), self.stop_at(w))
                target = s.at(self.given["d_states"], (row, carried.y.size))
                s.scatter(self.memory, carried.y.first, carried.y.size, w, target)

    def turn_to(self, w: Word, lane: Word, column: Word) -> None:
        """Read the inputs to the recorded step's stop, and a column of their tangent, unless they are there."""
        s, u = self.s, self.of.carried.u
        ahead = s.b.fptosi(s.b.load(s.cell(self.memory, self.of.record.stop.first, w)), I64)
        with s.b.if_then(s.b.icmp_signed("!=", ahead, self.stop_at(w))):
            s.b.store(ahead, s.at(self.stop, (w, 1)))
            self.read_inputs(w, lane, ahead)
            row = s.b.add(s.b.mul(lane, self.columns), column)
            row = s.b.add(s.b.mul(row, self.stops), ahead)
            s.gather(self.memory, u.first, u.size, w, s.at(self.given["d_u"], (row, u.size)))

    def clear_inputs(self, lane: Word) -> None:
        """Write that nothing is pulled on a lane's inputs: some stops may never have been ahead."""
        s = self.s
        width = s.b.mul(self.stops, s.number(self.of.pulled.u.size))
        with s.each(width) as k:
            s.b.store(ir.Constant(F64, 0), s.at(self.given["on_u"], (lane, width), (k, 1)))

    def deliver_inputs(self, w: Word) -> None:
        """Write what was gathered on the inputs to the stop that is left behind, and begin anew."""
        s, u, lane, stop = self.s, self.of.pulled.u, self.lane_at(w), self.stop_at(w)
        with s.b.if_then(s.b.icmp_signed(">=", stop, s.number(0))):
            row = s.b.add(s.b.mul(lane, self.stops), stop)
            s.scatter(self.memory, u.first, u.size, w, s.at(self.given["on_u"], (row, u.size)))
            with s.each(u.size) as k:
                s.b.store(ir.Constant(F64, 0), s.cell(self.memory, s.b.add(k, s.number(u.first)), w))


def _forward(way: _Way) -> None:
    s, loops = way.s, way.loops
    waiting, going = s.variable(loops.lanes), s.variable(1)
    way.fill(s.number(0), _in_order, way.board)
    with s.while_(lambda: s.b.icmp_signed(">", s.b.load(going), s.number(0))):
        way.call("step")
        s.b.store(s.number(0), going)
        with s.each(loops.lanes) as w, s.b.if_then(way.is_open(w)):
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


def _record(way: _Way) -> None:
    _over_blocks(way, _in_order, way.board, lambda: way.travel(way.given["journal"], way.lane_at, keep=True))


def _unwind(way: _Way) -> None:
    _over_blocks(way, _in_order, way.board_for_return, lambda: way.unwind(way.given["journal"], way.lane_at))


def _tangents(way: _Way) -> None:
    """Every lane by itself: its columns are what a block holds."""
    s, width = way.s, way.loops.lanes
    with s.each(way.lanes) as lane:
        with s.each(width) as w:
            way.board_for_return(w, lane)
        blocks = s.b.sdiv(s.b.add(way.columns, s.number(width - 1)), s.number(width))
        with s.each(blocks) as block:
            way.carry_columns(lane, s.b.mul(block, s.number(width)))


def _rerun(way: _Way) -> None:
    s, loops = way.s, way.loops
    malloc = ir.Function(loops.module, ir.FunctionType(FLOATS, [I64]), "malloc")
    free = ir.Function(loops.module, ir.FunctionType(ir.VoidType(), [FLOATS]), "free")
    journal = s.b.call(malloc, [s.number(8 * loops.lanes * loops.journal)])

    def body() -> None:
        way.travel(journal, lambda w: w, keep=False)
        way.unwind(journal, lambda w: w)

    _over_blocks(way, lambda place: s.b.load(s.at(way.given["order"], (place, 1))), way.board, body)
    s.b.call(free, [journal])


def _in_order(place: Word) -> Word:
    return place


def _over_blocks(
    way: _Way, lane_of: Callable[[Word], Word], board: Callable[[Word, Word], None], body: Callable[[], None]
) -> None:
    s, width = way.s, way.loops.lanes
    blocks = s.b.sdiv(s.b.add(way.lanes, s.number(width - 1)), s.number(width))
    with s.each(blocks) as block:
        way.fill(s.b.mul(block, s.number(width)), lane_of, board)
        body()


BODIES: dict[str, Callable[[_Way], None]] = {
    "forward": _forward,
    "record": _record,
    "tangents": _tangents,
    "unwind": _unwind,
    "rerun": _rerun,
}
