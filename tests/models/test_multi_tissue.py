"""Bodies with several tissues: the reference's burns and wheal, their limits, and what they keep.

Printed values are those of the reference, `physiology.md` 4.4, 6.5, 7.5 and 13, which solved the equations apart
from this package.
"""

from dataclasses import replace

import numpy as np
import pytest
from courses import Lane, courses, give

from cls_infer.model import fixed, load_model
from cls_infer.model.check import dimension_errors
from cls_infer.physiology.inputs import REST

# columns as printed: their last digit, and where the number is here
COLUMNS = {
    "hematocrit": 0.001,
    "albumin": 0.1,
    "plasma_volume": 0.01,
    "gained by sound tissue": 0.01,
    "gained by injured tissue": 0.01,
    "map": 1.0,
    "urine_rate": 0.001,
    "urine": 0.1,
}
PRINTED = {
    "burn, no fluid": {
        1: (0.514, 41.5, 2.11, -0.56, 1.40, 84, 0.004, 0.0),
        4: (0.567, 35.5, 1.74, -0.70, 1.80, 75, 0.001, 0.0),
        8: (0.581, 34.9, 1.65, -0.62, 1.66, 71, 0.001, 0.0),
        12: (0.579, 35.6, 1.67, -0.67, 1.56, 72, 0.001, 0.0),
        24: (0.550, 38.3, 1.85, -0.87, 1.13, 78, 0.002, 0.0),
        48: (0.518, 42.5, 2.08, -1.15, 0.26, 84, 0.004, 0.1),
        72: (0.535, 44.9, 1.95, -1.49, -0.19, 81, 0.003, 0.2),
    },
    "burn, Parkland": {
        1: (0.498, 39.1, 2.24, -0.31, 1.47, 86, 0.006, 0.0),
        4: (0.533, 30.6, 1.97, 0.24, 2.40, 81, 0.003, 0.0),
        8: (0.524, 27.6, 2.03, 1.00, 3.21, 83, 0.003, 0.0),
        12: (0.522, 28.6, 2.05, 0.98, 3.79, 83, 0.004, 0.1),
        24: (0.475, 29.0, 2.44, 1.18, 4.90, 88, 0.012, 0.1),
        48: (0.423, 33.3, 2.96, 0.99, 4.66, 90, 0.054, 0.9),
        72: (0.404, 36.1, 3.19, 0.79, 3.62, 90, 0.102, 2.7),
    },
    "wheal": {
        1: (0.423, 42.4, 2.96, -0.06, 0.01, 90, 0.054, 0.1),
        4: (0.426, 42.8, 2.93, -0.28, 0.01, 90, 0.049, 0.2),
    },
}
# the injury is put an hour after the start, so that its edge, minutes wide in the models, can be as sharp as
# the reference's; the reference knows no protein turnover
SHARP = {"t_0": 1.0, "w_on": 1e-3, "k_deg_A": 0.0, "k_deg_G": 0.0}
NIL_BY_MOUTH = give("oral_intake", 1.0, 100.0, 0.0)
PARKLAND = [give("ringer", 1.0, 9.0, 4.2), give("ringer", 9.0, 25.0, 4.2), give("ringer", 25.0, 73.0, 48 * 0.15)]
EXPERIMENTS = {
    "burn, no fluid": ("burn", {**SHARP, "J_ev_burnt": 0.0}, [NIL_BY_MOUTH]),
    "burn, Parkland": ("burn", {**SHARP, "J_ev_burnt": 0.08 / 0.3}, [NIL_BY_MOUTH, *PARKLAND]),
    "wheal": ("wheal", SHARP, [NIL_BY_MOUTH]),
}
TISSUES = {"burn": ("intact", "burnt"), "wheal": ("rest", "wheal")}


@pytest.mark.parametrize("name", PRINTED)
def test_the_reference_course_is_reproduced(name):
    model, changes, therapy = EXPERIMENTS[name]
    (course,) = courses(model, [Lane([1.0, *np.add(list(PRINTED[name]), 1.0)], changes, therapy)])
    assert course.status == "ok"
    sound, injured = (course.seen[f"gained_{tissue}"] for tissue in TISSUES[model])
    found = {
        **course.seen,
        "gained by sound tissue": sound,
        "gained by injured tissue": injured,
        "urine": course.seen["urine"] - course.seen["urine"][0],
    }
    for (column, digit), expected in zip(COLUMNS.items(), zip(*PRINTED[name].values(), strict=True), strict=True):
        # half of the last digit printed, and what the edge of 1e-3 h leaves
        np.testing.assert_allclose(found[column][1:], expected, rtol=0, atol=0.501 * digit, err_msg=column)


