"""One attack of Clarkson disease with sodium and the water of cells: for the sodium that is charted during it.

The attack of `clarkson_episode` in the body of `sodium`: the leak opens, lasts and closes, and what is given meanwhile
brings or lacks sodium. The leak is isotonic and lowers no sodium concentration by itself; water that is drunk or
infused does, for with blood missing the kidney keeps it, and cells take up most of it. Hypertonic saline takes water
out of cells into a tissue that leaks. Flux is positive from plasma to interstitium, and into cells.

With an attack that sets in at once and never ends it is `sodium`. With closed cells (`k_c` = 0) and without
vasopressin (`k_free` = 0), or where all that comes and goes is isotonic, its water and protein are those of
`clarkson_episode`.
"""

from cls_infer.model.attack import attack_parameters
from cls_infer.model.sodium import sodium_model, sodium_parameters
from cls_infer.model.two_pore import two_pore_parameters
from cls_infer.physiology import attack_at, sodium_flows

parameters = {**attack_parameters, **two_pore_parameters, **sodium_parameters}


def flows(t, y, p, h, u):
    attack = attack_at(t, u, p)
    return sodium_flows(y, p, h, u, m_L=attack.m_L, intake=attack.intake)


model = sodium_model(__doc__, parameters, flows, begins="t_0", lead_in=36.0)
