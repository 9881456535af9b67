"""M2: what experiments on a wall at prescribed capillary pressure recover, and the closed body as its limit."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import Healthy, Lane, courses, give
from courses import in_health as body_in_health
from scipy.linalg import expm

from cls_infer.model import Parameter, fixed, load_model
from cls_infer.model.check import dimension_errors
from cls_infer.physiology import tracer_flux
from cls_infer.physiology.inputs import REST

NAME = "two_pore_experiment"
NO_TURNOVER = {"k_deg_A": 0.0, "k_deg_G": 0.0}
RESERVOIR = {"V_p0": 3e4}
"""Plasma [L] so plentiful that the experiment does not change it."""


def in_health(name=NAME, **changes) -> Healthy:
    """Return the reference adult with changes, in this experiment unless another model is named."""
    return body_in_health(name, changes)


@pytest.mark.parametrize("m_L", [1.0, 4.0, 10.0])
def test_at_the_start_its_wall_is_that_of_the_closed_body(m_L):
    model, p, h, y = in_health(m_L=m_L)
    other, q, g, x = in_health("two_pore", m_L=m_L)
    here, there = model.flows(0.0, y, p, h, REST), other.flows(0.0, x, q, g, REST)
    np.testing.assert_allclose(here.P_c, there.circulation.P_c, rtol=1e-13)
    for found, expected in zip(here.wall, there.wall, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-9)  # rounding of P_c, over a wall nearly in balance
    escape = here.J_tracer / y.T_p
    np.testing.assert_allclose([here.TER, escape], there.TER, rtol=1e-9)


def test_it_is_the_closed_body_whose_circulation_and_kidney_are_held():
    hours = (0.0, 0.5, 1.0, 2.0, 5.0, 9.0, 24.0)
    therapy = [
        give("ringer", 0.5, 1.0, 0.5),
        give("ffp", 1.0, 2.0, 0.3),
        give("venous_pressure", 2.0, 6.0, 4.0),
    ]
    # veins that yield without end, arterial pressure and urine that do not depend on blood volume
    held = {"C_v": 1e8, "MAP_min": 90.0, "k_u": 0.0}
    _, _, g, _ = in_health("two_pore", **held)
    (closed,) = courses("two_pore", [Lane(hours, {"m_L": 3.0, **held}, therapy)])
    (opened,) = courses(NAME, [Lane(hours, {"m_L": 3.0, "g_cv": float(1 - g.loop.rho)}, therapy)])
    for state in ("V_p", "V_i", "A_p", "A_i", "G_p", "G_i"):
        # a litre in these veins is 1e-8 mmHg; the solver asks 1e-9 a step
        np.testing.assert_allclose(opened.y[state], closed.y[state], rtol=1e-7, err_msg=state)
    assert np.ptp(opened.y["V_p"]) > 0.5


def test_the_share_of_venous_pressure_is_that_of_the_two_pore_body():
    _, p, _, _ = in_health()
    _, _, g, _ = in_health("two_pore")
    np.testing.assert_allclose(p.g_cv, 1 - g.loop.rho, rtol=0, atol=0.005)  # two digits


def test_a_step_of_pressure_reveals_the_filtration_coefficient():
    quick = {"dP_c": 10.0, "t_step": 1.0, "w_step": 1e-6, **RESERVOIR}
    (course,) = courses(NAME, [Lane((0.0, 0.5, 0.999, 1.0001, 1.0011), quick)])
    jump = course.seen["filtration"][3] - course.seen["filtration"][2]
    # t12_misc.py: 2.100 L/h for 10 mmHg, K_f 0.2100; in 6 min of arc, 1e-4 h, tissue pressure takes up 2e-4 mmHg
    np.testing.assert_allclose(jump, 2.100, rtol=1e-4)
    weight = course.seen["tissue_weight_change"]
    before, after = (weight[2] - weight[1]) / 0.499, (weight[4] - weight[3]) / 0.001
    # lymph does not follow at once; over 3.6 s the tissue takes up 2e-3 mmHg of 10, and 2.1 mL thin its protein
    np.testing.assert_allclose((after - before) / 10.0, 0.2100, rtol=2e-3)


def test_a_step_of_oncotic_pressure_reveals_the_reflection_coefficient():
    model, p, h, y = in_health()
    thicker = y._replace(A_p=1.2 * y.A_p, G_p=1.2 * y.G_p)
    healthy, stepped = model.flows(0.0, y, p, h, REST), model.flows(0.0, thicker, p, h, REST)
    sigma = (healthy.J_v - stepped.J_v) / (p.LpS * (stepped.pi_p - healthy.pi_p))
    np.testing.assert_allclose(sigma, 0.926, rtol=0, atol=0.5e-3)  # t12_misc.py, as printed


def test_at_the_isogravimetric_pressure_nothing_is_filtered():
    model, p, h, y = in_health()
    f = model.flows(0.0, y, p, h, REST)
    s = h.sieve
    pi_pA, pi_iA = f.pi_p - _globulin_alone(f.C_pA, f.C_pG, p), f.pi_i - _globulin_alone(f.C_iA, f.C_iG, p)
    sigma_A = (1 - p.alpha_L0) * s.sigma_SA + p.alpha_L0 * s.sigma_LA
    sigma_G = (1 - p.alpha_L0) * s.sigma_SG + p.alpha_L0 * s.sigma_LG
    closed_form = f.P_i + sigma_A * (pi_pA - pi_iA) + sigma_G * ((f.pi_p - pi_pA) - (f.pi_i - pi_iA))
    np.testing.assert_allclose(model.derived["isogravimetric_pressure"].of(f), closed_form, rtol=1e-12)
    lowered = p._replace(dP_c=closed_form - h.loop.P_c0)
    assert abs(float(model.flows(2.0, y, lowered, h, REST).J_v)) < 1e-12 * p.J_L0


def _globulin_alone(C_A, C_G, p):
    """Return the other protein's share of the oncotic pressure [mmHg], by the formula of physiology.md 2."""
    total = C_A + C_G
    return C_G / total * (p.k1_G * total + p.k2_G * total**2 + p.k3_G * total**3)


