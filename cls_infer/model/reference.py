"""The reference adult: the parameters whole-body models share, block by block.

Values, ranges and priors are those of `physiology.md` 14.1; the trust marks are its own: [F] found in a
public page, [M] from memory of the paper, [D] derived by computation, [A] assumed. Lognormal priors give
median and log-sd.
"""

from math import log

from .prior import Prior, fixed, lognormal, normal, truncated_normal
from .spec import Covariates, HealthyRange, Parameter


def weight(patient: Covariates) -> Prior:
    """Charted weight is known; otherwise an adult's."""
    return lognormal(float(patient["weight"]), 0.0) if "weight" in patient else lognormal(75.0, 0.18)


def healthy_hematocrit(patient: Covariates) -> Prior:
    """The patient's own value before the illness, else by sex."""
    if "baseline_hematocrit" in patient:
        return normal(float(patient["baseline_hematocrit"]), 0.015)
    by_sex = {"male": normal(0.43, 0.03), "female": normal(0.40, 0.03)}
    return by_sex.get(str(patient.get("sex")), normal(0.415, 0.034))


def healthy_albumin(patient: Covariates) -> Prior:
    """The patient's own value before the illness, else an adult's."""
    if "baseline_albumin" in patient:
        return normal(float(patient["baseline_albumin"]), 2.0)
    return normal(42.0, 3.0)


oncotic = {
    "k1_A": Parameter("mmHg/(g/L)", fixed(0.28), "albumin, Landis & Pappenheimer 1963 [M]"),
    "k2_A": Parameter("mmHg/(g/L)**2", fixed(0.0018), "same"),
    "k3_A": Parameter("mmHg/(g/L)**3", fixed(1.2e-5), "same"),
    "k1_G": Parameter("mmHg/(g/L)", fixed(0.16), "globulin, same [M]"),
    "k2_G": Parameter("mmHg/(g/L)**2", fixed(0.0015), "same"),
    "k3_G": Parameter("mmHg/(g/L)**3", fixed(6e-6), "same"),
}

blood = {
    "BW": Parameter("kg", weight, "reference 70 kg; unknown adult [A]", reference=70.0),
    "V_p0": Parameter("L", lognormal(3.01, 0.12), "43 mL/kg; Nadler [M]", reference=3.0, proportional_to="BW"),
    "Hct0": Parameter("1", healthy_hematocrit, "by sex, physiology.md 13", reference=0.42),
    "F_cell": Parameter("1", fixed(0.91), "F-cell ratio with isotope plasma volume [F]"),
    "MCHC": Parameter("g/L", fixed(333.0), "physiology.md 12"),
    "rho_w": Parameter("kg/L", fixed(1.0), "density of gained fluid"),
}

protein = {
    "C_A0": Parameter("g/L", healthy_albumin, "laboratory, physiology.md 14.1", reference=42.0),
    "k_deg_A": Parameter("1/h", lognormal(0.0040, 0.15), "9.6 %/d of the plasma pool [M]"),
}

globulin = {
    "C_G0": Parameter("g/L", normal(26.0, 4.0), "total protein less albumin, physiology.md 14.1"),
    "k_deg_G": Parameter("1/h", fixed(0.0022), "[M]"),
}

interstitium = {
    "V_i0": Parameter(
        "L", lognormal(10.99, 0.15), "extracellular 14 L [F Skillman]", reference=11.0, proportional_to="BW"
    ),
    "f_ex": Parameter(
        "1",
        truncated_normal(0.30, 0.06, 0.10, 0.55),
        "Chapple 0.25 [M]; rat skin 0.44-0.58 [F]",
        reference=0.25,
    ),
    "P_i0": Parameter("mmHg", normal(-0.9, 0.8), "Noddeland 1982 [F]"),
    "m_lo": Parameter("mmHg/L", lognormal(1.0, 0.5), "slope below the knee [D]; Chapple 1.39"),
    "m_hi": Parameter("mmHg/L", fixed(0.04), "plateau, physiology.md 3.1"),
    "f_knee": Parameter("1", lognormal(0.20, 0.3, shift=1.0), "Chapple knee 1.13-1.23 [F]"),
    "w_knee": Parameter("L", fixed(0.35), "[A]"),
    "f_stiff": Parameter("1", fixed(2.4), "skin and fascia limit [A]"),
    "m_stiff": Parameter("mmHg/L", fixed(0.6), "[A]"),
    "w_stiff": Parameter("L", fixed(0.8), "[A]"),
}

lymph = {
    "J_L0": Parameter("L/h", lognormal(0.275, 0.4), "afferent lymph 6.6 L/day, physiology.md 3.3"),
    "J_max_ratio": Parameter("1", fixed(10.0), "Brigham 1974 [F]"),
    "lambda_L": Parameter("1/mmHg", lognormal(0.40, 0.5), "Xie 0.57 [M]; infusions 0.22 [D]"),
}

