"""Scenario files: what is wrong with one is told at once."""

import pytest

from cls_infer.cohort.scenario import read_scenario, shipped_scenarios
from cls_infer.errors import InputError

GOOD = """
title = "A leak"
models = ["two_pore"]
reference = "a test"
hours = 12
[set]
m_L = 3
[[therapy]]
start = 0
end = 1
item = "saline_0.9"
amount = 500
unit = "mL"
[[shows]]
quantity = "hematocrit"
measure = "at"
hour = 6
low = 0.4
high = 0.5
source = "a test"
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "story.toml"
        path.write_text(text, encoding="utf-8")
        return read_scenario(str(path))

    return read


def test_a_scenario_as_read(read):
    story = read(GOOD)
    assert (story.name, story.models, story.hours, story.every) == ("story", ("two_pore",), 12.0, 1.0)
    assert story.changes == {"m_L": 3.0}
    (event,) = story.therapy
    assert (event.item, event.start, event.end, event.amount) == ("saline_0.9", 0.0, 1.0, 0.5)
    (shows,) = story.shows
    assert (shows.quantity, shows.hour, shows.low, shows.high) == ("hematocrit", 6.0, 0.4, 0.5)


WRONG = {
    "an unknown key": (
        GOOD.replace("hours = 12", "hours = 12\nhuors = 3"),
        "unknown key `huors`; did you mean `hours`?",
    ),
    "nothing to run": (GOOD.replace('title = "A leak"\n', ""), "`title` is missing"),
    "text in a number": (GOOD.replace("m_L = 3", 'm_L = "three"'), "`set.m_L` is `three`"),
    "an unknown therapy": (GOOD.replace("saline_0.9", "salin"), "unknown item `salin`"),
    "a negative amount": (GOOD.replace("amount = 500", "amount = -500"), "-500"),
    "a unit that does not fit": (GOOD.replace('"mL"', '"mmHg"'), "mmHg"),
    "an unknown measure": (GOOD.replace('"at"', '"median"'), "`measure` is `median`"),
    "at no hour": (GOOD.replace("hour = 6\n", ""), "`hour` is missing"),
    "low above high": (GOOD.replace("low = 0.4", "low = 0.6"), "`low` 0.6 is above `high` 0.5"),
    "no TOML": ("title = ", "is not TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_bad_scenario_is_refused(read, case):
    text, words = WRONG[case]
    with pytest.raises(InputError) as error:
        read(text)
    assert words in str(error.value)


def test_all_problems_come_at_once(read):
    text = GOOD.replace("saline_0.9", "salin").replace('"at"', '"median"').replace("m_L = 3", "m_L = nan")
    with pytest.raises(InputError) as error:
        read(text)
    assert len(error.value.problems) == 3


def test_an_unknown_scenario_names_the_nearest():
    with pytest.raises(InputError, match="did you mean `tenfold_leak`"):
        read_scenario("tenfold_leek")
    assert "source" not in shipped_scenarios()
