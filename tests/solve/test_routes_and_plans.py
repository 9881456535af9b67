"""From a chart to routes and places: breakpoints, levels, padding, windows, rows without use."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort import read_cohort
from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.model import Model, Observable, Parameter, State, fixed, load_model, normal_noise
from cls_infer.physiology.inputs import REST
from cls_infer.solve.lanes import Tolerance
from cls_infer.solve.plan import plan, start_of
from cls_infer.solve.predict import predictor
from cls_infer.solve.route import CHANNELS, SHORTEST, route_of, stack_routes, uncharted
from cls_infer.solve.states import forward_solver, pointwise, reverse_solver
from cls_infer.solve.system import System

DATA = Path(__file__).parents[2] / "data"


def give(item, start, end, amount=None, **rest):
    return Event(item, start, end, amount, row=rest.pop("row", 1), **rest)


def inputs_during(route, time):
    """Charted inputs by channel at a time [h]."""
    stop = int(np.searchsorted(route.stops, time))
    return dict(zip(CHANNELS, route.forcing.charted[stop], strict=True))


def given_in_all(route, channel):
    lengths = np.diff(np.concatenate([[route.start], route.stops]))
    return float(lengths @ route.forcing.charted[:, CHANNELS.index(channel)])


def test_a_route_stops_at_times_and_breakpoints_in_order():
    route = route_of(0.0, [5.0, 1.0], [give("ringer", 2.0, 3.0, 1.0)], slots=0)
    assert route.stops.tolist() == [1.0, 2.0, 3.0, 5.0]


def test_a_volume_is_spread_evenly_and_given_completely():
    route = route_of(0.0, [10.0], [give("albumin_20", 2.0, 4.0, 0.5)], slots=0)
    assert inputs_during(route, 3.0)["water"] == 0.25
    assert inputs_during(route, 3.0)["albumin"] == 50.0
    assert inputs_during(route, 1.0) == inputs_during(route, 9.0) == REST._asdict()
    assert given_in_all(route, "water") == pytest.approx(0.5)
    assert given_in_all(route, "albumin") == pytest.approx(100.0)


def test_volumes_at_the_same_time_add_up():
    both = [give("ringer", 0.0, 4.0, 2.0), give("saline_0.9", 2.0, 3.0, 1.0)]
    route = route_of(0.0, [6.0], both, slots=0)
    assert inputs_during(route, 2.5)["water"] == 1.5
    assert given_in_all(route, "water") == pytest.approx(3.0)


def test_what_is_given_at_one_instant_arrives_completely():
    route = route_of(0.0, [6.0], [give("ringer", 2.0, 2.0, 0.5)], slots=0)
    assert given_in_all(route, "water") == pytest.approx(0.5)
    assert inputs_during(route, 2.0 + SHORTEST / 2)["water"] == pytest.approx(0.5 / SHORTEST)


def test_a_level_takes_the_place_of_the_value_at_rest():
    route = route_of(0.0, [6.0], [give("oral_intake", 1.0, 3.0, 0.2)], slots=0)
    assert inputs_during(route, 2.0)["intake"] == pytest.approx(0.2)
    assert inputs_during(route, 0.5)["intake"] == inputs_during(route, 5.0)["intake"] == 1.0


def test_nil_by_mouth_is_nothing_drunk():
    route = route_of(0.0, [6.0], [give("oral_intake", 0.0, 9.0, 0.0)], slots=0)
    assert inputs_during(route, 3.0)["intake"] == 0.0


def test_an_uncharted_level_leaves_its_place_empty():
    route = route_of(0.0, [6.0], [give("oral_intake", 1.0, 3.0, low=0.0, high=1.0)], slots=1)
    stop = int(np.searchsorted(route.stops, 2.0))
    assert inputs_during(route, 2.0)["intake"] == 0.0
    assert route.forcing.share[stop, 0, CHANNELS.index("intake")] == 1.0
    assert np.count_nonzero(route.forcing.share) == 1


def test_uncharted_amounts_take_their_slots_in_order():
    therapy = [
        give("ringer", 0.0, 1.0, median=1.0, gsd=2.0),
        give("ringer", 1.0, 2.0, 0.3),
        give("bleeding", 2.0, 4.0, low=0.0, high=1.0),
    ]
    assert [event.item for event in uncharted(therapy)] == ["ringer", "bleeding"]
    route = route_of(0.0, [5.0], therapy, slots=3)
    water, bleeding = CHANNELS.index("water"), CHANNELS.index("bleeding")
    assert route.forcing.share[:, 0, water].max() == 1.0
    assert route.forcing.share[:, 1, bleeding].max() == 0.5
    assert not route.forcing.share[:, 2].any()


def test_times_before_the_start_and_therapy_after_the_last_time_are_left_out():
    route = route_of(2.0, [1.0, 2.0, 6.0], [give("ringer", 7.0, 9.0, 1.0)], slots=0)
    assert route.stops.tolist() == [2.0, 6.0]


def test_short_routes_rest_at_their_last_stop():
    short, long = route_of(0.0, [4.0], [], slots=1), route_of(0.0, [1.0, 2.0, 3.0], [], slots=1)
    stacked = stack_routes([short, long])
    assert stacked.stops.tolist() == [[4.0, 4.0, 4.0], [1.0, 2.0, 3.0]]
    assert stacked.forcing.share.shape == (2, 3, 1, len(CHANNELS))


def measured(time, variable, value=1.0, **rest):
    return Measurement(time, variable, value, row=rest.pop("row", 1), **rest)


def cohort(*patients):
    return Cohort("test", patients, "0" * 64)


def times_along(laid_out):
    """The times [stop + 1] of the first patient's places."""
    return np.append(laid_out.route.start[0], laid_out.route.stops[0])


