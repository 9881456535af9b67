"""The leak of no prescribed course: two_pore at rest, and able to follow an attack."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import Lane, courses, give
from scipy.optimize import least_squares

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.likelihood.pool import pool
from cls_infer.model import load_model
from cls_infer.model.prior import value
from cls_infer.physiology import leak_about, leak_drive, smooth_course

HOURS = (0.0, 1.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0)
RANDOM = {f"z_{k}": z for k, z in enumerate(np.random.default_rng(5).standard_normal(9), start=1)}


def test_without_a_swing_it_is_two_pore():
    therapy = [give("ringer", 2.0, 4.0, 1.0)]
    (free,) = courses("free_leak", [Lane(HOURS, {"m_L": 5.0, "swing": 0.0, **RANDOM}, therapy)])
    (constant,) = courses("two_pore", [Lane(HOURS, {"m_L": 5.0}, therapy)])
    assert free.status == constant.status == "ok"
    for state in constant.y:
        # the level is met to rounding; so are then the steps of the solver
        np.testing.assert_allclose(free.y[state], constant.y[state], rtol=1e-10, err_msg=state)


def test_a_level_of_health_keeps_health_whatever_the_swing():
    (course,) = courses("free_leak", [Lane(HOURS, {"m_L": 1.0, "swing": 2.0, **RANDOM})])
    for state in set(course.y) - {"U", "H"}:
        np.testing.assert_allclose(course.y[state], course.y[state][0], rtol=1e-12, err_msg=state)


ATTACK = {"M": 10.0, "t_0": 24.0, "D": 36.0, "w_on": 2.0, "t_off": 12.0, "e_p": 0.04, "w_corner": 2.0}
WINDOW = {"m_L": 10.0, "swing": 2.0, "g_peak": 1.2, "length": 12.0, "t_1": 8.0, "spacing": 12.0}
GRID = np.arange(-12.0, 133.0)


@pytest.fixture(scope="module")
def followed():
    """The attack's excess leak over its peak, that of the fitted curve, and the knots."""
    shape = {"prodrome_lead": 24.0, "prodrome_width": 2.0, "merge": 1.0, "w_corner": 2.0}
    E = np.asarray(jax.vmap(lambda t: leak_drive(t, 24.0, 36.0, 2.0, 12.0, 0.04, **shape))(GRID))

    def curve(z):
        knots = tuple(z[k] for k in range(9))
        w = WINDOW

        def at(t):
            course = smooth_course(t, knots, w["t_1"], w["spacing"], w["length"])
            return leak_about(w["m_L"], 100.0, w["swing"] * (course - w["g_peak"]))

        return (jax.vmap(at)(GRID) - 1) / (ATTACK["M"] - 1)

    # a reading error of 2 % of the peak against the knots' own prior
    residual = jax.jit(lambda z: jnp.concatenate([(curve(z) - E) / 0.02, z]))
    slope = jax.jit(jax.jacfwd(residual))
    z = least_squares(lambda z: np.asarray(residual(z)), np.zeros(9), jac=lambda z: np.asarray(slope(z))).x
    return E, np.asarray(curve(z)), z


def test_an_attack_is_followed_within_some_per_cent_of_its_peak(followed):
    E, found, z = followed
    far = np.abs(found - E)
    # as measured, a description of what knots 12 h apart can do: 2.6 % on the average and 4.8 % at most but
    # for the hours of the onset, whose rise within 4 h they cannot quite follow
    assert np.sqrt(np.mean(far**2)) < 0.03
    assert np.max(far[np.abs(GRID - ATTACK["t_0"]) > 6]) < 0.055
    assert np.max(far) < 0.10
    # the quiet before an attack is far out in the prior, 4.9 sd for the one knot there; the others are usual
    assert np.max(np.abs(z)) < 5 and np.sort(np.abs(z))[-2] < 2


def test_a_body_under_the_followed_attack_does_as_under_the_attack(followed):
    hours = np.arange(0.0, 145.0, 6.0)
    knots = {f"z_{k}": float(value) for k, value in enumerate(followed[2], start=1)}
    therapy = [give("ringer", 30.0, 48.0, 3.0)]
    (attack,) = courses("clarkson_episode", [Lane(hours, {**ATTACK, "intake_attack": 1.0}, therapy)])
    (free,) = courses("free_leak", [Lane(hours, {**WINDOW, **knots}, therapy)])
    assert attack.status == free.status == "ok"
    far = {name: np.max(np.abs(free.seen[name] - attack.seen[name])) for name in ("hematocrit", "albumin")}
    # as measured 0.013 and 1.4 g/L, before the onset where the prodrome is missing; the noise of one measurement
    # is 0.01 and 1.5 g/L (physiology.md 12)
    assert far["hematocrit"] < 0.015 and far["albumin"] < 1.5, far


