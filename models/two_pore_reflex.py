"""Two-pore body that spares plasma as blood is lost, and whose lymph answers late.

As `two_pore`, but arterioles constrict as blood volume falls, so that capillary pressure falls further than the
veins' (`k_rho`), and lymph flow follows its pressure with a time constant (`tau_L`, `physiology.md` 3.3). With both
gone it is `two_pore`. More compliant veins then serve colloid, and the refill after bleeding stays; and lymph can be
steep enough against oedema without bringing albumin back too fast. Its values are calibrated anew, without the
fall of haematocrit after saline, which contradicts the other rows. Flux is positive from plasma to interstitium.
"""

from cls_infer.model import Derived, Parameter, State, fixed, lognormal, peak_leak
from cls_infer.model.two_pore import (
    two_pore_chart,
    two_pore_model,
    two_pore_over_time,
    two_pore_parameters,
    two_pore_states,
)
from cls_infer.model.within import within
from cls_infer.physiology import reflex_flows, reflex_rates, treated_leak

calibrated = "reference: posterior median of this body's calibration, docs/evidence/misses.md"

parameters = {
    "m_L": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    "k_rho": Parameter("1", lognormal(2.0, 0.7), f"reflex, assumed [A]; {calibrated}", reference=1.97),
    "w_rho": Parameter("1", fixed(0.01), "share of blood over which the reflex sets in [A]"),
    "tau_L": Parameter("h", lognormal(2.0, 0.8), f"0-6 h, physiology.md 3.3 [A]; {calibrated}", reference=3.59),
    **two_pore_parameters,
    # priors as in the reference adult; that of C_v is about its new value, 3 sd from the old one
    "LpS": Parameter("L/h/mmHg", lognormal(0.21, 0.5), f"literature spread factor 5; {calibrated}", reference=0.252),
    "alpha_L0": Parameter("1", lognormal(0.042, 0.35), f"0.056-0.097 [F]; {calibrated}", reference=0.0329),
    "J_L0": Parameter("L/h", lognormal(0.275, 0.4), f"physiology.md 3.3; {calibrated}", reference=0.316),
    "C_v": Parameter("L/mmHg", lognormal(0.479, 0.35), f"as physiology.md 5.2 about another median; {calibrated}"),
    "J_u0": Parameter("L/h", lognormal(0.06, 0.4), f"physiology.md 5.4; {calibrated}", reference=0.0549),
    "k_u": Parameter("1", lognormal(9.0, 0.5), f"physiology.md 5.4; {calibrated}", reference=6.18),
}

states = {
    **two_pore_states,
    "J_lymph": State("L/h", lambda p, h: p.J_L0, what="lymph flow of sound vessels"),
}


def flows(t, y, p, h, u):
    return reflex_flows(y, p, h, u, m_L=treated_leak(p.m_L, u, p), intake=u.intake)


model = two_pore_model(
    __doc__,
    parameters,
    flows,
    states=states,
    rates=reflex_rates,
    observables=within("body", two_pore_chart),
    derived=within("body", two_pore_over_time)
    | {"arteriolar_fraction": Derived("1", lambda f: f.rho), "lymph_due": Derived("L/h", lambda f: f.J_due)},
)
