"""The plasma volumes derived from the two case reports are those of the haematocrits and albumins that are shipped."""

import csv
import tomllib
from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "data"
BASELINE = {"SCLS_A_PMC10372265": 96.0, "CLS_C_PMC7364833": 0.0}
PRINTED = 0.0006  # three decimals, of which the last is rounded


def rows():
    with (DATA / "case_reports" / "derived_relative_pv.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read(name: str) -> dict[tuple[str, float], float]:
    with (DATA / name / "measurements.csv").open(encoding="utf-8") as file:
        return {(row["variable"], float(row["time"])): float(row["value"]) for row in csv.DictReader(file)}


def cut_from(name: str) -> dict[tuple[str, float], float]:
    source = tomllib.loads((DATA / name / "source.toml").read_text(encoding="utf-8"))
    return {(row["variable"], float(row["time"])): row["value"] for row in source["cut"]["rows"]}


SHIPPED = {
    "SCLS_A_PMC10372265": read("clarkson_a"),
    "CLS_C_PMC7364833": read("drug_leak_c") | cut_from("drug_leak_c"),
}


def plasma_of(haematocrit: float, body: float = 1.0) -> float:
    """Return plasma per red cells at a haematocrit [%] of which the body's is a share."""
    return (100 - body * haematocrit) / (body * haematocrit)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['case_id']} {row['time_h']} h")
def test_a_derived_volume_follows_from_the_shipped_samples(row):
    shipped, time, baseline = SHIPPED[row["case_id"]], float(row["time_h"]), BASELINE[row["case_id"]]
    assert float(row["hct_pct"]) == shipped["hematocrit", time]
    plasma = plasma_of(shipped["hematocrit", time]) / plasma_of(shipped["hematocrit", baseline])
    assert float(row["plasma_volume_rel_baseline"]) == pytest.approx(plasma, abs=PRINTED)
    if row["albumin_g_dL"]:
        assert float(row["albumin_g_dL"]) == shipped["albumin", time]
        mass = plasma * shipped["albumin", time] / shipped["albumin", baseline]
        assert float(row["intravascular_albumin_mass_rel"]) == pytest.approx(mass, abs=PRINTED)


def test_every_sample_of_both_patients_is_there():
    times = {(row["case_id"], float(row["time_h"])) for row in rows()}
    in_hospital = {
        (case, time) for case, shipped in SHIPPED.items() for variable, time in shipped if variable == "hematocrit"
    }
    # visits before, and one after without a date, are not of the attack
    assert times == {(case, time) for case, time in in_hospital if 0 <= time <= 168}


# the days of recovery; how many times its value plasma becomes, and its albumin, as the rows of data/validation say
RECOVERIES = {("SCLS_A_PMC10372265", 24.0, 48.0): (2.21, 2.76), ("CLS_C_PMC7364833", 96.0, 120.0): (1.69, 2.01)}


@pytest.mark.parametrize(("case", "before", "after"), RECOVERIES)
def test_the_rise_on_the_day_of_recovery_counts_the_body_s_haematocrit(case, before, after):
    shipped = SHIPPED[case]
    old, new = (plasma_of(shipped["hematocrit", time], body=0.91) for time in (before, after))
    gain = new / old
    more = shipped["albumin", after] / shipped["albumin", before]
    assert (gain, gain * more) == pytest.approx(RECOVERIES[case, before, after], abs=0.006)
