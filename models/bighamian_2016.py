"""Blood volume under a fluid shift that a feedback regulates, without a wall.

Bighamian, Reisner and Hahn's control-theoretic model (2016, Front Physiol [M]; `physiology.md` 4.5, structure [F],
algebra [M]): of a volume given or lost the share 1/(1 + alpha) stays with the blood, and the interstitium takes
up the rest at the gain K. Transfused red cells all stay. `alpha_u` belongs to the fluid given: 2-3 for crystalloid,
0-0.3 for colloid. Knows neither urine nor protein, hence no leak physics.

Under infusions alone it is `volume_kinetics` without urine, at alpha_u = k_12 / k_21 and K = k_12 + k_21.
"""

from typing import Any, NamedTuple

from cls_infer.model import Derived, Model, Observable, Parameter, State, fixed, lognormal, normal_noise
from cls_infer.model.reference import healthy_hematocrit, weight
from cls_infer.physiology import fluid_shift, haematocrit, haemoglobin, red_cell_volume, retained_rate

parameters = {
    "alpha_u": Parameter("1", lognormal(2.5, 0.4), "crystalloid 2-3, physiology.md 4.5 [M]"),
    "alpha_v": Parameter("1", lognormal(0.8, 0.6), "394 of 900 mL refilled at 6 h [D], physiology.md 10; spread [A]"),
    "K": Parameter("1/h", lognormal(2.5, 0.5), "1-6 /h, physiology.md 4.5 [M]"),
    "BW": Parameter("kg", weight, "reference 70 kg; unknown adult [A]", reference=70.0),
    "V_p0": Parameter("L", lognormal(3.01, 0.12), "43 mL/kg; Nadler [M]", reference=3.0, proportional_to="BW"),
    "Hct0": Parameter("1", healthy_hematocrit, "by sex, physiology.md 13", reference=0.42),
    "F_cell": Parameter("1", fixed(0.91), "F-cell ratio with isotope plasma volume [F]"),
    "MCHC": Parameter("g/L", fixed(333.0), "physiology.md 12"),
}

states = {
    "V_b": State("L", lambda p, h: h.V_b0, floor=0.3, what="volume", place="blood"),
    "r": State("L", lambda p, h: 0.0 * p.V_p0, what="gain of blood volume the shift steers to"),
    "V_r": State("L", lambda p, h: h.V_r0, what="red cells", place="blood"),
}


class Health(NamedTuple):
    V_b0: Any
    V_r0: Any


class Flows(NamedTuple):
    V_b: Any
    V_p: Any
    hematocrit: Any
    hemoglobin: Any
    shift: Any
    lost_cells: Any


def health(p):
    V_r0 = red_cell_volume(p.V_p0, p.Hct0, p.F_cell)
    return Health(V_b0=p.V_p0 + V_r0, V_r0=V_r0)


def flows(t, y, p, h, u):
    V_p = y.V_b - y.V_r
    hematocrit = haematocrit(V_p, y.V_r, p.F_cell)
    return Flows(
        V_b=y.V_b,
        V_p=V_p,
        hematocrit=hematocrit,
        hemoglobin=haemoglobin(hematocrit, p.MCHC),
        shift=fluid_shift(y.V_b - h.V_b0, y.r, p.K),
        lost_cells=u.bleeding * y.V_r / y.V_b,
    )


def rates(f, y, p, h, u):
    return {
        "V_b": u.water + u.red_cells - u.bleeding - f.shift,
        "r": retained_rate(u.water, p.alpha_u) + u.red_cells - retained_rate(u.bleeding, p.alpha_v),
        "V_r": u.red_cells - f.lost_cells,
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
        "plasma_volume": Observable("L", lambda f: f.V_p, normal_noise(0.15)),
    },
    derived={
        "blood_volume": Derived("L", lambda f: f.V_b),
        "fluid_shift": Derived("L/h", lambda f: f.shift),
    },
    channels=("water", "bleeding", "red_cells"),
)