@pytest.fixture(scope="module")
def episode():
    return load_model("clarkson_episode")


def test_the_start_lies_before_the_onset_and_before_any_therapy(episode):
    patient = Patient("P1", {"onset": 10.0, "onset_sd": 2.0}, (), ())
    assert start_of(episode, patient) == 10.0 - 8.0 - 36.0
    treated = Patient("P2", {"onset": 10.0, "onset_sd": 2.0}, (), (give("ringer", -50.0, -48.0, 1.0),))
    assert start_of(episode, treated) == -50.0
    early = Patient("P3", {"onset": -20.0, "onset_gsd": 1.5}, (), ())
    assert start_of(episode, early) == pytest.approx(-20.0 * 1.5**4 - 36.0)


@pytest.mark.parametrize(
    ("model", "covariates", "start"),
    [
        ("clarkson_episode", {"onset": 10.0}, 10.0 - 4 * 6.0 - 36.0),
        ("clarkson_episode", {}, -4 * 6.0 - 36.0),
        ("sodium_episode", {"onset": 10.0}, 10.0 - 4 * 6.0 - 36.0),
        ("tagraxofusp", {}, 96.0 - 4 * 24.0 - 96.0),  # day 4 of dosing give or take a day
        ("tagraxofusp", {"onset": 130.0}, 130.0 - 4 * 24.0 - 96.0),
        ("burn", {"onset": 5.0}, 5.0 - 4 * 0.25 - 1.0),  # an accident's hour is known to a quarter of one
        ("free_leak", {"onset": 40.0}, 24.0),  # in health until its first knot
        ("free_leak", {"onset": -24.0, "onset_gsd": 1.6}, -40.0),
    ],
)
def test_the_start_follows_the_models_own_prior_of_the_onset(model, covariates, start):
    assert start_of(load_model(model), Patient("P1", covariates, (), ())) == pytest.approx(start)


def test_a_model_that_begins_nowhere_starts_at_zero():
    assert start_of(load_model("two_pore"), Patient("P1", {"onset": 10.0}, (), ())) == 0.0


def test_a_baseline_long_before_the_start_is_health(episode):
    patient = Patient("P1", {}, (measured(-500.0, "hematocrit", 0.42), measured(5.0, "hematocrit", 0.5)), ())
    laid_out = plan(episode, cohort(patient))
    assert laid_out.chart.stop.tolist() == [[[0, 0, 0], [1, 1, 1]]]
    assert laid_out.route.stops.tolist() == [[5.0]]


def test_a_baseline_alone_needs_no_journey(episode):
    laid_out = plan(episode, cohort(Patient("P1", {}, (measured(-500.0, "hematocrit", 0.42),), ())))
    assert laid_out.chart.stop.tolist() == [[[0, 0, 0]]]
    assert laid_out.route.stops.tolist() == [[laid_out.route.start[0]]]


def test_patients_are_padded_to_the_longest_chart(episode):
    one = Patient("P1", {}, (measured(1.0, "albumin"),), ())
    three = Patient("P2", {}, tuple(measured(t, "albumin") for t in (1.0, 2.0, 3.0)), ())
    chart = plan(episode, cohort(one, three)).chart
    assert chart.mask.tolist() == [[True, False, False], [True, True, True]]
    assert chart.value.shape == (2, 3)
    assert chart.stop.shape == chart.since.shape == (2, 3, 3)  # three nodes an observation


