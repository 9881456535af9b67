"""Forward through the recorded steps of a lane: its tangents, as many columns at once as a block has places."""

from .script import Word
from .way import Way


def carry_columns(way: Way, lane: Word, first: Word) -> None:
    """Carry the columns first, first + 1, ... of a lane's tangent along its recorded steps."""
    s, carried = way.s, way.of.carried

    def column(w: Word) -> Word:
        place, last = s.b.add(first, w), s.b.sub(way.columns, s.number(1))
        return s.b.select(s.b.icmp_signed("<", place, last), place, last)  # beyond the last: the last once more

    with s.each(s.lanes) as w:
        s.b.store(s.number(-1), s.at(way.stop, (w, 1)))
        for name, field in (("d_y0", carried.y), ("d_numbers", carried.numbers)):
            row = s.b.add(s.b.mul(lane, way.columns), column(w))
            s.gather(way.memory, field.first, field.size, w, s.at(way.given[name], (row, field.size)))
    with s.each(s.b.load(way.tried_at(s.number(0)))) as n:
        with s.each(s.lanes) as w:
            record = way.block.record
            step = way.journal_of(way.given["journal"], lane, n)
            s.gather(way.memory, record.start, len(record), w, step)
            _turn_to(way, w, lane, column(w))
        way.call("carry")
        with s.each(s.lanes) as w, s.b.if_then(way.holds(way.of.record.arrived.first, w)):
            row = s.b.add(s.b.mul(lane, way.columns), column(w))
            row = s.b.add(s.b.mul(row, way.stops), way.stop_at(w))
            target = s.at(way.given["d_states"], (row, carried.y.size))
            s.scatter(way.memory, carried.y.first, carried.y.size, w, target)


def _turn_to(way: Way, w: Word, lane: Word, column: Word) -> None:
    """Read the inputs to the recorded step's stop, and a column of their tangent, unless they are there."""
    s, u = way.s, way.of.carried.u
    ahead = way.recorded_stop(w)
    with s.b.if_then(s.b.icmp_signed("!=", ahead, way.stop_at(w))):
        s.b.store(ahead, s.at(way.stop, (w, 1)))
        way.read_inputs(w, lane, ahead)
        row = s.b.add(s.b.mul(lane, way.columns), column)
        row = s.b.add(s.b.mul(row, way.stops), ahead)
        s.gather(way.memory, u.first, u.size, w, s.at(way.given["d_u"], (row, u.size)))
