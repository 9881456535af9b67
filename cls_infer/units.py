"""The one place where units are converted: from what clinics write to the canonical units.

Canonical: L, L/h, mmHg, h, g, g/L, kg (body weight), 1 (fractions), ng/mL, mmol/L.
"""

from difflib import SequenceMatcher, get_close_matches
from functools import cache
from math import isclose
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pint

SPELLINGS: dict[str, tuple[str, ...]] = {  # pint expression -> how it is written
    "L": ("L", "l", "litre", "litres", "liter", "liters"),
    "dL": ("dL", "dl"),
    "mL": ("mL", "ml", "cc"),
    "uL": ("uL", "ul"),
    "kg": ("kg",),
    "g": ("g",),
    "mg": ("mg",),
    "ug": ("ug", "mcg"),
    "ng": ("ng",),
    "pg": ("pg",),
    "lb": ("lb", "lbs"),
    "mol": ("mol",),
    "mmol": ("mmol", "mOsm", "mosm"),
    "umol": ("umol",),
    "nmol": ("nmol",),
    "pmol": ("pmol",),
    "0.001 equivalent": ("mEq", "meq", "mval"),
    "blood_unit": ("unit", "units"),
    "year": ("year", "years"),
    "week": ("week", "weeks"),
    "day": ("day", "days", "d", "24h"),
    "hour": ("h", "hour", "hours", "hr", "hrs"),
    "minute": ("min", "mins", "minute", "minutes"),
    "second": ("s", "sec", "second", "seconds"),
    "mmHg": ("mmHg", "mmhg", "torr", "Torr"),
    "100 mmHg": ("dmHg",),
    "10 mmHg": ("cmHg",),
    "cmH2O": ("cmH2O", "cmh2o"),
    "kPa": ("kPa",),
    "Pa": ("Pa",),
    "hPa": ("hPa", "mbar"),
    "m": ("m",),
    "cm": ("cm",),
    "inch": ("inch", "inches"),
    "degC": ("degC", "\u00b0C", "C"),
    "degF": ("degF", "\u00b0F", "F"),
    "0.01": ("%", "percent"),
    "1": ("1", "fraction", "beats", "breaths"),
    "1000": ("1e3", "10^3", "1000", "K"),
    "1e6": ("1e6", "10^6"),
    "1e9": ("1e9", "10^9", "G"),
    "1 / minute": ("bpm",),
}

EQUIVALENTS: dict[str, tuple[str, str]] = {  # variable -> (this much, is this much)
    "albumin": ("mol", "66.5 kg"),  # physiology.md 0
    "interstitial_albumin": ("mol", "66.5 kg"),
    "baseline_albumin": ("mol", "66.5 kg"),
    "hemoglobin": ("mol", "16.114 kg"),  # per haem, as laboratories report it
    "creatinine": ("mol", "113.12 g"),
    "bun": ("mol", "28.014 g"),  # the nitrogen of one urea
    "urea": ("mol", "60.06 g"),
    "glucose": ("mol", "180.16 g"),
    "lactate": ("mol", "90.08 g"),
    "bilirubin": ("mol", "584.66 g"),
    "sodium": ("equivalent", "1 mol"),
    "potassium": ("equivalent", "1 mol"),
    "chloride": ("equivalent", "1 mol"),
    "bicarbonate": ("equivalent", "1 mol"),
    "red_cells": ("blood_unit", "0.18 L"),  # packed cells of one transfusion unit, physiology.md 5.5 [M]
}

COMMON = (  # whole units worth proposing, the likeliest first
    *("g/L", "g/dL", "mg/dL", "mg/L", "ug/L", "ng/mL", "pg/mL", "mmol/L", "umol/L", "%", "1"),
    *("L", "mL", "dL", "unit", "L/h", "mL/h", "mL/min", "L/day", "mL/day", "L/min", "1/h", "1/min", "mL/kg"),
    *("mmHg", "kPa", "cmH2O", "dmHg", "kg", "g", "lb", "m", "cm", "inch", "h", "min", "day", "year"),
    *("ug/kg/min", "degC", "degF", "1e9/L", "K/uL"),
)


class UnitError(ValueError):
    """A unit is not known, or cannot become the one asked for; `remedy` says what to write."""

    def __init__(self, message: str, remedy: str):
        """Keep what is wrong and what to write apart."""
        self.message, self.remedy = message, remedy
        super().__init__(f"{message}; {remedy}")


