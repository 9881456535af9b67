"""Treatment of the leak, plasma exchange, a loop diuretic and fever: what they do to whole bodies."""

import numpy as np
import pytest
from courses import Lane, courses, give, in_health
from numpy.polynomial.legendre import leggauss

from cls_infer.physiology.inputs import REST

HALF = float(np.log(0.5))
TREATMENTS = ("steroid", "immunoglobulin", "aminophylline_terbutaline", "anti_ang2")
LEAKS = {  # leak at its fullest, and the derived quantities that show it
    "burn": ({"M_burnt": 12.0, "M_intact": 3.0}, ("m_L", "m_L_burnt", "m_L_intact")),
    "clarkson_episode": ({"M": 10.0, "t_0": 0.0}, ("m_L",)),
    "colloid": ({"m_L": 6.0}, ("m_L",)),
    "free_leak": ({"m_L": 6.0}, ("m_L",)),
    "lung": ({"m_L": 6.0, "m_Ll": 3.0}, ("m_L",)),
    "multi_tissue": (
        {"m_L_skin": 6.0, "m_L_muscle": 3.0, "m_L_viscera": 9.0},
        ("m_L", "m_L_skin", "m_L_muscle", "m_L_viscera"),
    ),
    "revised_starling": ({"m_L": 6.0}, ("m_L",)),
    "sodium": ({"m_L": 6.0}, ("m_L",)),
    "sodium_episode": ({"M": 10.0, "t_0": 0.0}, ("m_L",)),
    "tagraxofusp": ({"M": 4.0, "t_half": 0.0}, ("m_L",)),
    "two_pore": ({"m_L": 6.0}, ("m_L",)),
    "two_pore_reflex": ({"m_L": 6.0}, ("m_L",)),
    "wheal": ({"M": 20.0, "t_0": 4.0}, ("m_L", "m_L_wheal")),
}


def at(name: str, changes: dict[str, float], u=REST, t: float = 5.0):
    """Return a model's flows at the healthy states, at time t under inputs u."""
    model, p, h, y = in_health(name, changes)
    return model, model.flows(t, y, p, h, u)


@pytest.mark.parametrize("name", LEAKS)
def test_treatments_that_halve_the_excess_do_so_wherever_there_is_a_leak(name):
    changes, quantities = LEAKS[name]
    effects = {f"beta_{treatment}": HALF / 4 for treatment in TREATMENTS}
    model, untreated = at(name, {**changes, **effects})
    _, treated = at(name, {**changes, **effects}, REST._replace(**dict.fromkeys(TREATMENTS, 1.0)))
    for quantity in quantities:
        before, after = (float(model.derived[quantity].of(f)) for f in (untreated, treated))
        assert before > 1.02  # a wheal is a hundredth of the body
        np.testing.assert_allclose(after - 1, (before - 1) / 2, rtol=1e-12, err_msg=quantity)


def test_the_lungs_own_leak_is_treated_too():
    changes = {"m_Ll": 5.0, "beta_steroid": HALF}
    (_, untreated), (_, treated) = at("lung", changes), at("lung", changes, REST._replace(steroid=1.0))
    (_, less) = at("lung", {"m_Ll": 3.0})
    assert untreated.lung.wall.J_L > treated.lung.wall.J_L
    np.testing.assert_allclose(treated.lung.wall.J_L, less.lung.wall.J_L, rtol=1e-12)


def test_one_pore_that_is_treated_leaks_as_half_the_excess():
    _, treated = at("one_pore", {"m": 9.0, "beta_steroid": HALF}, REST._replace(steroid=1.0))
    _, less = at("one_pore", {"m": 5.0})
    np.testing.assert_allclose([treated.K_f, treated.sigma, treated.PS], [less.K_f, less.sigma, less.PS], rtol=1e-12)


def test_behind_the_endothelium_treatment_acts_on_the_drive_and_the_antibody_on_what_tie2_sees():
    changes = {"t_0": 0.0, "beta_steroid": HALF, "beta_anti_ang2": HALF}
    _, untreated = at("ang2_two_pore", changes)
    _, steroid = at("ang2_two_pore", changes, REST._replace(steroid=1.0))
    _, antibody = at("ang2_two_pore", changes, REST._replace(anti_ang2=1.0))
    np.testing.assert_allclose(steroid.u_C, untreated.u_C / 2, rtol=1e-12)
    assert steroid.signal == untreated.signal
    assert antibody.u_C == untreated.u_C and antibody.ang2_read == untreated.ang2_read
    # physiology.md 6.2: S(R) / S(1) at R = 1/2 of the untreated ratio, kap 0.15, eps 0.2
    ratio = 0.5 / float(untreated.ang1)
    expected = (1 + 0.2 * 0.15 * ratio) / (1 + 0.15 * ratio) * (1 + 0.15) / (1 + 0.2 * 0.15)
    np.testing.assert_allclose(antibody.signal, expected, rtol=1e-12)


