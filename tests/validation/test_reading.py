"""Numbers of one run and of two, on made-up courses."""

import numpy as np
import pytest

from cls_infer.cohort.scenario import Scenario, Shows
from cls_infer.solve.lanes import OK, STATUS_WORDS
from cls_infer.solve.simulate import Simulation
from cls_infer.validation.reading import COMPARED, Compared, Read

ONE, OTHER = (Scenario(name, name, (), "", 2.0, 1.0, {}, (), ()) for name in ("one", "other"))
RISE = Shows("plasma_volume", "largest", 0.0, 1.0, "made up", change="rise", per=0.5)
UNITS = {"plasma_volume": "L", "flux": "g/h", "part": "g/h", "albumin": "g/L"}


def course(*values: float) -> Simulation:
    return Simulation(np.arange(3.0), {"plasma_volume": ("L", np.array(values))}, {}, STATUS_WORDS[OK])


SIMULATIONS = {"one": course(3.0, 4.0, 3.5), "other": course(3.0, 3.25, 3.1)}


@pytest.mark.parametrize(("how", "number"), [("ratio", 4.0), ("increase", 3.0), ("difference", 1.5)])
def test_two_runs_are_compared(how, number):
    read = Read(ONE, RISE, "L")
    assert read.number(SIMULATIONS) == 2.0
    compared = Compared(read, OTHER, how)
    assert compared.number(SIMULATIONS) == pytest.approx(number)
    assert compared.runs == (ONE, OTHER) and how in COMPARED
    assert compared.unit(UNITS) == ("L/L" if how == "difference" else "1")


@pytest.mark.parametrize(
    ("quantity", "over", "relative", "per_unit", "unit"),
    [
        ("plasma_volume", (), False, "kg", "L/kg"),
        ("plasma_volume", (), True, "1", "1"),
        ("flux", ("part",), False, "1", "1"),  # not g/h/g/h, which is 1/h**2
        ("flux", ("part",), False, "h", "1/h"),
        ("flux", ("albumin",), False, "1", "g/h/g/L"),
    ],
)
def test_the_unit_of_what_is_read(quantity, over, relative, per_unit, unit):
    shows = Shows(quantity, "at", 0.0, 1.0, "made up", hour=0.0, over=over, relative=relative)
    assert Read(ONE, shows, per_unit).unit(UNITS) == unit
