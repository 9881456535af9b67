"""A dialyser as a steady Starling filter: ultrafiltration against transmembrane pressure.

Above the oncotic offset the rate rises with the filtration coefficient and saturates as protein concentrates
along the fibre: Q = f_max Q_B [1 - exp(-K_uf (TMP - pi_eff) / (f_max Q_B))], the asymptote with an offset that
Vonesh and Carter (1992, Biometrics 48:1-17) fitted to these filters [M]. `pi_eff` is the effective oncotic
pressure; below it the filter runs backwards. Flux is positive out of blood. Far below the asymptote it is the
straight line Q = K_uf (TMP - pi_eff).
"""

from typing import Any, NamedTuple

from cls_infer.model import Derived, Model, Observable, Parameter, State, lognormal, normal, normal_noise
from cls_infer.physiology import ultrafiltration


def blood_flow(patient):
    """The charted blood flow, held."""
    return normal(float(patient.get("blood_flow", 12.0)), 0.0)


parameters = {
    "K_uf": Parameter("L/h/mmHg", lognormal(5e-4, 0.7), "order of the printed slopes [A]", scope="hierarchical"),
    "pi_eff": Parameter("mmHg", normal(20.0, 10.0), "oncotic pressure of blood 15-28 mmHg [F]", scope="hierarchical"),
    "f_max": Parameter("1", lognormal(0.004, 0.7), "largest filtered share of blood flow [A]", scope="hierarchical"),
    "Q_B": Parameter("L/h", blood_flow, "charted blood flow"),
    "sd_rate": Parameter("L/h", lognormal(0.002, 0.8), "residual scatter [A]", scope="shared"),
}

states = {"V_uf": State("L", lambda p, h: 0.0 * p.K_uf, what="volume", place="ultrafiltrate")}  # since the start


class Flows(NamedTuple):
    rate: Any
    plateau: Any
    driving_pressure: Any


def health(p):
    return ()


def flows(t, y, p, h, u):
    plateau = p.f_max * p.Q_B
    driving_pressure = u.transmembrane_pressure - p.pi_eff
    return Flows(ultrafiltration(p.K_uf, driving_pressure, plateau), plateau, driving_pressure)


def rates(f, y, p, h, u):
    return {"V_uf": f.rate}


model = Model(
    __doc__,
    parameters,
    states,
    health,
    flows,
    rates,
    observables={"ultrafiltration_rate": Observable("L/h", lambda f: f.rate, normal_noise("sd_rate"))},
    derived={
        "plateau": Derived("L/h", lambda f: f.plateau),
        "driving_pressure": Derived("mmHg", lambda f: f.driving_pressure),
    },
    channels=("transmembrane_pressure",),
)
