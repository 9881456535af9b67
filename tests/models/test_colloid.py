"""Dextran and starch in the two-pore body: limits, balances, how pores sieve them, and published expansions."""

import jax
import numpy as np
import pytest
from courses import Lane, courses, give

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.colloids import COLLOIDS
from cls_infer.likelihood.pool import pool
from cls_infer.model import load_model, values_of_colloid
from cls_infer.physiology import (
    permeability_per_conductance,
    reflection_coefficient,
    tracer_flux,
)
from cls_infer.physiology.inputs import REST
from cls_infer.solve.plan import plan

MODEL = load_model("colloid")
NIL_BY_MOUTH = give("oral_intake", 0.0, 1000.0, 0.0)
HOURS = np.array([0.0, 1.0, 3.0, 6.0, 12.0, 24.0, 48.0])
TIGHT = 1e-10  # one-step methods keep what is linear in the states to rounding
RT = 62.364 * 310.15  # mmHg L/mol
WATER = ("V_p", "V_i", "V_r", "U")


def test_without_a_colloid_it_is_the_two_pore_body():
    therapy = [give("ringer", 0.0, 1.0, 1.5), give("albumin_20", 1.0, 2.0, 0.2), give("bleeding", 3.0, 4.0, 0.4)]
    (without,) = courses("colloid", [Lane(HOURS, {"m_L": 8.0}, therapy)])
    (body,) = courses("two_pore", [Lane(HOURS, {"m_L": 8.0}, therapy)])
    for state in body.y:
        # the same rates; three states at rest dilute the error norm, so that the steps differ at 1e-9 each
        np.testing.assert_allclose(without.y[state], body.y[state], rtol=1e-7, err_msg=state)
    for name in body.seen:
        np.testing.assert_allclose(without.seen[name], body.seen[name], rtol=1e-6, atol=1e-9, err_msg=name)
    assert not np.any(without.y["X_p"]) and not np.any(without.y["X_i"]) and not np.any(without.y["X_out"])


@pytest.fixture(scope="module")
def leaking():
    """A leak under dextran 70, without and with bleeding."""
    therapy = [give("dextran_70", 1.0, 3.0, 0.5), give("ringer", 6.0, 12.0, 1.0)]
    changes = {"m_L": 8.0, **values_of_colloid(MODEL, "dextran_70")}
    lanes = [Lane(HOURS, changes, therapy), Lane(HOURS, changes, [*therapy, give("bleeding", 3.0, 6.0, 0.5)])]
    return courses("colloid", lanes)


def test_the_colloid_given_is_in_plasma_in_the_interstitium_or_cleared(leaking):
    kept, bled = leaking
    given = 30.0 * np.clip((HOURS - 1) / 2, 0, 1)
    held = kept.y["X_p"] + kept.y["X_i"] + kept.y["X_out"]
    np.testing.assert_allclose(held, given, atol=30 * TIGHT)
    assert kept.y["X_i"][3] > 5.0 and kept.y["X_out"][-1] > 5.0  # both ways out are real
    lost = given - bled.y["X_p"] - bled.y["X_i"] - bled.y["X_out"]
    np.testing.assert_allclose(lost[:3], 0.0, atol=30 * TIGHT)
    # half a litre of blood held 0.2 to 0.3 L of plasma, its concentration between those at 3 and 6 h
    between = 0.5 * np.array([0.4, 0.6]) * np.sort(bled.seen["plasma_colloid"][2:4])
    assert between[0] < lost[3] < between[1]


def test_every_litre_is_accounted_for(leaking):
    kept, _ = leaking
    held = sum(kept.y[name] for name in WATER)
    given = 0.5 * np.clip((HOURS - 1) / 2, 0, 1) + np.clip((HOURS - 6) / 6, 0, 1)
    np.testing.assert_allclose(held - held[0], given + 0.060 * HOURS, atol=TIGHT * held[0])


def test_what_escaped_comes_back_with_lymph(leaking):
    """The interstitium gains what passes the wall and loses what lymph carries, as protein does."""
    p = MODEL.reference({"m_L": 8.0, **values_of_colloid(MODEL, "dextran_70")})
    h = MODEL.health(p)
    y = MODEL.initial(p, h)._replace(X_p=20.0, X_i=9.0)
    f = MODEL.flows(0.0, y, p, h, REST)
    rates = MODEL.rates(f, y, p, h, REST)
    by_lymph = f.body.circulation.J_lymph * 9.0 / (11.0 - h.loop.V_ex)
    np.testing.assert_allclose(float(rates["X_i"]), float(f.Js_X - by_lymph), rtol=1e-12)
    np.testing.assert_allclose(float(rates["X_p"] + rates["X_i"]), -0.05 * 20.0, rtol=1e-12)