def test_a_wheal_leaves_the_haematocrit_as_it_is():
    changes = (SHARP, {**SHARP, "M": 1.0})
    with_wheal, without = courses("wheal", [Lane((1.0, 2.0, 5.0), c, [NIL_BY_MOUTH]) for c in changes])
    # one unit of the last digit printed; what the haematocrit rises beside that is thirst
    np.testing.assert_allclose(with_wheal.seen["hematocrit"], without.seen["hematocrit"], rtol=0, atol=1e-3)
    # half an hour's time constant, one hour on; the edge of 1e-3 h moves the leak by its square
    np.testing.assert_allclose(with_wheal.seen["m_L_wheal"][1], 1 + 19 * np.exp(-2.0), rtol=1e-9)
    assert with_wheal.seen["gained_wheal"][1] > 0.05 * 0.11  # yet it swells


HOURS = (0.0, 1.0, 3.0, 6.0, 12.0, 24.0)
THERAPY = [give("ringer", 2.0, 4.0, 1.5), give("albumin_20", 5.0, 6.0, 0.1), give("oral_intake", 3.0, 20.0, 0.3)]
SKIN_MUSCLE_VISCERA = {"skin": 0.35, "muscle": 0.40, "viscera": 0.25}


def alike(m_L: float) -> dict[str, float]:
    return {f"m_L_{tissue}": m_L for tissue in SKIN_MUSCLE_VISCERA}


@pytest.mark.parametrize("m_L", [1.0, 8.0])
def test_tissues_that_leak_alike_have_the_rates_of_the_undivided_body(m_L):
    whole, divided = load_model("two_pore"), load_model("multi_tissue")
    p, q = whole.reference({"m_L": m_L}), divided.reference(alike(m_L))
    h = whole.health(p)
    y = whole.States(V_p=2.4, V_i=11.9, A_p=90.0, A_i=205.0, G_p=60.0, G_i=90.0, V_r=1.8, U=0.4, H=0.1)
    u = REST._replace(water=0.3, albumin=5.0, bleeding=0.1, intake=0.5, venous_pressure=2.0)
    shared = {name: getattr(y, name) for name in divided.States._fields if name in whole.States._fields}
    parts = {f"{w}_{k}": f * getattr(y, f"{w}_i") for k, f in SKIN_MUSCLE_VISCERA.items() for w in ("V", "A", "G")}
    expected = whole.derivative(7.0, y, p, h, u)
    found = divided.derivative(7.0, divided.States(**shared, **parts), q, h, u)
    for name in shared:
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12, err_msg=name)  # rounding
    for tissue, share in SKIN_MUSCLE_VISCERA.items():
        for what in ("V", "A", "G"):
            np.testing.assert_allclose(
                getattr(found, f"{what}_{tissue}"), share * getattr(expected, f"{what}_i"), rtol=1e-12
            )


def test_tissues_that_leak_alike_are_the_undivided_body():
    (divided,) = courses("multi_tissue", [Lane(HOURS, alike(8.0), THERAPY)])
    (whole,) = courses("two_pore", [Lane(HOURS, {"m_L": 8.0}, THERAPY)])
    for name, expected in whole.seen.items():
        # the equations are the same to rounding; more states change the choice of steps at 1e-9 a step
        np.testing.assert_allclose(divided.seen[name], expected, rtol=1e-6, atol=1e-9, err_msg=name)


def test_a_burn_all_over_alike_is_an_attack_that_closes_at_once():
    edge = {"t_0": 1.0, "w_on": 1e-3}
    alike = {"M_burnt": 9.0, "M_intact": 9.0, "tau_burnt": 12.0, "tau_intact": 12.0}
    calm = {"dP_burnt": 0.0, "J_ev_burnt": 0.0}
    (burn,) = courses("burn", [Lane(HOURS, {**edge, **alike, **calm}, THERAPY)])
    attack = {"M": 9.0, "t_off": 12.0, "D": 0.0, "e_p": 0.0, "w_corner": 0.0, "intake_attack": 1.0}
    (episode,) = courses("clarkson_episode", [Lane(HOURS, {**edge, **attack}, THERAPY)])
    for name, expected in episode.seen.items():
        # within the edge, 1e-3 h wide, the one fades from its middle on, the other from its foot: second order
        np.testing.assert_allclose(burn.seen[name][2:], expected[2:], rtol=1e-6, atol=1e-9, err_msg=name)


