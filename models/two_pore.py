"""Two-pore wall in a closed-loop body (M3): the reference workhorse.

Rippe and Haraldsson's pore theory for albumin and all other protein, Starling forces, lymph, a compliant
circulation and the kidney, after `physiology.md` 1-5 and 13. The leak is the number of large pores: `m_L`
times the healthy number from time 0 on. Flux is positive from plasma to interstitium.

Behind one kind of pore, without the other protein, it is close to `one_pore`: at leaks of 2 to 15 they stay within
0.032 of haematocrit and 2.2 g/L of albumin of each other for a day.
"""

from cls_infer.model import Parameter, peak_leak
from cls_infer.model.two_pore import two_pore_model, two_pore_parameters
from cls_infer.physiology import treated_leak, two_pore_flows

parameters = {
    "m_L": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    **two_pore_parameters,
}


def flows(t, y, p, h, u):
    return two_pore_flows(y, p, h, u, m_L=treated_leak(p.m_L, u, p), intake=u.intake)


model = two_pore_model(__doc__, parameters, flows)