@pytest.mark.parametrize("radius", [3.55, *(colloid.radius for colloid in COLLOIDS.values())])
def test_the_pores_sieve_it_by_its_radius(radius):
    p = MODEL.reference({"a_X": radius})
    sieve = MODEL.health(p).colloid
    for pore, sigma, PS in ((p.r_S, sieve.sigma_S, sieve.PS_S), (p.r_L, sieve.sigma_L, sieve.PS_L)):
        assert float(sigma) == float(reflection_coefficient(radius / pore))
        assert float(PS) == float(permeability_per_conductance(radius, pore, p.kT))
    if radius >= p.r_S:
        assert (float(sieve.sigma_S), float(sieve.PS_S)) == (1.0, 0.0)  # it does not enter the small pores


def test_a_trace_with_albumins_radius_is_an_albumin_tracer():
    """Without an oncotic pressure of its own it passes the wall as labelled albumin of the same concentrations does."""
    weightless = {"k1_X": 0.0, "k2_X": 0.0, "k3_X": 0.0}
    p = MODEL.reference({"m_L": 6.0, "a_X": 3.55, **weightless})
    h = MODEL.health(p)
    assert [float(v) for v in h.colloid] == [
        float(v) for v in (h.sieve.sigma_SA, h.sieve.sigma_LA, h.sieve.PS_SA, h.sieve.PS_LA)
    ]
    y = MODEL.initial(p, h)._replace(X_p=1e-6, X_i=2e-6)
    f = MODEL.flows(0.0, y, p, h, REST)
    expected = tracer_flux(f.body.wall, f.C_pX, f.C_iX, h.sieve)
    np.testing.assert_allclose(float(f.Js_X), float(expected), rtol=1e-12)
    np.testing.assert_allclose(float(f.TER_X), float(f.body.TER), rtol=1e-12)


def test_a_colloid_with_albumins_numbers_is_more_albumin():
    as_albumin = {"a_X": 3.55, "k1_X": 0.28, "k2_X": 0.0018, "k3_X": 1.2e-5, "k_X": 0.0040}
    leak = {"m_L": 5.0}
    # 18 g in 0.3 L, once as a colloid of 60 g/L, once as albumin 20 % with the rest of the water
    twin = [give("hes_130", 1.0, 2.0, 0.3)]
    albumin = [give("albumin_20", 1.0, 2.0, 0.09), give("ringer", 1.0, 2.0, 0.21)]
    (colloid,) = courses("colloid", [Lane(HOURS, {**leak, **as_albumin}, twin)])
    (body,) = courses("two_pore", [Lane(HOURS, leak, albumin)])
    for place in ("p", "i"):
        together = colloid.y[f"A_{place}"] + colloid.y[f"X_{place}"]
        np.testing.assert_allclose(together, body.y[f"A_{place}"], rtol=1e-7)
    for state in ("V_p", "V_i", "G_p", "G_i", "U"):
        # two error norms of 1e-9 a step
        np.testing.assert_allclose(colloid.y[state], body.y[state], rtol=1e-7, err_msg=state)
    pressure = "oncotic_pressure"
    np.testing.assert_allclose(colloid.seen[pressure], body.seen[pressure], rtol=1e-7)
    assert np.ptp(colloid.seen["colloid_pressure"]) > 1.0


# number average of molar mass [g/mol] and the pressure of the solution as sold [mmHg], low and high
SOLD = {"dextran_40": (23_500, 168, 191), "dextran_70": (39_600, 56, 68), "hes_130": (65_000, 36, 36)}


@pytest.mark.parametrize("name", COLLOIDS)
def test_a_solution_exerts_the_pressure_its_makers_state(name):
    molar_mass, low, high = SOLD[name]
    colloid = COLLOIDS[name]
    C = colloid.grams_per_litre
    pressure = C * (colloid.k1 + C * colloid.k2)
    np.testing.assert_allclose(colloid.k1, RT / molar_mass, rtol=2e-3)  # three digits
    np.testing.assert_allclose(pressure, (low + high) / 2, rtol=2e-3)


def test_a_patient_has_the_numbers_of_the_colloid_charted():
    for name, colloid in COLLOIDS.items():
        patient = {"colloid": name}
        assert MODEL.parameters["a_X"].prior_of(patient).median == colloid.radius
        assert (MODEL.parameters["k_X"].prior_of(patient).median, 0.0) == (colloid.k_clear[0], 0.0)
    assert MODEL.parameters["a_X"].prior_of({}).median == 5.0  # physiology.md 5.5
    assert set(values_of_colloid(MODEL, "dextran_70")) == {"a_X", "k1_X", "k2_X", "k_X"}
    assert values_of_colloid(MODEL, "hes_130") == {}


def cohort(*given: str) -> Cohort:
    rows = (Measurement(2.0, "hematocrit", 0.4, 2), Measurement(3.0, "ultrafiltration_rate", 0.5, 3))
    patients = [Patient(f"P{i}", {"colloid": item}, rows, (give(item, 0.0, 1.0, 0.5),)) for i, item in enumerate(given)]
    return Cohort("some", tuple(patients), "")