INJURIES = {"burn": ("f_burnt", {"M_intact": 1.0}), "wheal": ("f_wheal", {})}


@pytest.mark.parametrize("model", INJURIES)
def test_the_less_is_injured_the_nearer_to_health(model):
    share, calm = INJURIES[model]
    sizes = (1e-3, 1e-4, 1e-5)
    found = courses(model, [Lane(HOURS, {"t_0": 1.0, **calm, share: size}) for size in sizes])
    far = np.array([np.abs(course.y["V_p"] - 3.0)[2:] for course in found])
    # what plasma loses is proportional to the injury, to first order; the share itself is the next
    np.testing.assert_allclose(far[1:] / far[:-1], 0.1, rtol=0.02)
    assert np.all(far[-1] < 1e-4)


def test_failing_lymphatics_and_evaporation_move_the_burnt_tissue_as_they_should():
    hours = (1.0, 9.0, 25.0)
    changes = [{}, {"lymph_lost": 0.8}, {"J_ev_burnt": 0.0}]
    base, failing, covered = courses("burn", [Lane(hours, {"t_0": 1.0, **c}, PARKLAND[:2]) for c in changes])
    assert np.all(failing.seen["gained_burnt"][1:] > base.seen["gained_burnt"][1:] + 0.1)
    assert np.all(covered.seen["gained_burnt"][1:] > base.seen["gained_burnt"][1:] + 0.1)


def test_a_body_without_lymph_swells_and_stays_finite():
    therapy = [give("lymph_patency", 0.0, 50.0, 0.0)]
    (divided,) = courses("multi_tissue", [Lane(HOURS, alike(2.0), therapy)])
    (whole,) = courses("two_pore", [Lane(HOURS, {"m_L": 2.0}, therapy)])
    assert divided.status == "ok"
    np.testing.assert_allclose(divided.y["A_p"], whole.y["A_p"], rtol=1e-6)  # 1e-9 a step


def test_lymph_that_fails_fits_its_units_too():
    burn = load_model("burn")
    failing = replace(burn.parameters["lymph_lost"], prior=fixed(0.4))
    assert dimension_errors(replace(burn, parameters={**burn.parameters, "lymph_lost": failing})) == []


BODIES = {
    "multi_tissue": {"m_L_skin": 4.0, "m_L_muscle": 12.0, "m_L_viscera": 7.0},
    "burn": {"t_0": 2.0},
    "wheal": {"t_0": 2.0},
}


@pytest.fixture(scope="module", params=BODIES)
def kept(request):
    """Hours, and the course of a body that neither makes nor breaks down protein."""
    hours = np.array([0.0, 1.0, 5.0, 12.0, 30.0])
    no_turnover = {"k_deg_A": 0.0, "k_deg_G": 0.0}
    therapy = [give("ringer", 1.0, 5.0, 1.2), give("ffp", 5.0, 12.0, 0.5), give("crrt_ultrafiltrate", 12.0, 30.0, 0.2)]
    (course,) = courses(request.param, [Lane(hours, {**BODIES[request.param], **no_turnover}, therapy)])
    assert course.status == "ok"
    return request.param, hours, course.y


def total(y, what: str) -> np.ndarray:
    """What plasma and all tissues hold."""
    return sum(trace for name, trace in y.items() if name.startswith(f"{what}_") and name != "V_r")


def test_every_litre_is_accounted_for(kept):
    model, hours, y = kept
    into = 1.2 * np.clip((hours - 1) / 4, 0, 1) + 0.5 * np.clip((hours - 5) / 7, 0, 1) + 0.095 * hours
    out = y["U"] + 0.035 * hours + 0.2 * np.clip((hours - 12) / 18, 0, 1)
    if model == "burn":
        out = out + 0.08 * np.clip(hours - 2, 0, None)
    held = total(y, "V")
    # evaporation sets in within minutes, which the solver follows to 1e-9 a step; all else is linear
    np.testing.assert_allclose(held - held[0], into - out, atol=1e-7 if model == "burn" else 1e-9)
    assert np.ptp(held) > 0.3


@pytest.mark.parametrize(("what", "litre_holds"), [("A", 35.0), ("G", 25.0)])
def test_protein_neither_made_nor_broken_down_stays(kept, what, litre_holds):
    _, hours, y = kept
    held = total(y, what)
    given = 0.5 * litre_holds * np.clip((hours - 5) / 7, 0, 1)
    np.testing.assert_allclose(held - held[0], given, atol=1e-10 * held[0])  # linear: kept to rounding
    assert np.ptp(y[f"{what}_p"]) > 1.0
