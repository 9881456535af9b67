"""What a reader can move: each parameter with its unit, where it usually lies and how far it may go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..model.attack import attack_parameters
from ..model.prior import Fixed, Spread, value
from ..model.reference import (
    blood,
    circulation,
    globulin,
    interstitium,
    kidney,
    leak_treatments,
    lymph,
    oncotic,
    protein,
    survival,
    two_pore_wall,
)
from ..model.sodium import sodium_parameters
from ..model.spec import Covariates, Model

Z_90 = 1.6448536269514722
"""Standard normal coordinate of 95 %: from minus to plus it there are 90 %."""

OWN = "Of this model alone"
BLOCKS = {
    "Attack": attack_parameters,
    "Wall of the vessels": two_pore_wall,
    "Colloid osmotic pressure": oncotic,
    "Body and blood": blood,
    "Plasma protein": {**protein, **globulin},
    "Interstitium": interstitium,
    "Lymph": lymph,
    "Circulation": circulation,
    "Kidney and water": kidney,
    "Effects of treatments": leak_treatments,
    "Survival": survival,
    "Sodium": sodium_parameters,
}
"""Where a parameter belongs; what is in none of them is the model's own."""


@dataclass(frozen=True)
class Control:
    """One parameter that can be moved: between `low` and `high`, from `usual`; `known` says where these are from.

    `estimated` is False where the source holds it fixed: it has no range of its own and stays out of the way.
    """

    name: str
    unit: str
    group: str
    known: str
    source: str
    usual: float
    low: float
    high: float
    estimated: bool


def controls_of(model: Model, patient: Covariates | None = None) -> tuple[Control, ...]:
    """Return what can be moved of a model, of the patient of whom this is known, in the model's order.

    A range is the prior's middle 90 %, widened where the usual value lies beyond it.
    """
    return tuple(_controls(model, patient or {}))


def _controls(model: Model, patient: Covariates) -> Iterator[Control]:
    reference = model.reference()._asdict()
    for name, parameter in model.parameters.items():
        usual = reference[name]
        prior = parameter.prior_of(patient)
        estimated = not (isinstance(prior, Fixed) or prior.known)
        base = parameter.proportional_to
        scale = reference[base] / model.reference_value(base) if base else 1.0
        low, middle, high = (usual,) * 3 if isinstance(prior, Fixed) else _quantiles(prior, scale)
        known = (
            f"prior {middle:.3g}, 90 % {low:.3g} to {high:.3g}"
            if estimated
            else f"held at {usual:.4g}{', a whole number' if model.is_whole(name) else ''}"
        )
        if not estimated:
            low, high = _about(usual)
        control = Control(
            name=name,
            unit="" if parameter.unit == "1" else parameter.unit,
            group=next((word for word, block in BLOCKS.items() if name in block), OWN),
            known=known,
            source=parameter.source,
            usual=float(usual),
            low=float(low),
            high=float(high),
            estimated=estimated,
        )
        yield holding(control, control.usual)


def _quantiles(prior: Spread, scale: float) -> tuple[float, float, float]:
    """Return the 5, 50 and 95 % quantiles of a prior, times a scale."""
    found = sorted(float(np.asarray(value(prior, z))) * scale for z in (-Z_90, 0.0, Z_90))
    return found[0], found[1], found[2]


def _about(usual: float) -> tuple[float, float]:
    """Return a range about a number that the source holds: from half of it to twice, either way of 0."""
    low, high = sorted((0.5 * usual, 2.0 * usual))
    return (low, high) if low < high else (-1.0, 1.0)


def holding(control: Control, number: float) -> Control:
    """Return a control whose range holds a number, with as much beyond it as there is to the middle of the range."""
    if control.low <= number <= control.high:
        return control
    half = (control.high - control.low) / 2
    low = number / 2 if control.low >= 0 < number else number - half  # what is never negative stays so
    return replace(control, low=min(control.low, low), high=max(control.high, number + half))


def strongest(reach: Mapping[str, float], most: int) -> tuple[str, ...]:
    """Return the names of the controls that move most, strongest first; those that move nothing stay out."""
    ranked = sorted((name for name, far in reach.items() if far > 0), key=lambda name: -reach[name])
    return tuple(ranked[:most])