def test_every_measurement_is_placed_at_its_own_time(episode):
    rows = tuple(measured(t, "albumin", row=i) for i, t in enumerate((3.0, 1.0, 2.0, 2.0)))
    laid_out = plan(episode, cohort(Patient("P1", {}, rows, (give("ringer", 0.5, 1.5, 1.0),))))
    assert times_along(laid_out)[laid_out.chart.stop[0]].tolist() == [[t] * 3 for t in (3.0, 1.0, 2.0, 2.0)]
    assert laid_out.chart.row.tolist() == [[0, 1, 2, 3]]


def test_an_uncertain_time_has_a_place_at_each_of_its_nodes(episode):
    laid_out = plan(episode, cohort(Patient("P1", {}, (measured(30.0, "albumin", time_sd=6.93),), ())))
    assert times_along(laid_out)[laid_out.chart.stop[0, 0]].tolist() == [30.0, 18.0, 42.0]
    assert laid_out.chart.since.tolist() == [[[-1, -1, -1]]]


def test_a_node_before_the_start_is_health():
    rows = (measured(6.0, "hematocrit", time_sd=6.93),)
    laid_out = plan(load_model("volume_kinetics"), cohort(Patient("P1", {}, rows, ())))
    assert laid_out.chart.stop.tolist() == [[[1, 0, 2]]]
    assert laid_out.route.stops.tolist() == [[6.0, 18.0]]


def test_an_uncertain_window_is_shifted_as_a_whole(episode):
    rows = (measured(48.0, "urine", 6.0, window=24.0, time_sd=6.93),)
    laid_out = plan(episode, cohort(Patient("P1", {}, rows, ())))
    stops = times_along(laid_out)
    assert stops[laid_out.chart.stop[0, 0]].tolist() == [48.0, 36.0, 60.0]
    assert stops[laid_out.chart.since[0, 0]].tolist() == [24.0, 12.0, 36.0]


def test_neighbouring_coarse_days_share_their_stops(episode):
    laid_out = plan(episode, read_cohort(DATA / "clarkson_a"))
    days = [12.0 * n for n in range(1, 10)]
    assert laid_out.route.stops.tolist() == [[-1.73, 0.0, 1.73, *days]]  # give or take an hour at the first sample


def test_urine_collected_over_a_window_has_a_place_where_it_began(episode):
    rows = (measured(12.0, "urine", 0.3, window=6.0), measured(12.0, "albumin", 40.0, window=6.0))
    laid_out = plan(episode, cohort(Patient("P1", {}, rows, ())))
    assert times_along(laid_out)[laid_out.chart.since[0, 0]].tolist() == [6.0] * 3
    assert laid_out.chart.since[0, 1].tolist() == [-1] * 3  # a concentration is not collected


def test_rows_of_no_use_are_listed_with_the_reason():
    model = load_model("volume_kinetics")
    rows = (measured(1.0, "hematocrit", 0.4, row=3), measured(1.0, "albumin", 40.0, row=4))
    therapy = (give("ringer", 0.0, 1.0, 1.0, row=5), give("norepinephrine", 0.0, 1.0, 0.1, row=6))
    laid_out = plan(model, cohort(Patient("P1", {}, rows, therapy)))
    assert [(u.patient, u.row, u.what) for u in laid_out.unused] == [
        ("P1", 4, "albumin"),
        ("P1", 6, "norepinephrine"),
    ]
    assert laid_out.chart.value.shape == (1, 1)


def test_slots_count_the_usable_uncharted_amounts_of_the_richest_patient():
    model = load_model("volume_kinetics")
    unknown = give("ringer", 0.0, 1.0, median=1.0, gsd=1.5)
    idle = give("norepinephrine", 0.0, 1.0, low=0.0, high=1.0)
    rows = (measured(2.0, "hematocrit", 0.4),)
    one, two = Patient("P1", {}, rows, (unknown, idle)), Patient("P2", {}, rows, (unknown, unknown))
    assert plan(model, cohort(one, two)).slots == 2


@pytest.fixture(scope="module")
def urine_of_two():
    """Predictions of two patients of unlike charts, by both solvers."""
    model = load_model("volume_kinetics")
    reference = {name: float(v) for name, v in model.reference()._asdict().items()}
    system = System(model, ("k_10",), {n: v for n, v in reference.items() if n != "k_10"})
    rows = (
        measured(-3.0, "hematocrit", 0.42),
        measured(2.0, "urine", 0.1, window=1.5),
        measured(4.0, "urine", 0.4, window=4.0),
        measured(4.0, "hematocrit", 0.4),
    )
    patients = [
        Patient("P1", {}, rows, (give("ringer", 0.0, 1.0, 1.5),)),
        Patient(
            "P2",
            {},
            (measured(2.0, "urine", 0.1), measured(0.5, "urine", 0.1)),
            (give("ringer", 0.0, 1.0, 1.5),),
        ),
    ]
    laid_out = plan(model, cohort(*patients))
    found = {}
    for kind, make in (("reverse", reverse_solver), ("forward", forward_solver)):
        predict = predictor(system, make(system.rhs, system.floor, Tolerance(rtol=1e-9, atol=1e-11)), jax.vmap)
        found[kind] = jax.jit(predict)((jnp.array([0.5, 0.5]),), jnp.zeros((2, 0)), laid_out.route, laid_out.chart)
    return found


