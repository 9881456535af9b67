"""Two-pore body with the revised Starling principle (variant R): small pores face the space below the glycocalyx.

As `two_pore`, but protein gathers in a thin space V_g below the glycocalyx, and its concentration, not that of
the bulk interstitium, opposes the plasma's oncotic pressure across the small pores (`physiology.md` 1.5). The
space exchanges with the bulk by `k_gi`; as it grows the model turns into `two_pore`. The data reviewed there do
not choose between the two: R keeps more crystalloid in plasma, as measured, and less colloid, against the
measurements. Flux is positive from plasma to interstitium.
"""

from cls_infer.model import Parameter, State, fixed, lognormal, peak_leak
from cls_infer.model.steady_glycocalyx import glycocalyx_imbalance, healthy_glycocalyx
from cls_infer.model.two_pore import two_pore_model, two_pore_parameters, two_pore_states
from cls_infer.physiology import glycocalyx_wall, treated_leak, two_pore_flows, two_pore_rates

parameters = {
    "m_L": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    # the space below the glycocalyx
    "k_gi": Parameter("L/h", lognormal(1.0, 1.0), "exchange with the bulk, physiology.md 1.5 [A]"),
    "V_g": Parameter("L", fixed(0.05), "volume, physiology.md 1.5 [A]"),
    "w_g": Parameter("L/h", fixed(0.01), "width of the smooth maximum, physiology.md 1.5 [A]"),
    **two_pore_parameters,
}

states = {
    **two_pore_states,
    "C_gA": State("g/L", lambda p, h: h.C_gA0, what="albumin", place="below the glycocalyx"),
    "C_gG": State("g/L", lambda p, h: h.C_gG0, what="other protein", place="below the glycocalyx"),
}


def flows(t, y, p, h, u):
    m_L = treated_leak(p.m_L, u, p)
    f = two_pore_flows(y, p, h.body, u, m_L=m_L, intake=u.intake)
    dP = f.circulation.P_c - f.circulation.P_i
    wall = glycocalyx_wall(dP, f.C_pA, f.C_pG, y.C_gA, y.C_gG, f.C_iA, f.C_iG, m_L, h.sieve, p)
    return f._replace(wall=wall, TER=wall.clearance_A / y.V_p)


def rates(f, y, p, h, u):
    body = two_pore_rates(f, y, p, h.body, u)
    return {
        **body,
        "A_i": body["A_i"] - f.wall.stored_A,
        "G_i": body["G_i"] - f.wall.stored_G,
        "C_gA": f.wall.stored_A / p.V_g,
        "C_gG": f.wall.stored_G / p.V_g,
    }


model = two_pore_model(
    __doc__,
    parameters,
    flows,
    states=states,
    health=healthy_glycocalyx,
    rates=rates,
    imbalance=glycocalyx_imbalance,
)
