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


def plasma_of(haematocrit: float) -> float:
    """Return plasma per red cells at a haematocrit [%]."""
    return (100 - haematocrit) / haematocrit


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