def test_raised_pressure_washes_protein_out_of_the_lymph():
    steps = (0.0, 5.0, 10.0, 25.0, 50.0)
    found = courses(NAME, [Lane((0.0, 3000.0), {"dP_c": dP, **RESERVOIR, **NO_TURNOVER}) for dP in steps])
    ratios = []
    for dP, course in zip(steps, found, strict=True):
        model, p, h, _ = in_health(dP_c=dP, **RESERVOIR, **NO_TURNOVER)
        y = model.States(**{name: trace[-1] for name, trace in course.y.items()})
        f = model.flows(3000.0, y, p, h, REST)
        T, drag = f.wall.clearance_A, (1 - h.sieve.sigma_SA) * f.wall.J_S + (1 - h.sieve.sigma_LA) * f.wall.J_L
        ratios.append(float(f.C_iA / f.C_pA))
        # physiology.md 1.6, any number of pores; what plasma has lost by then is 1e-3 of it
        np.testing.assert_allclose(ratios[-1], T / (T + f.J_lymph - drag), rtol=1e-4)
    assert {course.status for course in found} == {"ok"}
    assert np.all(np.diff(ratios) < 0)
    # at last drag alone is left: sigma_f = 1 - C_L/C_p of physiology.md 8.4; diffusion adds a thousandth of it
    np.testing.assert_allclose(ratios[-1], drag / f.J_v, rtol=3e-3)


# m_L: escape [1/h], slope of the tracer from 10 to 60 min [1/h], return [1/h] as t7_scen.py printed them
ESCAPE = {
    1.0: (0.0509, 0.0498, 0.0362),
    2.0: (0.0918, 0.0898, 0.0364),
    4.0: (0.1736, 0.1697, 0.0368),
    6.0: (0.2554, 0.2495, 0.0372),
    10.0: (0.4191, 0.4085, 0.0380),
    20.0: (0.8281, 0.8028, 0.0401),
}
SAMPLES = np.array([10, 15, 20, 30, 40, 50, 55, 60]) / 60  # h


