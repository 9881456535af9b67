"""What whole-body models predict of a chart, with the noise of `physiology.md` 12."""

from .noise import normal_noise, student_t_noise
from .spec import Derived, Observable

blood_chart = {
    "hematocrit": Observable("1", lambda f: f.circulation.hematocrit, normal_noise(0.01)),
    "hemoglobin": Observable("g/L", lambda f: f.hemoglobin, normal_noise(3.0)),
    "albumin": Observable("g/L", lambda f: f.C_pA, normal_noise(1.5)),
}

protein_chart = {
    "total_protein": Observable("g/L", lambda f: f.C_pA + f.C_pG, normal_noise(2.0)),
    "oncotic_pressure": Observable("mmHg", lambda f: f.pi_p, normal_noise(1.0)),
}

bedside_chart = {
    "map": Observable("mmHg", lambda f: f.circulation.MAP, student_t_noise(5.0, df=4.0)),
    "cvp": Observable("mmHg", lambda f: f.CVP, normal_noise(2.0)),
    "weight_change": Observable("kg", lambda f: f.weight_change, normal_noise(0.5)),
    "urine": Observable("L", lambda f: f.U, normal_noise(0.03, relative=0.10), accumulates=True),
    "urine_rate": Observable("L/h", lambda f: f.circulation.J_urine, normal_noise(0.01, relative=0.10)),
}

research_chart = {
    "plasma_volume": Observable("L", lambda f: f.V_p, normal_noise(0.15)),
    "transcapillary_escape_rate": Observable("1/h", lambda f: f.TER, normal_noise(0.015)),
    "interstitial_albumin": Observable("g/L", lambda f: f.C_iA, normal_noise(3.0)),
}

body_over_time = {
    "interstitial_volume": Derived("L", lambda f: f.V_i),
    "capillary_pressure": Derived("mmHg", lambda f: f.circulation.P_c),
    "interstitial_pressure": Derived("mmHg", lambda f: f.circulation.P_i),
    "lymph_flow": Derived("L/h", lambda f: f.circulation.J_lymph),
    "blood_volume": Derived("L", lambda f: f.circulation.V_b),
}

wall_over_time = {
    "m_L": Derived("1", lambda f: f.m_L),
    "sigma": Derived("1", lambda f: f.sigma_A),
    "LpS": Derived("L/h/mmHg", lambda f: f.LpS),
    "PS": Derived("L/h", lambda f: f.PS_A),
    "K_L": Derived("L/h/mmHg", lambda f: f.K_L),
    "albumin_flux": Derived("g/h", lambda f: f.wall.Js_A),
    "albumin_flux_large_pores": Derived("g/h", lambda f: f.wall.Js_LA),
}
