"""One attack of Clarkson disease behind a two-pore wall (M4).

The two-pore body with a leak that opens within hours, lasts a day or two and closes: m_L(t) = 1 + (M - 1) E(t),
`physiology.md` 7.1. A faint prodrome precedes the onset by a day. What the patient drank during the attack is
never charted: `intake_attack` scales healthy intake while the leak is open. Flux is positive out of plasma.

An attack that sets in at once and never ends is `two_pore` with `m_L` = M from the onset on.
"""

from cls_infer.model.attack import attack_parameters
from cls_infer.model.two_pore import two_pore_model, two_pore_parameters
from cls_infer.physiology import attack_at, two_pore_flows

parameters = {**attack_parameters, **two_pore_parameters}


def flows(t, y, p, h, u):
    attack = attack_at(t, u, p)
    return two_pore_flows(y, p, h, u, m_L=attack.m_L, intake=attack.intake)


model = two_pore_model(__doc__, parameters, flows, begins="t_0", lead_in=36.0)
