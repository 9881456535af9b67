"""Two-pore body with sodium and the water of cells (M7): for hypertonic saline, dextrose, and a chart's sodium.

As `two_pore`, with the sodium outside cells and the cells' water as states (`physiology.md` 5.7 and 13). Cells take
water from the interstitium, or give it, until their solutes are as concentrated as sodium with its anions outside.
Fluids bring the sodium they hold, haemofiltrate and lost plasma take plasma's, insensible loss is pure water, and
food and drink hold what urine loses in health. The leak is isotonic: it moves no sodium concentration.

Urine flow follows blood volume and pressure, and the water of its usual solutes follows tonicity besides, as
vasopressin rules it: a litre of water is gone within hours. With blood missing it rules no more, and water is
retained, as in capillary leak. Flux is positive from plasma to interstitium, and into cells.
"""

from cls_infer.model import Parameter, peak_leak
from cls_infer.model.sodium import sodium_model, sodium_parameters
from cls_infer.model.two_pore import two_pore_parameters
from cls_infer.physiology import sodium_flows, treated_leak

parameters = {
    "m_L": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    **two_pore_parameters,
    **sodium_parameters,
}


def flows(t, y, p, h, u):
    return sodium_flows(y, p, h, u, m_L=treated_leak(p.m_L, u, p), intake=u.intake)


model = sodium_model(__doc__, parameters, flows)
