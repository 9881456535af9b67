"""A loop being written: a block's memory, which lane each of its places carries, and where the arrays are."""

from collections.abc import Callable, Sequence
from math import prod

from llvmlite import ir

from ..lanes import RUNNING, STEP_LIMIT
from .block import Block
from .script import Script, Word
from .vector_math import F64, I64


class Way:
    """A function being written: a block's memory, which lane each of its places carries, and the arrays given."""

    def __init__(
        self, module: ir.Module, block: Block, s: Script, sizes: Sequence[Word], given: dict[str, Word]
    ) -> None:
        self.module, self.block, self.s, self.given = module, block, s, given
        self.lanes, self.stops, self.columns = sizes
        self.of = block.fields
        self.memory = s.array(F64, block.rows * s.lanes, align=8 * s.lanes)
        self.lane = s.array(I64, s.lanes)
        self.stop = s.array(I64, s.lanes)
        self.tried = s.array(I64, s.lanes)
        self.open = s.array(I64, s.lanes)
        with s.each(block.rows * s.lanes) as k:
            s.b.store(ir.Constant(F64, 0), s.at(self.memory, (k, 1)))

    def cell(self, field: str, w: Word) -> Word:
        """Return a pointer to a lane's place in the first row of a field of `place` or `ahead`."""
        holder = self.of.place if hasattr(self.of.place, field) else self.of.ahead
        return self.s.cell(self.memory, getattr(holder, field).first, w)

    def lane_at(self, w: Word) -> Word:
        """Return the number of the lane at w."""
        return self.s.b.load(self.s.at(self.lane, (w, 1)))

    def stop_at(self, w: Word) -> Word:
        """Return the number of the stop ahead of the lane at w."""
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
        """Let nothing more happen at w."""
        self.s.b.store(self.s.number(0), self.s.at(self.open, (w, 1)))

    def running(self, w: Word) -> Word:
        """Return whether the lane at w has neither arrived nor failed."""
        return self.s.b.fcmp_ordered("==", self.s.b.load(self.cell("status", w)), ir.Constant(F64, RUNNING))

    def holds(self, row: int, w: Word) -> Word:
        """Return whether a truth value in a row holds."""
        return self.s.b.fcmp_ordered("!=", self.s.b.load(self.s.cell(self.memory, row, w)), ir.Constant(F64, 0))

    def row(self, lane: Word, stop: Word) -> Word:
        """Return the place of a lane's stop among all stops of all lanes."""
        return self.s.b.add(self.s.b.mul(lane, self.stops), stop)

    def recorded_stop(self, w: Word) -> Word:
        """Return the number of the stop that was ahead when the step of the record was taken."""
        return self.s.b.fptosi(self.s.b.load(self.s.cell(self.memory, self.of.record.stop.first, w)), I64)

    def read_numbers(self, w: Word, lane: Word) -> None:
        """Read a lane's numbers."""
        numbers = self.of.numbers
        self.s.gather(
            self.memory, numbers.first, numbers.size, w, self.s.at(self.given["numbers"], (lane, numbers.size))
        )

    def read_inputs(self, w: Word, lane: Word, stop: Word) -> None:
        """Read a lane's inputs on the way to a stop."""
        u = self.of.u
        row = self.row(lane, stop)
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
        for row, value in self.block.at_departure:
            s.b.store(ir.Constant(F64, value), s.cell(self.memory, row, w))
        s.b.store(s.number(0), self.tried_at(w))
        self.read_numbers(w, lane)
        self.aim(w, lane, s.number(0))

    def call(self, piece: str) -> None:
        """Let a piece of the block do its work on the memory."""
        self.s.b.call(self.module.globals[piece], [self.memory])

    def journal_of(self, base: Word, place: Word, step: Word) -> Word:
        """Return a pointer to a step in the journal at `place`."""
        return self.s.at(base, (place, self.journal), (step, len(self.block.record)))

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
        """Write the lane's states as those at a stop."""
        y = self.of.place.y
        row = self.row(lane, stop)
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
        with s.each(self.s.lanes) as w:
            place = s.b.add(first, w)
            inside = s.b.icmp_signed("<", place, self.lanes)
            last = s.b.sub(self.lanes, s.number(1))
            board(w, lane_of(s.b.select(inside, place, last)))  # numbers of a true lane, lest steps go astray
            with s.b.if_then(s.b.not_(inside)):
                s.b.store(s.number(-1), s.at(self.lane, (w, 1)))
                self.close(w)

    def stopped(self, w: Word) -> Word:
        """Return whether the lane at w has come to its end, or to its step limit."""
        at_limit = self.s.b.icmp_signed(">=", self.s.b.load(self.tried_at(w)), self.s.number(self.most_steps))
        return self.s.b.or_(at_limit, self.s.b.not_(self.running(w)))

    @property
    def most_steps(self) -> int:
        """The most steps of a lane."""
        return self.block.problem.tolerance.max_steps

    @property
    def journal(self) -> int:
        """Floats that a lane's journal has room for."""
        return prod(self.block.journal)
