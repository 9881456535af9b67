"""Rows of the validation page as files: what is wrong with them is told at once."""

import pytest

from cls_infer.errors import InputError
from cls_infer.validation.read import read_validation

GOOD = """
title = "Saline"
[runs.saline]
hours = 2
set = { k_u = 8 }
therapy = [{ start = 0, end = 1, item = "saline_0.9", amount = 500, unit = "mL" }]
[[rows]]
what = "Gain of plasma"
run = "saline"
quantity = "plasma_volume"
change = "rise"
measure = "at"
hour = 1
per = 70
per_unit = "kg"
published = 5
spread = 1
spread_kind = "SD"
unit = "mL/kg"
source = "a test"
trust = "A"
section = "10"
in_sample = false
value = { two_pore = 4 }
[[rows]]
data_row = 20
run = "saline_2_l"
quantity = "hematocrit"
change = "fall"
relative = true
measure = "at"
hour = 1
unit = "1"
in_sample = true
stated = 0.116
value = { two_pore = 0.1161 }
[[uncomputed]]
data_rows = [50, 51]
reason = "Rats."
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        (tmp_path / "saline.toml").write_text(text, encoding="utf-8")
        return read_validation(tmp_path)

    return read


def test_rows_as_read(read):
    (chapter,) = read(GOOD)
    own, of_table = chapter.comparisons
    run = own.reading.run
    assert (run.name, run.changes, run.therapy[0].amount) == ("saline/saline", {"k_u": 8.0}, 0.5)
    assert (own.published.low, own.published.high, str(own.published)) == (4.0, 6.0, "5 ± 1 (SD)")
    shows = own.reading.shows
    assert (shows.low, shows.high, own.reading.per_unit, own.unit) == (4.0, 6.0, "kg", "mL/kg")
    assert own.source.trust == "A" and not own.in_sample
    # 7.5 % of baseline, no spread: the table's unit becomes the row's, a tenth stands in
    assert of_table.published.value == pytest.approx(0.075)
    assert (of_table.published.low, of_table.published.high) == pytest.approx((0.0675, 0.0825))
    assert (
        of_table.reading.run.name == "saline_2_l" and "Lobo" in of_table.source.words and "Hct/Hb fall" in of_table.what
    )
    assert [one.data_row for one in chapter.uncomputed] == [50, 51]
    assert chapter.uncomputed[0].published == "9.8 ± 2.6 (SD) mL/kg"


FITTED = """
title = "Fits"
[runs.ringer]
hours = 4
therapy = [{ start = 0, end = 0.5, item = "ringer", amount = 1, unit = "L" }]
[runs.starch]
hours = 4
therapy = [{ start = 0, end = 0.5, item = "hes_130", amount = 1, unit = "L" }]
[kinetics.ringer]
runs = ["ringer", "ringer_25_ml_per_kg"]
less = "starch"
volumes = 2
since = 0.5
urine = true
sampled = [{ until = 1, times = 4 }, { until = 3, times = 2 }]
[[rows]]
data_row = 27
kinetics = "ringer"
constant = "half_life"
unit = "min"
in_sample = false
value = { two_pore = 4 }
[[rows]]
data_row = 30
run = "starch"
against = "ringer"
compared = "ratio"
quantity = "plasma_volume"
change = "rise"
measure = "largest"
unit = "1"
in_sample = false
value = { colloid = 3 }
[[rows]]
data_row = 46
minutes = 180
run = "starch"
quantity = "plasma_volume"
measure = "mean"
hour = 0
until = 3
per = 70
per_unit = "kg"
unit = "mL/kg"
in_sample = false
value = { colloid = 3 }
"""


def test_fits_and_comparisons_as_read(read):
    (chapter,) = read(FITTED)
    fitted, compared, area = chapter.comparisons
    kinetics = fitted.reading.kinetics
    assert [run.name for run in fitted.reading.runs] == ["saline/ringer", "ringer_25_ml_per_kg", "saline/starch"]
    assert (kinetics.volumes, kinetics.since, kinetics.urine) == (2, 0.5, True)
    assert kinetics.sampled == (0.25, 0.5, 0.75, 1.0, 2.0, 3.0)
    assert fitted.reading.hours == (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 2.5, 3.5)
    assert [run.name for run in compared.reading.runs] == ["saline/starch", "saline/ringer"]
    # 866 +- 341 min mL/kg over three hours
    assert (area.published.value, area.published.high) == pytest.approx((866 / 180, 1207 / 180))


WRONG_HOW = {
    "an unknown fit": (FITTED.replace('kinetics = "ringer"', 'kinetics = "ringe"'), "no fit `ringe`; did you mean"),
    "an unknown constant": (FITTED.replace('"half_life"', '"k_1"'), "`constant` is `k_1`"),
    "no constant": (FITTED.replace('constant = "half_life"\n', ""), "`constant` is missing"),
    "three volumes": (FITTED.replace("volumes = 2", "volumes = 3"), "`volumes` is `3`; write one of 1, 2"),
    "an unknown run of a fit": (FITTED.replace('["ringer", ', '["ring", '), "no run or scenario `ring`"),
    "an unknown run to take off": (FITTED.replace('less = "starch"', 'less = "starc"'), "no run or scenario `starc`"),
    "an unknown key of a fit": (FITTED.replace("urine = true", "urin = true"), "unknown key `urin`"),
    "no samples": (FITTED.replace("[{ until = 1, times = 4 }, { until = 3, times = 2 }]", "[]"), "`sampled` is `[]`"),
    "hours that go back": (FITTED.replace("until = 3", "until = 0.5"), "write hours that grow"),
    "samples after the run": (FITTED.replace("until = 3", "until = 3.6"), "4.1 h is outside the run's 0 to 4 h"),
    "a run beside a fit": (
        FITTED.replace("constant =", 'run = "ringer"\nconstant ='),
        "`run` is given beside `kinetics`",
    ),
    "a wrong unit of a constant": (FITTED.replace('"min"', '"L"'), "`min` cannot become `L`"),
    "a model without haemoglobin": (FITTED.replace("two_pore", "two_pore_experiment"), "has no quantity `hemoglobin`"),
    "an unknown comparison": (FITTED.replace('"ratio"', '"share"'), "`compared` is `share`"),
    "a comparison with nothing": (FITTED.replace('against = "ringer"\n', ""), "`against` is missing"),
    "a comparison without its kind": (FITTED.replace('compared = "ratio"\n', ""), "`compared` is missing"),
    "an unknown other run": (FITTED.replace('against = "ringer"', 'against = "ring"'), "no run or scenario `ring`"),
    "an area without its time": (FITTED.replace("minutes = 180\n", ""), "`minutes` is missing"),
    "an area over no time": (FITTED.replace("minutes = 180", "minutes = 0"), "`minutes` is `0`"),
    "minutes of no area": (GOOD.replace("data_row = 20", "data_row = 20\nminutes = 9"), "is no area"),
}


@pytest.mark.parametrize("case", WRONG_HOW)
def test_a_bad_fit_or_comparison_is_refused(read, case):
    text, words = WRONG_HOW[case]
    with pytest.raises(InputError) as error:
        read(text)
    assert words in str(error.value)


WRONG = {
    "an unknown key": (GOOD.replace("in_sample = false", "in_sample = false\nnoet = 1"), "did you mean `note`?"),
    "nothing said": (GOOD.replace('what = "Gain of plasma"\n', ""), "`what` is missing"),
    "an unknown model": (GOOD.replace("two_pore = 4", "two_poer = 4"), "no model `two_poer`; did you mean `two_pore`?"),
    "an unknown quantity": (GOOD.replace('"plasma_volume"', '"plasma_volum"'), "no quantity `plasma_volum`"),
    "an unknown divisor": (GOOD.replace("hour = 1\nper", 'hour = 1\nover = ["salt"]\nper'), "no quantity `salt`"),
    "a wrong unit": (GOOD.replace('"mL/kg"', '"mmHg"'), "has the unit `L/kg`: `L/kg` cannot become `mmHg`"),
    "a wrong unit of the table": (GOOD.replace('unit = "1"', 'unit = "L"'), "`%` cannot become `L`"),
    "a unit of nothing": (GOOD.replace('"mL/kg"', '"mL/kgg"'), "unit `mL/kgg` is not known"),
    "a sum of two kinds": (GOOD.replace("hour = 1\nper", 'hour = 1\nplus = ["albumin"]\nper'), "cannot be added"),
    "an unknown parameter": (GOOD.replace("k_u = 8", "ku = 8"), "no parameter `ku`"),
    "an unknown run": (GOOD.replace('run = "saline"', 'run = "salin"'), "no run or scenario `salin`; did you mean"),
    "an hour too late": (GOOD.replace("hour = 1\nper", "hour = 3\nper"), "3 h is outside the run's 0 to 2 h"),
    "an unknown measure": (GOOD.replace('"at"\nhour = 1\nper', '"median"\nhour = 1\nper'), "`measure` is `median`"),
    "an unknown trust": (GOOD.replace('trust = "A"', 'trust = "X"'), "`trust` is `X`"),
    "an unknown spread": (GOOD.replace('"SD"', '"SDD"'), "`spread_kind` is `SDD`"),
    "nothing published": (GOOD.replace("published = 5\n", ""), "nothing is published"),
    "published twice": (GOOD.replace("data_row = 20", "data_row = 20\npublished = 7.5"), "beside `data_row`"),
    "no such row": (GOOD.replace("data_row = 20", "data_row = 99"), "the table has no row `99`"),
    "no such row, uncomputed": (GOOD.replace("[50, 51]", "[50, 99]"), "the table has no row `99`"),
    "no model at all": (GOOD.replace("value = { two_pore = 4 }", "value = 4"), "`value` is `4`"),
    "an unknown therapy": (GOOD.replace('"saline_0.9"', '"salin"'), "unknown item `salin`"),
    "no reason": (GOOD.replace('reason = "Rats."', ""), "`reason` is missing"),
    "no TOML": ("title = ", "is not TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_bad_row_is_refused(read, case):
    text, words = WRONG[case]
    with pytest.raises(InputError) as error:
        read(text)
    assert words in str(error.value)


def test_all_problems_come_at_once(read):
    text = (
        GOOD.replace("two_pore = 4", "two_poer = 4").replace('unit = "1"', 'unit = "L"').replace("k_u = 8", "k_u = nan")
    )
    with pytest.raises(InputError) as error:
        read(text)
    assert len(error.value.problems) == 3
    text = FITTED.replace("volumes = 2", "volumes = 3").replace('"half_life"', '"k_1"').replace('"ratio"', '"share"')
    with pytest.raises(InputError) as error:
        read(text)
    assert len(error.value.problems) == 3


def test_a_folder_without_rows_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no rows"):
        read_validation(tmp_path)
