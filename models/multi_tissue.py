"""Two-pore wall with skin, muscle and viscera apart (M8), each with a leak of its own.

The closed-loop body of `two_pore`, its interstitium divided by mass, `physiology.md` 13. All tissues share
plasma and capillary pressure; m_L multiplies a tissue's large pores from time 0 on. With one leak for all it
is `two_pore`. Flux is positive out of plasma.
"""

from cls_infer.model import Parameter, fixed, peak_leak
from cls_infer.model.tissues import tissue_model
from cls_infer.model.two_pore import two_pore_parameters
from cls_infer.physiology import Tissue, tissue_body_flows, treated_leak

leak = peak_leak("sepsis")
by_cause = "by cause, else sepsis, physiology.md 1.4"

parameters = {
    "m_L_skin": Parameter("1", leak, by_cause, reference=1.0),
    "m_L_muscle": Parameter("1", leak, by_cause, reference=1.0),
    "m_L_viscera": Parameter("1", leak, by_cause, reference=1.0),
    "f_skin": Parameter("1", fixed(0.35), "physiology.md 13 [M]"),
    "f_muscle": Parameter("1", fixed(0.40), "physiology.md 13 [M]; viscera are the rest, 0.25"),
    **two_pore_parameters,
}

shares = {
    "skin": lambda p: p.f_skin,
    "muscle": lambda p: p.f_muscle,
    "viscera": lambda p: 1 - p.f_skin - p.f_muscle,
}


def flows(t, y, p, h, u):
    tissues = {
        "skin": Tissue(shares["skin"](p), m_L=treated_leak(p.m_L_skin, u, p)),
        "muscle": Tissue(shares["muscle"](p), m_L=treated_leak(p.m_L_muscle, u, p)),
        "viscera": Tissue(shares["viscera"](p), m_L=treated_leak(p.m_L_viscera, u, p)),
    }
    return tissue_body_flows(y, tissues, p, h, u, intake=u.intake)


model = tissue_model(__doc__, parameters, shares, flows)
