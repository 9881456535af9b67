"""A therapy that is changed at an hour: before it the chart, after it the other, and nothing twice."""

import numpy as np

from cls_infer.cohort.records import Event
from cls_infer.physiology.inputs import REST, Inputs
from cls_infer.solve.route import changed_route, route_of

WATER, DRINKING = Inputs._fields.index("water"), Inputs._fields.index("intake")
TIMES = (0.0, 4.0, 8.0, 12.0)


def given(route, channel, amounts=()):
    """What comes in between 0 and each of TIMES [time]."""
    hours = np.diff(np.concatenate([[float(route.start)], route.stops]))
    rate = route.forcing.charted[:, channel] + np.einsum(
        "e,se->s", np.asarray(amounts, float), route.forcing.share[:, :, channel]
    )
    total = np.cumsum(rate * hours)
    return [total[np.searchsorted(route.stops, time)] for time in TIMES]


def test_the_same_therapy_is_the_same_route():
    events = (Event("ringer", 1.0, 9.0, 2.0, 2), Event("ringer", 2.0, 10.0, None, 3, median=1.0, gsd=2.0))
    plain = route_of(0.0, TIMES, events, slots=1)
    again = changed_route(0.0, TIMES, events, events, since=4.0, slots=1)
    np.testing.assert_array_equal(again.stops, plain.stops)
    np.testing.assert_array_equal(again.forcing.charted, plain.forcing.charted)
    np.testing.assert_array_equal(again.forcing.share, plain.forcing.share)


def test_what_runs_across_the_hour_is_cut_and_the_other_begins():
    route = changed_route(
        0.0, TIMES, (Event("ringer", 0.0, 8.0, 4.0, 2),), (Event("ringer", 6.0, 10.0, 1.0, 2),), since=5.0, slots=0
    )
    np.testing.assert_allclose(given(route, WATER), [0, 2.0, 2.5 + 0.5, 2.5 + 1.0])


def test_a_bolus_at_the_hour_is_of_the_new_therapy():
    bolus = Event("ringer", 4.0, 4.0, 0.5, 2)
    assert given(changed_route(0.0, TIMES, (bolus,), (), since=4.0, slots=0), WATER)[-1] == 0
    np.testing.assert_allclose(given(changed_route(0.0, TIMES, (), (bolus,), since=4.0, slots=0), WATER)[-1], 0.5)


def test_a_level_goes_back_to_rest():
    fasting = (Event("oral_intake", 0.0, 12.0, 0.0, 2),)
    route = changed_route(0.0, TIMES, fasting, (), since=8.0, slots=0)
    assert [round(x, 9) for x in given(route, DRINKING)] == [0, 0, 0, 4 * REST.intake]


def test_an_unknown_amount_keeps_its_place():
    first, second = (Event("ringer", 0.0, 12.0, None, row, median=1.0, gsd=2.0) for row in (2, 3))
    route = changed_route(0.0, TIMES, (first, second), (second,), since=4.0, slots=2)
    np.testing.assert_allclose(given(route, WATER, amounts=(3.0, 6.0)), [0, 1 + 2, 1 + 4, 1 + 6])