@cache
def registry() -> "pint.UnitRegistry":
    """Return the registry with the two units of the ward that pint lacks."""
    import pint

    units = pint.UnitRegistry()
    units.define("blood_unit = [blood_unit]")
    units.define("equivalent = [charge]")
    return units


def convert(value: float, unit: str, to: str, *, variable: str | None = None) -> float:
    """Return `value`, written in `unit`, in the unit `to`.

    `variable` tells what is measured where that decides the answer: 1 mmol/L of albumin is 66.5 g/L,
    1 unit of red cells is 0.18 L.

    Raises:
        UnitError: the unit is not known, or measures something else.
    """
    line = _line(unit, to, variable)
    if line is None:
        of_variable = f" for `{variable}`" if variable else ""
        known = ", ".join(f"`{common}`" for common in _common_units(to, variable))
        raise UnitError(f"`{unit}` cannot become `{to}`{of_variable}", f"write one of {known}")
    scale, offset = line
    return scale * value + offset


def fitting_units(
    value: float, unit: str, to: str, low: float, high: float, *, variable: str | None = None
) -> tuple[str, ...]:
    """Return the common units that put `value` within [`low`, `high`] of `to`, the most like `unit` first."""
    fitting = [
        common for common in _common_units(to, variable) if low <= convert(value, common, to, variable=variable) <= high
    ]
    return tuple(sorted(fitting, key=lambda common: -SequenceMatcher(None, common, unit).ratio()))


def _common_units(to: str, variable: str | None) -> tuple[str, ...]:
    """Return the common units of the same build that can become `to`: not 1/h for ug/kg/min."""
    same_build = (unit for unit in COMMON if unit.count("/") == to.count("/"))
    return tuple(unit for unit in same_build if _line(unit, to, variable))


@cache
def _line(unit: str, to: str, variable: str | None) -> tuple[float, float] | None:
    """Return (scale, offset) from `unit` to `to`, or None; only temperatures have an offset."""
    import pint

    (factor, source), (target_factor, target) = _parse(unit), _parse(to)
    units = registry()
    for bridge in _bridges(variable):
        try:
            at_zero = units.Quantity(0.0, source * bridge.units).to(target).magnitude
            at_one = units.Quantity(1.0, source * bridge.units).to(target).magnitude
        except pint.PintError:
            continue
        scale = (at_one - at_zero) * factor * bridge.magnitude / target_factor
        short = float(f"{scale:.12g}")  # 0.45359237 rather than 0.4535923700000001
        return short if isclose(short, scale, rel_tol=1e-14) else scale, at_zero / target_factor
    return None


def _bridges(variable: str | None) -> list["pint.Quantity"]:
    """Return what a quantity may be multiplied by to change its kind, nothing first."""
    nothing = registry().Quantity(1.0, "")
    if variable not in EQUIVALENTS:
        return [nothing]
    this, that = (registry().Quantity(side) for side in EQUIVALENTS[variable])
    return [nothing, that / this, this / that]


@cache
def _parse(unit: str) -> tuple[float, "pint.Unit"]:
    """Return `unit`, a chain such as `ug/kg/min`, as a factor and a pint unit."""
    atoms = {written: expression for expression, all_written in SPELLINGS.items() for written in all_written}
    parts = "".join(unit.split()).replace("\u00b5", "u").replace("\u03bc", "u").split("/")
    if not atoms.keys() >= set(parts):
        raise UnitError(f"unit `{unit}` is not known", _nearest(parts, list(atoms)))
    units = registry()
    quantities = [units.Quantity(atoms[part]) for part in parts]
    factor, kind = quantities[0].magnitude, quantities[0].units
    for quantity in quantities[1:]:
        factor, kind = factor / quantity.magnitude, kind / quantity.units
    return float(factor), kind


def _nearest(parts: list[str], atoms: list[str]) -> str:
    """Say which known unit was probably meant."""
    by_lower = {atom.lower(): atom for atom in reversed(atoms)}
    close = [get_close_matches(part.lower(), by_lower, n=1, cutoff=0.5) for part in parts]
    if not all(close):
        return f"write one such as {', '.join(f'`{common}`' for common in COMMON[:12])}"
    return f"did you mean `{'/'.join(by_lower[found] for (found,) in close)}`?"