def tracer_matrix(m_L, **changes):
    """Return d(T_p, T_i)/dt by (T_p, T_i) at the moment a leak opens in health."""
    model, p, h, y = in_health(m_L=m_L, **changes)

    def slope(tracer):
        rates = model.derivative(0.0, y._replace(T_p=tracer[0], T_i=tracer[1]), p, h, REST)
        return jnp.stack([rates.T_p, rates.T_i])

    return np.asarray(jax.jacfwd(slope)(jnp.array([0.7, 0.3])))


def seen_slope(tracer):
    return -np.polyfit(SAMPLES, np.log(tracer), 1)[0]


@pytest.mark.parametrize("m_L", ESCAPE)
def test_the_tracer_escapes_and_returns_as_in_the_reference(m_L):
    matrix = tracer_matrix(m_L, **NO_TURNOVER)
    plasma = [expm(matrix * t)[0, 0] for t in SAMPLES]
    # half of the last printed digit
    np.testing.assert_allclose([-matrix[0, 0], seen_slope(plasma)], ESCAPE[m_L][:2], rtol=0, atol=0.5e-4)
    np.testing.assert_allclose(matrix[0, 1], ESCAPE[m_L][2], rtol=0, atol=0.5e-4)


def test_the_tracer_of_a_healthy_body_falls_at_the_printed_rate():
    (course,) = courses(NAME, [Lane(SAMPLES, NO_TURNOVER)])
    assert abs(seen_slope(course.seen["tracer_in_plasma"]) - 0.0498) < 0.5e-4  # t7_scen.py, as printed


def test_the_tracer_has_the_half_lives_of_the_reference():
    half_lives = np.log(2) / -np.linalg.eigvals(tracer_matrix(1.0))
    # physiology.md 5.6 and t7_scen.py: 7.74 h and 428.3 h, printed as 7.7 h and 17.8 days
    np.testing.assert_allclose(sorted(half_lives), [7.74479746, 428.34266973], rtol=1e-7)


@pytest.mark.parametrize("dP", [-30.0, -2.0, 0.0, 5.0, 60.0])
def test_a_tracer_spread_as_albumin_goes_where_albumin_goes(dP):
    model, p, h, y = in_health(dP_c=dP)
    f = model.flows(2.0, y, p, h, REST)
    np.testing.assert_allclose(tracer_flux(f.wall, f.C_pA, f.C_iA, h.sieve), f.wall.Js_A, rtol=1e-12)


def test_water_protein_and_tracer_are_accounted_for():
    hours = np.array([0.0, 1.0, 3.0, 6.0, 12.0, 30.0])
    therapy = [give("ringer", 1.0, 3.0, 1.2), give("albumin_20", 3.0, 6.0, 0.1), give("ffp", 6.0, 12.0, 0.5)]
    (course,) = courses(NAME, [Lane(hours, {"m_L": 10.0, "dP_c": 6.0, "V_p0": 100.0, **NO_TURNOVER}, therapy)])
    assert course.status == "ok"
    y = course.y

    def given(amount, start, end):
        return amount * np.clip((hours - start) / (end - start), 0, 1)

    sums = {
        ("V_p", "V_i"): given(1.2, 1, 3) + given(0.1, 3, 6) + given(0.5, 6, 12),
        ("A_p", "A_i"): given(20.0, 3, 6) + given(17.5, 6, 12),
        ("G_p", "G_i"): given(12.5, 6, 12),
        ("T_p", "T_i"): 0.0 * hours,
    }
    for (plasma, tissue), into in sums.items():
        held = y[plasma] + y[tissue]
        # one-step methods keep what is linear in the states to rounding
        np.testing.assert_allclose(held - held[0], into, rtol=0, atol=1e-10 * held[0], err_msg=plasma)
    assert np.ptp(y["V_i"]) > 0.3


def test_units_hold_while_the_pressure_is_raised():
    model = load_model(NAME)
    raised = {"dP_c": Parameter("mmHg", fixed(8.0), "imposed"), "w_step": Parameter("h", fixed(20.0), "slow")}
    assert dimension_errors(replace(model, parameters={**model.parameters, **raised})) == []
