"""Do a model's equations fit its units? Change the size of one base unit after the other and see.

A model that holds no bare constant and states every unit rightly gives the same physics in any units: when
the litre is made smaller, every number in litres grows, and nothing else changes.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from tokenize import TokenError
from typing import Any

import jax
import numpy as np

from ..physiology.inputs import Inputs
from .prior import Fixed, value
from .spec import Model

BASE_UNITS = ("L", "h", "mmHg", "g", "nm", "kg", "ug", "min", "mmol", "ng", "mL", "mg", "degC")
"""Taken as independent of one another: kg is body weight, g protein, min belongs to pressor doses alone, mL to
laboratory concentrations in ng/mL, mg to diuretic doses, degC to body temperature."""

CHANNEL_UNITS = Inputs(  # type: ignore[arg-type]
    water="L/h",
    albumin="g/h",
    globulin="g/h",
    red_cells="L/h",
    bleeding="L/h",
    ultrafiltration="L/h",
    intake="1",
    norepinephrine="ug/kg/min",
    venous_pressure="mmHg",
    transmembrane_pressure="mmHg",
    diuresis="1",
    venodilation="L",
    arterial_tone="1",
    evaporation="1",
    albumin_synthesis="1",
    albuminuria="L/h",
    lymph_patency="1",
    sodium="mmol/h",
    plasma_removed="L/h",
    furosemide="mg/h",
    temperature="degC",
    steroid="1",
    immunoglobulin="1",
    aminophylline_terbutaline="1",
    anti_ang2="1",
    colloid="g/h",
)._asdict()
USUAL_INPUT = Inputs(
    *(0.3, 5.0, 4.0, 0.1, 0.2, 0.15, 0.6, 0.2, 3.0, 120.0, 1.5, 0.2, 0.8, 1.3, 0.8, 0.01, 0.7, 30.0),
    plasma_removed=0.4,
    furosemide=8.0,
    temperature=39.0,
    steroid=1.0,
    immunoglobulin=0.6,
    aminophylline_terbutaline=0.8,
    anti_ang2=0.9,
    colloid=6.0,
)
RTOL = 1e-9
"""Rounding, magnified by the cancellation between fluxes that nearly balance."""

type Point = tuple[Any, ...]


def dimension_errors(model: Model, *, seed: int = 0) -> list[str]:
    """Return what in a model changes with the size of a unit though it should not; empty for a sound model.

    Every parameter, state, input and the time are read in units of another size. Then states in health,
    rates, observables and derived quantities must change by their own unit's factor alone, to 1e-9.

    Args:
        model: the model.
        seed: of the points where it is evaluated; away from health and from steady states.
    """
    wrong = [*_unreadable(model), *_misplaced_noise(model)]
    if wrong:
        return wrong
    look = jax.jit(lambda point: _everything(model, *point))
    for point in _points(model, np.random.default_rng(seed), look):
        here = _flat(look(point))
        wrong += [f"{name} is not finite at {_where(point)}" for name, v in here.items() if not np.isfinite(v)]
        for unit in BASE_UNITS:
            wrong += _changes_with(model, unit, here, _flat(look(_in_units(model, point, unit))))
    return list(dict.fromkeys(wrong))


def _everything(model: Model, t: Any, y: Any, numbers: Any, u: Any) -> dict[str, Any]:
    p = model.Parameters(**{**_integers(model), **numbers})
    h = model.health(p)
    f = model.flows(t, y, p, h, u)
    rates = model.States(**model.rates(f, y, p, h, u))
    return {
        **{f"`{name}` in health": v for name, v in model.initial(p, h)._asdict().items()},
        **{f"d`{name}`/dt": v for name, v in rates._asdict().items()},
        **{f"observable `{name}`": o.of(f) for name, o in model.observables.items()},
        **{f"derived `{name}`": d.of(f) for name, d in model.derived.items()},
        **{f"healthy `{name}`": r.of(p, h) for name, r in model.healthy_ranges.items()},
    }


def _units(model: Model) -> dict[str, str]:
    """Return the unit of everything that `_everything` returns."""
    return {
        **{f"`{name}` in health": state.unit for name, state in model.states.items()},
        **{f"d`{name}`/dt": f"({state.unit})/h" for name, state in model.states.items()},
        **{f"observable `{name}`": o.unit for name, o in model.observables.items()},
        **{f"derived `{name}`": d.unit for name, d in model.derived.items()},
        **{f"healthy `{name}`": r.unit for name, r in model.healthy_ranges.items()},
    }


def _points(model: Model, rng: np.random.Generator, look: Callable[[Point], Mapping[str, Any]]) -> Iterator[Point]:
    """Yield times, states, parameters and inputs: drawn near the reference adult, off any steady state.

    Health is read from `look`, which is compiled once; it does not depend on the states.
    """
    anywhere = model.States(*(1.0 for _ in model.states))
    for t in (5.0, 26.0, 70.0):
        numbers = {}
        for name, parameter in model.parameters.items():
            prior = parameter.prior_of({})
            if isinstance(prior, Fixed) and not isinstance(prior.number, int):
                numbers[name] = float(prior.number)
            elif not isinstance(prior, Fixed):
                numbers[name] = float(value(prior, 0.5 * rng.standard_normal()))
        seen = look((t, anywhere, numbers, USUAL_INPUT))
        healthy = [seen[f"`{name}` in health"] for name in model.states]
        y = model.States(*(float(v) * rng.uniform(0.85, 1.15) or rng.uniform(0.1, 0.5) for v in healthy))
        u = Inputs(*(float(v) * rng.uniform(0.7, 1.3) for v in USUAL_INPUT))
        yield t, y, numbers, u


def _in_units(model: Model, point: Point, unit: str) -> Point:
    """Return the same point as it reads where `unit` has another size."""
    t, y, numbers, u = point
    return (
        t * _factor("h", unit),
        model.States(*(v * _factor(s.unit, unit) for v, s in zip(y, model.states.values(), strict=True))),
        {name: v * _factor(model.parameters[name].unit, unit) for name, v in numbers.items()},
        Inputs(*(v * _factor(CHANNEL_UNITS[name], unit) for name, v in u._asdict().items())),
    )


def _changes_with(model: Model, unit: str, here: Mapping[str, float], there: Mapping[str, float]) -> list[str]:
    wrong = []
    for name, stated in _units(model).items():
        expected = here[name] * _factor(stated, unit)
        if np.isfinite(expected) and not abs(there[name] - expected) <= RTOL * abs(expected):
            wrong.append(f"{name} is not in `{stated}`: it changes otherwise with the size of `{unit}`")
    return wrong


@cache
def _registry() -> Any:
    import pint

    registry = pint.UnitRegistry(None)
    for unit in BASE_UNITS:
        registry.define(f"{unit} = [{unit}]")
    return registry


@cache
def _factor(stated: str, unit: str) -> float:
    """Return what a number in unit `stated` is multiplied by when the base unit `unit` shrinks 1.7-fold."""
    return 1.7 ** float(dict(_registry().Quantity(1.0, stated if stated != "1" else "").unit_items()).get(unit, 0))


def _unreadable(model: Model) -> list[str]:
    """Return the units that cannot be read in terms of the base units."""
    import pint

    stated = {f"parameter `{name}`": parameter.unit for name, parameter in model.parameters.items()}
    wrong = []
    for name, unit in {**stated, **_units(model)}.items():
        try:
            _factor(unit, "L")
        except (pint.PintError, TokenError) as error:
            wrong.append(f"{name}: the unit `{unit}` cannot be read; {error}")
    return wrong


def _misplaced_noise(model: Model) -> list[str]:
    """Return the observables whose estimated scatter is a parameter in another unit."""
    wrong = []
    for name, observable in model.observables.items():
        if isinstance(scale := observable.noise.scale, str):
            stated = "1" if observable.noise.shape == "lognormal" else observable.unit
            if model.parameters[scale].unit != stated:
                wrong.append(f"observable `{name}`: its scatter `{scale}` is not in `{stated}`")
    return wrong


def _integers(model: Model) -> dict[str, int]:
    """Return the parameters that are exponents: held, and without a unit."""
    priors = {name: parameter.prior_of({}) for name, parameter in model.parameters.items()}
    return {name: p.number for name, p in priors.items() if isinstance(p, Fixed) and isinstance(p.number, int)}


def _flat(found: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(v) for name, v in found.items()}


def _where(point: Point) -> str:
    return f"t = {point[0]:g} h"
