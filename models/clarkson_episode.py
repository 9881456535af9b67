"""One attack of Clarkson disease behind a two-pore wall (M4).

The two-pore body with a leak that opens within hours, lasts a day or two and closes: m_L(t) = 1 + (M - 1) E(t),
`physiology.md` 7.1. A faint prodrome precedes the onset by a day. What the patient drank during the attack is
never charted: `intake_attack` scales healthy intake while the leak is open. Flux is positive out of plasma.

An attack that sets in at once and never ends is `two_pore` with `m_L` = M from the onset on.
"""

from cls_infer.model import Parameter, fixed, logit_normal, lognormal, peak_leak, reported_onset
from cls_infer.model.two_pore import two_pore_model, two_pore_parameters
from cls_infer.physiology import leak_drive, open_between, treated_leak, two_pore_flows

parameters = {
    # the attack
    "M": Parameter("1", peak_leak("clarkson"), "peak leak by cause, else Clarkson, physiology.md 1.4", reference=10.0),
    "t_0": Parameter("h", reported_onset, "reported onset +-6 h, physiology.md 7.1", reference=24.0),
    "D": Parameter("h", lognormal(36.0, 0.4), "leak phase 1-4 days [F]"),
    "t_off": Parameter("h", lognormal(12.0, 0.5), "physiology.md 7.1"),
    "w_on": Parameter("h", lognormal(2.0, 0.5), "physiology.md 7.1"),
    "e_p": Parameter("1", logit_normal(0.055, 0.85), "prodrome, Beta(1.5, 20) of 7.1 by its quartiles", reference=0.04),
    "intake_attack": Parameter("1", logit_normal(0.4, 1.2), "uncharted; nil to healthy [A]", reference=1.0),
    # the shape of the drive
    "prodrome_lead": Parameter("h", fixed(24.0), "prodrome a day ahead [F], physiology.md 7.1"),
    "prodrome_width": Parameter("h", fixed(2.0), "physiology.md 7.1"),
    "prodrome_merge": Parameter("1", fixed(1.0), "1: noisy-OR of prodrome and attack; e_p: the larger of the two"),
    "w_corner": Parameter("h", fixed(2.0), "smoothed corner where the leak begins to close [A]"),
    "t_convalescence": Parameter("h", fixed(24.0), "intake recovers a day after the leak begins to close [A]"),
    **two_pore_parameters,
}


def flows(t, y, p, h, u):
    E = leak_drive(
        t,
        p.t_0,
        p.D,
        p.w_on,
        p.t_off,
        p.e_p,
        prodrome_lead=p.prodrome_lead,
        prodrome_width=p.prodrome_width,
        merge=p.prodrome_merge,
        w_corner=p.w_corner,
    )
    ill = open_between(t, p.t_0, p.t_0 + p.D + p.t_convalescence, p.w_on)
    intake = u.intake * (1 - (1 - p.intake_attack) * ill)
    return two_pore_flows(y, p, h, u, m_L=treated_leak(1 + (p.M - 1) * E, u, p), intake=intake)


model = two_pore_model(__doc__, parameters, flows, begins="t_0", lead_in=36.0)