def test_two_patients_of_one_fit_may_have_different_colloids():
    pooling = pool(MODEL, cohort("dextran_40", "hes_130"))
    values, _ = pooling.values(np.zeros((2, len(pooling.slots))))
    assert all(isinstance(value, jax.Array) for value in values)  # the checker looks at one, drawn by chance
    by_name = dict(zip([slot.name for slot in pooling.parameters], values, strict=True))
    np.testing.assert_allclose(by_name["a_X"], [4.5, 5.0], rtol=1e-12)
    np.testing.assert_allclose(by_name["k_X"], [0.20, 0.50], rtol=1e-12)
    assert next(slot.size for slot in pooling.slots if slot.name == "a_X") == 0  # known, not estimated


def test_a_model_without_the_channel_takes_its_water_or_says_that_it_has_no_place_for_it():
    charted = cohort("dextran_70")
    unused = {name: [u.what for u in plan(load_model(name), charted).unused] for name in ("two_pore", "dialyzer")}
    # its water counts, as that of albumin does in `volume_kinetics`
    assert unused == {"two_pore": ["ultrafiltration_rate"], "dialyzer": ["hematocrit", "dextran_70"]}


# What the model says, not what was measured; published values are in the comments. The bodies are healthy.
PINNED = {
    # as much as given, by a volume of distribution of 3.12 L: MISS, as with albumin (physiology.md 10)
    "starch, 10 mL/kg in 0.5 h: share of it in plasma at the end": 0.813,
    # 2 h (Hahn 2013, data/fluid_kinetics): MISS
    "starch, 10 mL/kg in 0.5 h: half-life of the expansion": 1.214,
    # 0.75 and 0.14 (Swiss label, [F]): the second a MISS, since one rate clears small and large molecules
    "starch: concentration half an hour after the infusion, of the highest": 0.799,
    "starch: concentration six hours after the infusion, of the highest": 0.0521,
    # about 4 (Sci Rep 2019, data/fluid_kinetics), hour not stated
    "starch, 1 L in 1 h: expansion over that by Ringer at the end": 2.407,
    "starch, 1 L in 1 h: expansion over that by Ringer an hour later": 4.893,
    # 0.775 and 0.534 L (6 % dextran in 10 normovolaemic patients, [F] abstract of 1953)
    "dextran 70, 1 L in 0.5 h: litres of expansion an hour later": 0.926,
    "dextran 70, 1 L in 0.5 h: litres of expansion six hours later": 0.418,
}


@pytest.fixture(scope="module")
def published():
    fine = np.round(np.arange(0.5, 3.0, 0.05), 2)
    dextran = {name: values_of_colloid(MODEL, name) for name in ("dextran_40", "dextran_70")}
    lanes = [
        Lane([0.0, *fine, 6.5], {}, [NIL_BY_MOUTH, give("hes_130", 0.0, 0.5, 0.7)]),
        Lane((0.0, 1.0, 2.0), {}, [NIL_BY_MOUTH, give("hes_130", 0.0, 1.0, 1.0)]),
        Lane((0.0, 1.0, 2.0), {}, [NIL_BY_MOUTH, give("ringer", 0.0, 1.0, 1.0)]),
        Lane((0.0, 1.5, 6.5), dextran["dextran_70"], [give("dextran_70", 0.0, 0.5, 1.0)]),
        Lane(
            (0.0, 0.25, *fine),
            dextran["dextran_40"],
            [give("bleeding", 0.0, 0.25, 0.4), give("dextran_40", 0.25, 0.75, 0.5)],
        ),
    ]
    return dict(zip(("starch", "litre", "ringer", "dextran_70", "dextran_40"), courses("colloid", lanes), strict=True))


@pytest.fixture(scope="module")
def responses(published):
    gained = {name: course.y["V_p"] - course.y["V_p"][0] for name, course in published.items()}
    fine = np.round(np.arange(0.5, 3.0, 0.05), 2)
    falling, held = gained["starch"][1:-1], published["starch"].seen["plasma_colloid"]
    return dict(
        zip(
            PINNED,
            (
                falling[0] / 0.7,
                np.interp(-falling[0] / 2, -falling, fine) - 0.5,
                held[1 + list(fine).index(1.0)] / held[1],
                held[-1] / held[1],
                *(gained["litre"] / np.where(gained["ringer"], gained["ringer"], 1.0))[1:],
                *gained["dextran_70"][1:],
            ),
            strict=True,
        )
    )


@pytest.mark.parametrize("what", PINNED)
def test_published_experiments_come_out_as_documented(responses, what):
    np.testing.assert_allclose(responses[what], PINNED[what], rtol=0.02)


def test_half_a_litre_of_dextran_40_adds_twice_its_volume_to_blood_that_lost_some(published):
    V_b = published["dextran_40"].seen["blood_volume"]
    # 1.032 L, standard error 0.08, after 0.4 L of blood lost: volunteers, [F] abstract; not used to choose a number
    np.testing.assert_allclose(np.max(V_b) - V_b[1], 1.032, atol=0.08)
    assert published["dextran_40"].status == "ok"