@pytest.fixture(scope="module")
def peaks():
    """The largest value of the prior's courses between first and last knot."""
    p = load_model("free_leak").reference()
    draws = np.random.default_rng(1).standard_normal((4000, 9))
    hours = np.arange(p.t_1, p.t_1 + 8 * p.spacing + 1.0)

    def peak(z):
        knots = tuple(z[k] for k in range(9))
        return jnp.max(jax.vmap(lambda t: smooth_course(t, knots, p.t_1, p.spacing, p.length))(hours))

    return np.asarray(jax.jit(jax.vmap(peak))(draws))


def test_the_usual_peak_is_the_level_that_the_cause_gives(peaks):
    """Half of the prior's courses peak above `m_L`, half below, at the usual length."""
    above = np.mean(peaks > load_model("free_leak").reference().g_peak)
    np.testing.assert_allclose(above, 0.5, atol=0.04)  # sampling 0.008, g_peak to one digit


def test_peaks_scatter_by_little_more_than_those_of_a_cause(peaks):
    """Log-sd 0.5 of an attack of Clarkson disease; the level itself adds nothing to the curve's own."""
    model = load_model("free_leak")
    level = model.parameters["m_L"].prior_of({"cause": "clarkson"})
    assert level.known
    swing = value(model.parameters["swing"].prior_of({}), np.random.default_rng(2).standard_normal(len(peaks)))
    p = model.reference()
    usual = float(value(level, 0.0))
    excess = jax.vmap(lambda s: leak_about(usual, p.m_max, s) - 1)(swing * (peaks - p.g_peak))
    assert 0.5 < np.std(np.log(np.asarray(excess))) < 0.75


def test_the_window_follows_the_charted_onset():
    window = load_model("free_leak").parameters["t_1"]
    assert window.prior_of({"onset": 40.0}).mean == 24.0
    assert window.prior_of({}).mean == 0.0 and window.prior_of({}).known


def window_of(patient, **fixed):
    """Return the first knot, the spacing and the length of a patient's fit."""
    pooling = pool(load_model("free_leak"), Cohort("one", (patient,), ""), fixed=fixed)
    values, _ = pooling.values(pooling.coordinates(np.zeros(pooling.dimension)))
    found = {slot.name: float(value[0]) for slot, value in zip(pooling.parameters, values, strict=True)}
    return tuple({**pooling.held, **found}[name] for name in ("t_1", "spacing", "length"))


def test_the_last_knot_lies_at_the_last_measurement():
    chart = tuple(Measurement(t, "albumin", 30.0, 1) for t in (0.0, 96.0))
    patient = Patient("P1", {"onset": -24.0, "onset_gsd": 1.6}, chart, ())
    np.testing.assert_allclose(window_of(patient), (-40.0, 17.0, 14 / 12 * 17), rtol=1e-12)
    assert -40.0 + 8 * 17.0 == 96.0
    # held by the user: the length follows the spacing, unless it is held too
    np.testing.assert_allclose(window_of(patient, spacing=12.0), (-40.0, 12.0, 14.0), rtol=1e-12)
    assert window_of(patient, spacing=12.0, length=20.0) == (-40.0, 12.0, 20.0)


def test_knots_come_no_closer_than_half_a_day():
    short = Patient("P1", {}, (Measurement(24.0, "albumin", 30.0, 1),), ())
    np.testing.assert_allclose(window_of(short), (0.0, 12.0, 14.0), rtol=1e-12)
    assert load_model("free_leak").parameters["spacing"].prior_of({}).mean == 12.0


def test_water_and_protein_balance():
    changes = {"m_L": 4.0, "swing": 1.5, **RANDOM, "k_deg_A": 0.0, "k_deg_G": 0.0}
    therapy = [give("ringer", 1.0, 5.0, 1.2), give("albumin_20", 5.0, 12.0, 0.1)]
    hours = np.array(HOURS)
    (course,) = courses("free_leak", [Lane(hours, changes, therapy)])
    y = course.y
    given = 1.2 * np.clip((hours - 1) / 4, 0, 1) + 0.1 * np.clip((hours - 5) / 7, 0, 1)
    # one-step methods keep what is linear in the states to rounding
    balance = y["V_p"] + y["V_i"] - 14.0 - given + y["U"] - 0.060 * hours
    np.testing.assert_allclose(balance, 0.0, atol=1e-9)
    protein = y["A_p"] + y["A_i"] - 200 * 0.1 * np.clip((hours - 5) / 7, 0, 1)
    np.testing.assert_allclose(protein, protein[0], rtol=1e-10)
