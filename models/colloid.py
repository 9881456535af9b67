"""The two-pore body with a synthetic colloid: dextran or starch as a third solute.

The colloid has the radius, oncotic pressure and clearance of the one the chart names (`colloid`); it passes both
pore populations, returns with lymph and is cleared from plasma, after `physiology.md` 1.4 and 5.5. Each is
polydisperse; one radius stands for all of it, rigid where the polymer is not, and its clearance does not slow as
the small molecules go. The leak is as in `two_pore`. Flux is positive from plasma to interstitium.
"""

from cls_infer.model import (
    Derived,
    Observable,
    Parameter,
    State,
    colloid_clearance,
    fixed,
    healthy_two_pore,
    of_colloid,
    peak_leak,
)
from cls_infer.model.two_pore import (
    body_channels,
    two_pore_chart,
    two_pore_model,
    two_pore_over_time,
    two_pore_parameters,
    two_pore_states,
)
from cls_infer.model.within import within
from cls_infer.physiology import ColloidHealth, colloid_flows, colloid_rates, solute_sieve, treated_leak

parameters = {
    "m_L": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    **two_pore_parameters,
    # the colloid; each one's sources stand with its numbers, in colloids.py
    "a_X": Parameter("nm", of_colloid(lambda c: c.radius), "by colloid; starch 5 nm, physiology.md 5.5 [A]"),
    "k1_X": Parameter("mmHg/(g/L)", of_colloid(lambda c: c.k1), "by colloid, RT over its molar mass [D]"),
    "k2_X": Parameter("mmHg/(g/L)**2", of_colloid(lambda c: c.k2), "by colloid, from its solution's pressure [D]"),
    "k3_X": Parameter("mmHg/(g/L)**3", fixed(0.0), "part of k2_X [A]"),
    "k_X": Parameter("1/h", colloid_clearance, "by colloid, excretion and breakdown; first order [A]"),
}

states = {
    **two_pore_states,
    "X_p": State("g", lambda p, h: 0.0, what="colloid", place="plasma"),
    "X_i": State("g", lambda p, h: 0.0, what="colloid", place="interstitium"),
    "X_out": State("g", lambda p, h: 0.0, what="colloid", place="cleared"),  # since the start
}


def health(p):
    return ColloidHealth(*healthy_two_pore(p), colloid=solute_sieve(p.a_X, p))


def flows(t, y, p, h, u):
    return colloid_flows(y, p, h, u, m_L=treated_leak(p.m_L, u, p), intake=u.intake)


model = two_pore_model(
    __doc__,
    parameters,
    flows,
    states=states,
    health=health,
    rates=colloid_rates,
    observables={
        **within("body", two_pore_chart),
        "oncotic_pressure": Observable("mmHg", lambda f: f.pi_p, two_pore_chart["oncotic_pressure"].noise),
    },
    derived={
        **within("body", two_pore_over_time),
        "plasma_colloid": Derived("g/L", lambda f: f.C_pX),
        "interstitial_colloid": Derived("g/L", lambda f: f.C_iX),
        "colloid_pressure": Derived("mmHg", lambda f: f.pi_pX),
        "colloid_escape_rate": Derived("1/h", lambda f: f.TER_X),
        "colloid_cleared": Derived("g", lambda f: f.lost),
    },
    channels=(*body_channels, "colloid"),
)