circulation = {
    "f_v": Parameter("1", fixed(0.6145), "Perry 1986: P_v/P_c 0.55 [F]"),
    "C_v": Parameter("L/mmHg", lognormal(0.17, 0.35), "physiology.md 5.2 [D]"),
    "s_v": Parameter("mmHg", fixed(2.0), "physiology.md 5.2"),
    "MAP0": Parameter("mmHg", normal(90.0, 5.0), "physiology.md 5.3"),
    "MAP_min": Parameter("mmHg", fixed(15.0), "physiology.md 5.3"),
    "x_50": Parameter("1", normal(0.65, 0.04), "ATLS classes, physiology.md 5.3"),
    "n_MAP": Parameter("1", fixed(10), "physiology.md 5.3"),
    "CVP0": Parameter("mmHg", fixed(5.0), "[A]"),
    "g_CVP": Parameter("1", fixed(0.8), "[A]"),
    "dMAP_NE": Parameter("mmHg", fixed(50.0), "norepinephrine, largest rise [A]"),
    "dV_NE": Parameter("L", fixed(-0.3), "norepinephrine, unstressed volume [A]"),
    "NE_50": Parameter("ug/kg/min", fixed(0.3), "half dose; trials used 0.5-1 [F], value [A]"),
}

kidney = {
    "J_u0": Parameter("L/h", lognormal(0.060, 0.4), "physiology.md 5.4"),
    "J_u_max": Parameter("L/h", fixed(1.10), "19 mL/min after Ringer, Rodhe 2010 [F]"),
    "k_u": Parameter("1", lognormal(9.0, 0.5), "conscious Ringer; 3 in intensive care"),
    "MAP_50": Parameter("mmHg", fixed(60.0), "physiology.md 5.4"),
    "h_u": Parameter("1", fixed(8), "physiology.md 5.4"),
    "J_ev": Parameter("L/h", fixed(0.035), "insensible loss, physiology.md 5.4"),
    "T_body0": Parameter("degC", fixed(37.0), "physiology.md 5.4"),
    "k_fever": Parameter("1/degC", fixed(log(1.12)), "12 % more insensible loss a degree, physiology.md 5.4 [M]"),
    "g_furosemide": Parameter("1", fixed(6.0), "loop diuretic, up to 7 times the urine, physiology.md 5.4 [A]"),
    "F_50": Parameter("mg/h", fixed(5.0), "dose rate of half that effect: 20 mg that act for 4 h [A]"),
}


def treatment_effects(on: str, *, antibody_on: str) -> dict[str, Parameter]:
    """Return the logarithm of the factor by which each treatment changes what it acts `on`; nothing is known of it."""

    def effect(channel: str, treatment: str, target: str) -> Parameter:
        source = f"{treatment}: log of its factor on {target}; assumed [A], centred on none"
        return Parameter("1", normal(0.0, 0.5), source, scope="shared", acts_through=channel)

    return {
        "beta_steroid": effect("steroid", "corticosteroid", on),
        "beta_immunoglobulin": effect("immunoglobulin", "intravenous immunoglobulin", on),
        "beta_aminophylline_terbutaline": effect("aminophylline_terbutaline", "aminophylline with terbutaline", on),
        "beta_anti_ang2": effect("anti_ang2", "antibody against angiopoietin-2", antibody_on),
    }


leak_treatments = treatment_effects("m_L - 1", antibody_on="m_L - 1")

survival = {
    "k_lethal": Parameter("1/h", fixed(1.0), "hazard of death at x_lethal [A]"),
    "x_lethal": Parameter("1", fixed(0.2), "share of plasma left; survivors lost up to 70 % [F], value [A]"),
    "n_lethal": Parameter("1", fixed(8), "[A]"),
}

capillary_pressure_in_health = {
    "P_c0": HealthyRange(
        "mmHg", lambda p, h: h.loop.P_c0, lognormal(16.0, 0.22), "16, range 10-24, physiology.md 1.1; forearm 17 [F]"
    ),
}
escape_in_health = {
    "TER_0": HealthyRange("1/h", lambda p, h: h.TER_0, lognormal(0.05, 0.2), "5-6.2 %/h [F]"),
}

two_pore_wall = {
    "LpS": Parameter("L/h/mmHg", lognormal(0.21, 0.5), "joint fit [D]; literature spread factor 5"),
    "alpha_L0": Parameter("1", lognormal(0.042, 0.35), "0.056-0.097 and 0.062+-0.041 [F]"),
    "r_S": Parameter("nm", fixed(4.5), "Rippe & Haraldsson 1987 [F]"),
    "r_L": Parameter("nm", fixed(25.0), "Rippe & Haraldsson 1987 [F]"),
    "a_A": Parameter("nm", fixed(3.55), "albumin, Pstras 2020 [F]"),
    "a_G": Parameter("nm", fixed(6.99), "mean non-albumin protein, Pstras 2020 [F]"),
    "kT": Parameter("mmHg*nm**3", fixed(1.380649e4 * 310.15 / 133.322), "Boltzmann constant at 310.15 K"),
}
