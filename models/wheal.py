"""A wheal: a hundredth of the tissue leaks for minutes (M8).

Mast cells open gaps in a small share of the body at `t_0`, which close within an hour:
m_L(t) = 1 + (M - 1) exp(-(t - t_0) / tau), `physiology.md` 6.5. The rest of the body stays sound and hardly
notices. Flux is positive out of plasma. As its share of the tissue falls to 0 the body is a healthy `two_pore`.
"""

from cls_infer.model import Parameter, fixed, lognormal
from cls_infer.model.tissues import hour_of_injury, tissue_model
from cls_infer.model.two_pore import two_pore_parameters
from cls_infer.physiology import Tissue, fading_injury, tissue_body_flows, treated_leak

parameters = {
    "t_0": Parameter("h", hour_of_injury, "charted onset, else time 0"),
    "f_wheal": Parameter("1", lognormal(0.01, 0.7), "physiology.md 6.5, spread [A]"),
    "M": Parameter("1", lognormal(19.0, 0.5, shift=1.0), "peak leak, physiology.md 6.5, spread [A]"),
    "tau": Parameter("h", lognormal(0.5, 0.4), "histamine gaps close in 15-60 min, physiology.md 6.5 [M]"),
    "w_on": Parameter("h", fixed(0.05), "they open in minutes, physiology.md 6.5 [M]"),
    **two_pore_parameters,
}

shares = {"rest": lambda p: 1 - p.f_wheal, "wheal": lambda p: p.f_wheal}


def flows(t, y, p, h, u):
    m_L = treated_leak(1 + (p.M - 1) * fading_injury(t, p.t_0, p.w_on, p.tau), u, p)
    tissues = {"rest": Tissue(shares["rest"](p)), "wheal": Tissue(shares["wheal"](p), m_L=m_L)}
    return tissue_body_flows(y, tissues, p, h, u, intake=u.intake)


model = tissue_model(__doc__, parameters, shares, flows, begins="t_0", lead_in=1.0)
