"""Back through the recorded steps of a block: what a gradient gathers on its way."""

from collections.abc import Callable

from llvmlite import ir

from .script import Word
from .vector_math import F64
from .way import Way


def board_for_return(way: Way, w: Word, lane: Word) -> None:
    """Let a lane start its way back at place w."""
    s = way.s
    s.b.store(lane, s.at(way.lane, (w, 1)))
    s.b.store(s.b.load(s.at(way.given["taken"], (lane, 1))), way.tried_at(w))
    way.read_numbers(w, lane)
    way.read_inputs(w, lane, s.number(0))


def unwind(way: Way, journal: Word, place_of: Callable[[Word], Word]) -> None:
    """Go back through the steps of a block, and write what a gradient has gathered."""
    s, pulled = way.s, way.of.pulled
    first, after = pulled.y.first, pulled.u.first + pulled.u.size
    with s.each((after - first) * s.lanes) as k:
        s.b.store(ir.Constant(F64, 0), s.at(way.memory, (s.number(first), s.lanes), (k, 1)))
    longest = s.variable(0)
    with s.each(s.lanes) as w, s.b.if_then(way.has_lane(w)):
        s.b.store(s.number(-1), s.at(way.stop, (w, 1)))
        _clear_inputs(way, way.lane_at(w))
        tried = s.b.load(way.tried_at(w))
        longer = s.b.icmp_signed(">", tried, s.b.load(longest))
        s.b.store(s.b.select(longer, tried, s.b.load(longest)), longest)
    with s.each(s.b.load(longest)) as k:
        n = s.b.sub(s.b.sub(s.b.load(longest), k), s.number(1))
        with s.each(s.lanes) as w, s.b.if_then(way.has_lane(w)):
            _come_upon(way, w, n, journal, place_of(w))
        way.call("pull")
    with s.each(s.lanes) as w, s.b.if_then(way.has_lane(w)):
        _deliver_inputs(way, w)
        lane = way.lane_at(w)
        for name, field in (("on_y0", pulled.y), ("on_numbers", pulled.numbers)):
            s.scatter(way.memory, field.first, field.size, w, s.at(way.given[name], (lane, field.size)))


def _come_upon(way: Way, w: Word, n: Word, journal: Word, place: Word) -> None:
    """On the way back to step n: its record, the inputs then, and what is pulled on the states at its end.

    A lane of fewer steps waits at its last one, whose size is taken to be 0: nothing passes but what was there.
    """
    s, record, tried = way.s, way.block.record, way.s.b.load(way.tried_at(w))
    taken = s.b.icmp_signed("<", n, tried)
    n = s.b.select(taken, n, s.b.sub(tried, s.number(1)))
    s.gather(way.memory, record.start, len(record), w, way.journal_of(journal, place, n))
    with s.b.if_then(s.b.not_(taken)):
        for row in (way.of.record.h.first, way.of.record.arrived.first):
            s.b.store(ir.Constant(F64, 0), s.cell(way.memory, row, w))
    y, lane = way.of.pulled.y, way.lane_at(w)
    ahead = way.recorded_stop(w)
    with s.b.if_then(s.b.icmp_signed("!=", ahead, way.stop_at(w))):
        _deliver_inputs(way, w)
        s.b.store(ahead, s.at(way.stop, (w, 1)))
        way.read_inputs(w, lane, ahead)
    with s.b.if_then(way.holds(way.of.record.arrived.first, w)):
        row = way.row(lane, ahead)
        source = s.at(way.given["pull"], (row, y.size))
        with s.each(y.size) as k:
            cell = s.cell(way.memory, s.b.add(k, s.number(y.first)), w)
            s.b.store(s.b.fadd(s.b.load(cell), s.b.load(s.at(source, (k, 1)))), cell)


def _clear_inputs(way: Way, lane: Word) -> None:
    """Write that nothing is pulled on a lane's inputs: some stops may never have been ahead."""
    s = way.s
    width = s.b.mul(way.stops, s.number(way.of.pulled.u.size))
    with s.each(width) as k:
        s.b.store(ir.Constant(F64, 0), s.at(way.given["on_u"], (lane, width), (k, 1)))


def _deliver_inputs(way: Way, w: Word) -> None:
    """Write what was gathered on the inputs to the stop that is left behind, and begin anew."""
    s, u, lane, stop = way.s, way.of.pulled.u, way.lane_at(w), way.stop_at(w)
    with s.b.if_then(s.b.icmp_signed(">=", stop, s.number(0))):
        row = way.row(lane, stop)
        s.scatter(way.memory, u.first, u.size, w, s.at(way.given["on_u"], (row, u.size)))
        with s.each(u.size) as k:
            s.b.store(ir.Constant(F64, 0), s.cell(way.memory, s.b.add(k, s.number(u.first)), w))
