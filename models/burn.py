"""A burn: burnt and intact tissue behind two-pore walls (M8).

The burnt share of the body leaks at once, its matrix sucks in fluid for an hour or two, its surface
evaporates water, its lymphatics may fail; the intact tissue leaks a little (`physiology.md` 4.4, 5.4, 13).
Each effect but evaporation fades exponentially from the burn at `t_0`. The burnt share of the interstitium is
taken to be that of the body surface. Flux is positive out of plasma.

Where both tissues leak alike, and nothing else is hurt, it is a `clarkson_episode` that begins to close at once.
"""

from cls_infer.model import Parameter, fixed, logit_normal, lognormal, normal, peak_leak
from cls_infer.model.tissues import hour_of_injury, tissue_model
from cls_infer.model.two_pore import two_pore_parameters
from cls_infer.physiology import Tissue, fading_injury, risen, tissue_body_flows, treated_leak


def burnt_share(patient):
    """The charted burnt body surface, judged to a sixth of itself or so; otherwise that of a major burn."""
    if "burnt_surface" in patient:
        return logit_normal(float(patient["burnt_surface"]), 0.2)
    return logit_normal(0.3, 0.7)


parameters = {
    "t_0": Parameter("h", hour_of_injury, "charted onset, else time 0"),
    "f_burnt": Parameter("1", burnt_share, "burnt body surface, physiology.md 4.4; without one [A]", reference=0.3),
    # burnt tissue
    "M_burnt": Parameter("1", lognormal(14.0, 0.5, shift=1.0), "peak leak, physiology.md 13 [D], spread [A]"),
    "tau_burnt": Parameter("h", lognormal(14.0, 0.5), "8-24 h, physiology.md 4.4 [M]", reference=24.0),
    "dP_burnt": Parameter("mmHg", normal(-25.0, 3.0), "-20 to -30, physiology.md 4.4 [M]"),
    "tau_dP": Parameter("h", lognormal(1.4, 0.35), "1-2 h, physiology.md 4.4 [M]", reference=1.0),
    "J_ev_burnt": Parameter(
        "L/h", lognormal(0.18, 0.4), "per whole surface, 1 mL/h/% and m2, physiology.md 5.4 [M]", reference=0.08 / 0.3
    ),
    "lymph_lost": Parameter("1", fixed(0.0), "share of its lymph flow lost at first; no number known [A]"),
    "tau_lymph": Parameter("h", fixed(24.0), "as its leak [A]"),
    # intact tissue
    "M_intact": Parameter("1", peak_leak("burn"), "small leak, physiology.md 4.4 [M], size [A]"),
    "tau_intact": Parameter("h", lognormal(16.0, 0.5), "peak 8-24 h, physiology.md 4.4 [M]"),
    "w_on": Parameter("h", fixed(0.1), "minutes [A]"),
    **two_pore_parameters,
}

shares = {"intact": lambda p: 1 - p.f_burnt, "burnt": lambda p: p.f_burnt}


def flows(t, y, p, h, u):
    def fading(tau):
        return fading_injury(t, p.t_0, p.w_on, tau)

    intact = Tissue(shares["intact"](p), m_L=treated_leak(1 + (p.M_intact - 1) * fading(p.tau_intact), u, p))
    burnt = Tissue(
        shares["burnt"](p),
        m_L=treated_leak(1 + (p.M_burnt - 1) * fading(p.tau_burnt), u, p),
        dP_i=p.dP_burnt * fading(p.tau_dP),
        evaporation=p.J_ev_burnt * p.f_burnt * risen(t, p.t_0, p.w_on),
        lymph=1 - p.lymph_lost * fading(p.tau_lymph),
    )
    return tissue_body_flows(y, {"intact": intact, "burnt": burnt}, p, h, u, intake=u.intake)


model = tissue_model(__doc__, parameters, shares, flows, begins="t_0", lead_in=1.0)
