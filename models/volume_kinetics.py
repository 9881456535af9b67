"""Volume kinetics (M0): how an infused volume spreads and leaves, without a wall.

Svensén and Hahn's two-space model in micro-rate form (`physiology.md` 4.1; Hahn 2025, Fluids [F]): excess
volumes in a central and a peripheral space. Knows dilution and urine; no protein, hence no leak physics.
"""

from typing import Any, NamedTuple

from cls_infer.model import Derived, Model, Observable, Parameter, State, fixed, lognormal, normal_noise
from cls_infer.model.reference import healthy_hematocrit, weight
from cls_infer.physiology import haemoglobin

parameters = {
    "k_12": Parameter("1/h", lognormal(3.6, 0.4), "0.05-0.07 /min [M]"),
    "k_21": Parameter("1/h", lognormal(0.9, 0.6), "0.01-0.03 /min [M]"),
    "k_10": Parameter("1/h", lognormal(0.5, 0.8), "awake; 10-20 % of it under anaesthesia, Hahn 2010 [F]"),
    "BW": Parameter("kg", weight, "reference 70 kg; unknown adult [A]", reference=70.0),
    "V_c": Parameter("L", lognormal(3.01, 0.15), "43 mL/kg, physiology.md 4.1", proportional_to="BW"),
    "Hct0": Parameter("1", healthy_hematocrit, "by sex, physiology.md 13", reference=0.42),
    "MCHC": Parameter("g/L", fixed(333.0), "physiology.md 12"),
}

states = {
    "x_c": State("L", lambda p, h: 0.0 * p.V_c, what="volume", place="central space"),  # beyond that of health
    "x_1": State("L", lambda p, h: 0.0 * p.V_c, what="volume", place="peripheral space"),
    "U": State("L", lambda p, h: 0.0 * p.V_c, what="volume", place="urine"),  # since the start
}


class Flows(NamedTuple):
    dilution: Any
    hematocrit: Any
    hemoglobin: Any
    central: Any
    peripheral: Any
    urine: Any
    urine_rate: Any
    exchange: Any


def health(p):
    return ()


def flows(t, y, p, h, u):
    dilution = y.x_c / p.V_c  # D = x_c / V_c
    hematocrit = p.Hct0 / (1 + dilution * (1 - p.Hct0))  # D = (Hb0/Hb - 1)/(1 - Hct0)
    return Flows(
        dilution=dilution,
        hematocrit=hematocrit,
        hemoglobin=haemoglobin(hematocrit, p.MCHC),
        central=y.x_c,
        peripheral=y.x_1,
        urine=y.U,
        urine_rate=p.k_10 * y.x_c,
        exchange=p.k_12 * y.x_c - p.k_21 * y.x_1,
    )


def rates(f, y, p, h, u):
    return {
        "x_c": u.water - f.urine_rate - f.exchange - u.ultrafiltration,
        "x_1": f.exchange,
        "U": f.urine_rate,
    }


model = Model(
    __doc__,
    parameters,
    states,
    health,
    flows,
    rates,
    observables={
        "hematocrit": Observable("1", lambda f: f.hematocrit, normal_noise(0.01)),
        "hemoglobin": Observable("g/L", lambda f: f.hemoglobin, normal_noise(3.0)),
        "plasma_dilution": Observable("1", lambda f: f.dilution, normal_noise(0.02)),
        "urine": Observable("L", lambda f: f.urine, normal_noise(0.03, relative=0.10), accumulates=True),
    },
    derived={
        "central_excess": Derived("L", lambda f: f.central),
        "peripheral_excess": Derived("L", lambda f: f.peripheral),
        "urine_rate": Derived("L/h", lambda f: f.urine_rate),
    },
    channels=("water", "ultrafiltration"),
)
