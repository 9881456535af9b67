"""The closed loop around the wall: blood volume, pressures, lymph, urine, intake and therapy.

Shared by every whole-body model; what crosses the wall is each model's own.
"""

from typing import Any, NamedTuple

from ..types import Scalar
from .blood import haematocrit, red_cell_volume
from .circulation import (
    arteriolar_fraction,
    capillary_pressure,
    mean_arterial_pressure,
    pressor_rise,
    pressor_venoconstriction,
    small_vein_pressure,
    unstressed_volume,
)
from .inputs import Inputs
from .interstitium import pressure_of_tissue
from .kidney import diuretic_factor, evaporation_factor, urine_flow
from .lymph import lymph_flow


class Loop(NamedTuple):
    """What health fixes in the circulation."""

    P_c0: Scalar
    P_v0: Scalar
    rho: Scalar
    V_u: Scalar
    V_r0: Scalar
    V_b0: Scalar
    V_ex: Scalar


class Circulation(NamedTuple):
    """Volumes, pressures and flows outside the wall at one instant."""

    V_b: Scalar
    hematocrit: Scalar
    whole_body_hematocrit: Scalar
    P_v: Scalar
    P_c: Scalar
    P_i: Scalar
    MAP: Scalar
    J_lymph: Scalar
    J_urine: Scalar


def loop_in_health(P_c0: Scalar, p: Any) -> Loop:
    """Return the circulation's constants that make P_c0 [mmHg] the capillary pressure of health."""
    V_r0 = red_cell_volume(p.V_p0, p.Hct0, p.F_cell)
    V_b0, P_v0 = p.V_p0 + V_r0, p.f_v * P_c0
    return Loop(
        P_c0=P_c0,
        P_v0=P_v0,
        rho=arteriolar_fraction(P_c0, p.f_v, p.MAP0),
        V_u=unstressed_volume(V_b0, P_v0, p.C_v, p.s_v),
        V_r0=V_r0,
        V_b0=V_b0,
        V_ex=p.f_ex * p.V_i0,
    )


def circulate(V_p: Scalar, V_i: Scalar, V_r: Scalar, u: Inputs, loop: Loop, p: Any) -> Circulation:
    """Return pressures and flows at plasma, interstitial and red-cell volumes [L] under inputs u.

    The pressor raises arterial pressure but not the pressure the capillaries see; a lost arterial tone lowers both
    (`physiology.md` 5.2 and 5.3).
    """
    V_b = V_p + V_r
    V_u = loop.V_u + u.venodilation + pressor_venoconstriction(u.norepinephrine, p.dV_NE, p.NE_50)
    P_v = small_vein_pressure(V_b, V_u, p.C_v, p.s_v) + u.venous_pressure
    MAP_intrinsic = u.arterial_tone * mean_arterial_pressure(V_b, loop.V_b0, p.MAP0, p.MAP_min, p.x_50, p.n_MAP)
    MAP = MAP_intrinsic + pressor_rise(u.norepinephrine, p.dMAP_NE, p.NE_50)
    P_i = pressure_of_tissue(V_i, p)
    diuresis = u.diuresis * diuretic_factor(u.furosemide, p.g_furosemide, p.F_50)
    return Circulation(
        V_b=V_b,
        hematocrit=haematocrit(V_p, V_r, p.F_cell),
        whole_body_hematocrit=V_r / V_b,
        P_v=P_v,
        P_c=capillary_pressure(P_v, MAP_intrinsic, loop.rho),
        P_i=P_i,
        MAP=MAP,
        J_lymph=u.lymph_patency * lymph_flow(P_i, p.P_i0, p.J_L0, p.J_max_ratio, p.lambda_L),
        J_urine=diuresis * urine_flow(V_b, loop.V_b0, p.V_p0, MAP, p.MAP0, p.J_u0, p.J_u_max, p.k_u, p.MAP_50, p.h_u),
    )


def external_balance(c: Circulation, intake: Scalar, u: Inputs, p: Any) -> Scalar:
    """Return what enters plasma from outside less what leaves the body [L/h].

    Intake in health replaces urine and insensible loss; `intake` scales it. Fever scales insensible loss on top of
    what `evaporation` says.
    """
    drunk = (p.J_u0 + p.J_ev) * intake
    evaporated = p.J_ev * u.evaporation * evaporation_factor(u.temperature, p.T_body0, p.k_fever)
    lost = c.J_urine + evaporated + u.ultrafiltration + plasma_lost(c, u)
    return drunk + u.water - lost


def plasma_lost(c: Circulation, u: Inputs) -> Scalar:
    """Return the plasma that leaves with all it holds [L/h]: that of blood lost, and that taken by plasma exchange."""
    return u.bleeding * (1 - c.whole_body_hematocrit) + u.plasma_removed


def red_cell_balance(c: Circulation, u: Inputs) -> Scalar:
    """Return dV_r/dt [L/h]: transfused less bled."""
    return u.red_cells - u.bleeding * c.whole_body_hematocrit