def test_a_collected_volume_is_the_difference_over_its_window(urine_of_two):
    mean = urine_of_two["reverse"].mean
    since_start = mean[1, :2]  # U at 2 h and at 0.5 h
    np.testing.assert_allclose(mean[0, 1], since_start[0] - since_start[1], rtol=1e-9)
    assert mean[0, 2] > mean[0, 1] > 0


def test_a_baseline_is_predicted_as_health(urine_of_two):
    assert float(urine_of_two["reverse"].mean[0, 0]) == 0.42
    assert float(urine_of_two["reverse"].time_variance[0, 0]) == 0.0


def test_both_solvers_predict_the_same(urine_of_two):
    for a, b in zip(urine_of_two["reverse"], urine_of_two["forward"], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def predictions(model, rows, free, value):
    """Predictions of one patient's rows after Ringer, exactly solved."""
    reference = {name: float(v) for name, v in model.reference()._asdict().items()}
    system = System(model, (free,), {n: v for n, v in reference.items() if n != free})
    laid_out = plan(model, cohort(Patient("P1", {}, rows, (give("ringer", 0.0, 1.0, 1.5),))))
    solve = reverse_solver(system.rhs, system.floor, Tolerance(rtol=1e-11, atol=1e-13))
    predict = predictor(system, solve, pointwise)
    return predict((jnp.array([value]),), jnp.zeros((1, 0)), laid_out.route, laid_out.chart)


def test_an_uncertain_time_has_the_moments_of_the_predictions_at_its_nodes():
    nodes = [measured(t, v) for v in ("hematocrit", "urine") for t in (2.0, 1.5, 2.5)]
    uncertain = [measured(2.0, v, time_sd=0.5 / np.sqrt(3)) for v in ("hematocrit", "urine")]
    found = predictions(load_model("volume_kinetics"), (*nodes, *uncertain), "k_10", 0.5)
    at_nodes = np.asarray(found.mean)[0, :6].reshape(2, 3)
    np.testing.assert_allclose(found.mean[0, 6:], at_nodes @ [2 / 3, 1 / 6, 1 / 6], rtol=1e-12)
    for variance, three in zip(found.time_variance[0, 6:], at_nodes, strict=True):
        np.testing.assert_allclose(variance, np.cov(three, aweights=[4, 1, 1], ddof=0), rtol=1e-9)


def steady(rate):
    """Urine at a constant rate."""
    return Model(
        "Urine at a constant rate.",
        parameters={"rate": Parameter("L/h", fixed(rate), "a test")},
        states={"U": State("L", lambda p, h: 0.0)},
        health=lambda p: (),
        flows=lambda t, y, p, h, u: y,
        rates=lambda f, y, p, h, u: {"U": p.rate},
        observables={"urine": Observable("L", lambda f: f.U, normal_noise(0.1), accumulates=True)},
    )


def test_a_constant_rate_collects_the_same_volume_whenever_the_window_was():
    rate, offset = 0.1, 3.0
    time_sd = offset / np.sqrt(3)
    rows = (measured(9.0, "urine", window=6.0, time_sd=time_sd), measured(9.0, "urine", time_sd=time_sd))
    found = predictions(steady(rate), rows, "rate", rate)
    np.testing.assert_allclose(found.mean, [[6 * rate, 9 * rate]], rtol=1e-12)
    # what ran on from the start is a straight line in time; the window is not widened, but for rounding
    np.testing.assert_allclose(found.time_variance, [[0.0, (rate * time_sd) ** 2]], rtol=1e-12, atol=1e-25)


def test_a_node_before_the_start_is_predicted_as_health():
    rate, offset = 0.1, 3.0
    found = predictions(steady(rate), (measured(2.0, "urine", time_sd=offset / np.sqrt(3)),), "rate", rate)
    at_nodes = rate * np.array([2.0, 0.0, 5.0])
    np.testing.assert_allclose(found.mean, [[at_nodes @ [2 / 3, 1 / 6, 1 / 6]]], rtol=1e-12)
