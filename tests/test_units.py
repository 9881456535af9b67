"""Units are converted once, by the closed forms, there and back, and a slip is named."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cls_infer.units import COMMON, EQUIVALENTS, SPELLINGS, UnitError, convert, fitting_units

CLOSED_FORMS = [  # value, unit, to, variable, what it is
    (4.1, "g/dL", "g/L", "albumin", 41.0),
    (0.6, "mmol/L", "g/L", "albumin", 39.9),
    (600, "umol/L", "g/L", "albumin", 39.9),
    (8.5, "mmol/L", "g/L", "hemoglobin", 8.5 * 16.114),
    (1.0, "mg/dL", "umol/L", "creatinine", 10 / 0.11312),
    (28.014, "mg/dL", "mmol/L", "bun", 10.0),
    (140, "mEq/L", "mmol/L", "sodium", 140.0),
    (6000, "mL", "L", None, 6.0),
    (3, "dL", "L", None, 0.3),
    (42, "%", "1", None, 0.42),
    (0.42, "fraction", "1", None, 0.42),
    (1, "kPa", "mmHg", None, 1000 / 133.322387415),
    (10, "cmH2O", "mmHg", None, 98.0665 * 10 / 133.322387415),
    (2.02, "dmHg", "mmHg", None, 202.0),
    (200, "mL/min", "L/h", None, 12.0),
    (45, "mL/h", "L/h", None, 0.045),
    (8, "L/day", "L/h", None, 1 / 3),
    (2400, "mL/24h", "L/h", None, 0.1),
    (90, "minutes", "h", None, 1.5),
    (2, "days", "h", None, 48.0),
    (154, "lb", "kg", None, 154 * 0.45359237),
    (5000, "g", "kg", None, 5.0),
    (2500, "pg/mL", "ng/mL", None, 2.5),
    (6, "ug/kg/h", "ug/kg/min", None, 0.1),
    (2, "unit", "L", "red_cells", 0.36),
    (2, "units/h", "L/h", "red_cells", 0.36),
    (231, "K/uL", "1e9/L", None, 231.0),
    (114, "bpm", "1/min", None, 114.0),
    (98.6, "\u00b0F", "degC", None, 37.0),
    (0.1, "\u00b5g / kg / min", "ug/kg/min", None, 0.1),
]


@pytest.mark.parametrize(("value", "unit", "to", "variable", "expected"), CLOSED_FORMS)
def test_what_clinics_write_becomes_canonical(value, unit, to, variable, expected):
    # 1e-7: density of mercury and water to the digits pint holds; 1e-12 where none is involved
    rtol = 1e-7 if unit in ("kPa", "cmH2O") else 1e-12
    np.testing.assert_allclose(convert(value, unit, to, variable=variable), expected, rtol=rtol)


@pytest.mark.parametrize(("value", "to"), [(3.9, "g/L"), (0.0, "mmHg"), (-5.5, "degC"), (1e-9, "ug/kg/min")])
def test_a_canonical_value_is_left_alone(value, to):
    assert convert(value, to, to) == value


related = st.sampled_from(
    [
        ("g/dL", "mg/L", None),
        ("g/L", "umol/L", "albumin"),
        ("mmHg", "cmH2O", None),
        ("kPa", "dmHg", None),
        ("mL/min", "L/day", None),
        ("lb", "kg", None),
        ("degF", "degC", None),
        ("unit", "mL", "red_cells"),
        ("%", "1", None),
        ("week", "min", None),
    ]
)


@given(value=st.floats(-1e6, 1e6), pair=related)
def test_there_and_back_is_where_it_was(value, pair):
    unit, to, variable = pair
    back = convert(convert(value, unit, to, variable=variable), to, unit, variable=variable)
    np.testing.assert_allclose(back, value, rtol=1e-12, atol=1e-10)  # atol: the offset of a temperature


@given(value=st.floats(0, 1e6), factor=st.floats(0, 10), pair=related.filter(lambda pair: pair[0] != "degF"))
def test_conversion_is_proportional(value, factor, pair):
    unit, to, variable = pair
    scaled = convert(factor * value, unit, to, variable=variable)
    expected = factor * convert(value, unit, to, variable=variable)
    # atol: numbers near the smallest a float can hold have no relative precision left
    np.testing.assert_allclose(scaled, expected, rtol=1e-12, atol=1e-290)


@pytest.mark.parametrize("unit", [unit for spellings in SPELLINGS.values() for unit in spellings])
def test_every_spelling_is_understood(unit):
    assert convert(1.0, unit, unit) == 1.0


@pytest.mark.parametrize("variable", EQUIVALENTS)
def test_an_equivalent_works_both_ways(variable):
    unit, to = {"equivalent": ("mEq", "mmol"), "mol": ("mmol", "g"), "blood_unit": ("unit", "L")}[
        EQUIVALENTS[variable][0]
    ]
    one = convert(1.0, unit, to, variable=variable)
    np.testing.assert_allclose(convert(one, to, unit, variable=variable), 1.0, rtol=1e-12)
    with pytest.raises(UnitError):
        convert(1.0, unit, to)


@pytest.mark.parametrize(
    ("unit", "meant"),
    [
        ("g/dLL", "g/dL"),
        ("MG/DL", "mg/dL"),
        ("mmHgg", "mmHg"),
        ("litr", "litre"),
        ("mcg/kg/mn", "mcg/kg/min"),
    ],
)
def test_an_unknown_unit_names_the_nearest(unit, meant):
    with pytest.raises(UnitError, match=f"`{unit}` is not known; did you mean `{meant}`"):
        convert(1.0, unit, "g/L")


@pytest.mark.parametrize("unit", ["", "/", "g//L", "zzzzzz", "degC/h", "1/0"])
def test_nonsense_is_a_unit_error(unit):
    with pytest.raises(UnitError):
        convert(1.0, unit, "g/L")


def test_a_unit_of_something_else_lists_those_that_fit():
    with pytest.raises(UnitError, match="cannot become `g/L` for `albumin`") as caught:
        convert(4.1, "mmHg", "g/L", variable="albumin")
    assert "`g/dL`" in caught.value.remedy
    assert "`mmol/L`" in caught.value.remedy


def test_the_unit_that_fits_best_comes_first():
    assert fitting_units(4.1, "mg/dL", "g/L", 1, 80, variable="albumin")[0] == "g/dL"
    assert fitting_units(42, "1", "1", 0.05, 0.85) == ("%",)
    assert fitting_units(500, "L", "L", 0, 40)[0] == "mL"
    assert fitting_units(1e30, "g/L", "g/L", 1, 80) == ()


def test_every_proposed_unit_is_known():
    assert all(convert(1.0, unit, unit) == 1.0 for unit in COMMON)


def test_importing_units_does_not_load_pint():
    code = "import sys, cls_infer.units; print('pint' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