def test_without_an_effect_a_treated_course_is_the_untreated_one():
    hours = (0.0, 12.0, 30.0, 60.0)
    attack = {"M": 10.0, "t_0": 12.0}
    # one more therapy breakpoint would move the solver's steps: the same rows, at level 0 and 1
    charted = [[give("steroid", 12.0, 48.0, level), give("anti_ang2", 12.0, 48.0, level)] for level in (0.0, 1.0)]
    untreated, treated = courses("clarkson_episode", [Lane(hours, attack, therapy) for therapy in charted])
    for name, trace in treated.y.items():
        np.testing.assert_array_equal(trace, untreated.y[name], err_msg=name)


EXCHANGE = (14.0, 17.0)
NODES, WEIGHTS = leggauss(16)


@pytest.fixture(scope="module", params=["two_pore", "one_pore", "clarkson_episode"])
def exchanged(request):
    """An exchange of 3 L against 5 % albumin, in a body with a leak and no turnover; the hours hold 16 nodes of it."""
    name = request.param
    start, end = EXCHANGE
    inside = (start + end) / 2 + (end - start) / 2 * NODES
    hours = np.array([0.0, start, *inside, end, 40.0])
    leak = {"two_pore": {"m_L": 6.0}, "one_pore": {"m": 6.0}, "clarkson_episode": {"M": 10.0, "t_0": 4.0}}[name]
    still = {"k_deg_A": 0.0} | ({} if name == "one_pore" else {"k_deg_G": 0.0})
    if name == "clarkson_episode":
        still["intake_attack"] = 1.0
    therapy = [give("plasma_exchange", start, end, 3.0), give("albumin_5", start, end, 3.0)]
    (course,) = courses(name, [Lane(hours, {**leak, **still}, therapy)])
    assert course.status == "ok"
    return name, hours, course


def removed(course, what: str) -> float:
    """Return the integral of c_p J over the exchange [g], by Gauss and Legendre."""
    concentration = course.y[what][2:-2] / course.y["V_p"][2:-2]
    return float(3.0 * np.sum(WEIGHTS * concentration) / 2)


@pytest.mark.parametrize("protein", ["A", "G"])
def test_plasma_exchange_removes_the_protein_of_the_plasma_it_takes(exchanged, protein):
    name, _, course = exchanged
    if name == "one_pore" and protein == "G":
        pytest.skip("one_pore knows albumin alone")
    held = course.y[f"{protein}_p"] + course.y[f"{protein}_i"]
    given = 50.0 * 3.0 if protein == "A" else 0.0
    gone = removed(course, f"{protein}_p")
    assert gone > 25
    # the solver's 1e-9 a step in the concentrations; the quadrature is exact to rounding
    np.testing.assert_allclose(held[-1] - held[0], given - gone, atol=1e-5)
    np.testing.assert_allclose(held[1] - held[0], 0, atol=1e-9)


def test_plasma_exchange_takes_its_volume_and_no_red_cells(exchanged):
    _, hours, course = exchanged
    y = course.y
    held = y["V_p"] + y["V_i"] + y["V_r"]
    # 3 L out, 3 L in: drink less insensible loss less urine are left
    np.testing.assert_allclose(held - held[0], 0.060 * hours - y["U"], atol=1e-9)
    np.testing.assert_allclose(y["V_r"], y["V_r"][0], rtol=1e-14)


@pytest.mark.parametrize("name", ["two_pore", "one_pore"])
def test_a_loop_diuretic_and_fever_take_what_they_say(name):
    def losses(**inputs):
        model, p, h, y = in_health(name)
        u = REST._replace(**inputs)
        rates = model.rates(model.flows(0.0, y, p, h, u), y, p, h, u)
        return float(rates["U"]), float(rates["V_p"])

    urine, balance = losses()
    np.testing.assert_allclose([urine, balance], [0.060, 0.0], atol=1e-12)
    more, less = losses(furosemide=5.0)  # the dose rate of half effect: 1 + 6/2
    np.testing.assert_allclose([more, less], [4 * 0.060, -3 * 0.060], rtol=1e-9)
    np.testing.assert_allclose(losses(furosemide=5.0, diuresis=0.5)[0], 2 * 0.060, rtol=1e-9)
    np.testing.assert_allclose(losses(temperature=39.0)[1], -0.035 * (1.12**2 - 1), rtol=1e-9)
    np.testing.assert_allclose(losses(temperature=39.0, evaporation=2.0)[1], -0.035 * (2 * 1.12**2 - 1), rtol=1e-9)


def test_dilated_arteries_lower_arterial_pressure_and_what_of_it_the_capillaries_see():
    _, usual = at("two_pore", {})
    _, dilated = at("two_pore", {}, REST._replace(arterial_tone=0.75))
    np.testing.assert_allclose(dilated.circulation.MAP / usual.circulation.MAP, 0.75, rtol=1e-12)
    # rho = 0.080 of the fall reaches the capillaries, physiology.md 5.2: to its printed digits
    np.testing.assert_allclose(
        usual.circulation.P_c - dilated.circulation.P_c, 0.080 * 0.25 * usual.circulation.MAP, rtol=0.01
    )
