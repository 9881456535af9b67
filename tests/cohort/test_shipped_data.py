"""The data sets that come with the package read without a problem and hold what their sources print."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from cls_infer.cohort import ITEMS, read_cohort

ROOT = Path(__file__).parents[2]
SETS = {  # patients, observations, therapy rows, rows set aside
    "clarkson_a": (1, 46, 2, 5),
    "drug_leak_c": (1, 20, 2, 0),
    "dialyzer": (20, 140, 140, 0),
    "reference_adult": (5, 12, 7, 0),
    "reference_lung": (4, 4, 0, 0),
    "simulated_8": (8, 64, 8, 0),
    "simulated_50": (50, 400, 50, 0),
}


@pytest.mark.parametrize("name", SETS)
def test_a_shipped_set_has_what_its_source_has(name):
    cohort = read_cohort(ROOT / "data" / name)
    observed = sum(len(patient.measurements) for patient in cohort.patients)
    treated = sum(len(patient.therapy) for patient in cohort.patients)
    assert (len(cohort.patients), observed, treated, len(cohort.set_aside)) == SETS[name]


@pytest.mark.parametrize("name", SETS)
def test_a_shipped_set_names_its_source(name):
    source = tomllib.loads((ROOT / "data" / name / "source.toml").read_text(encoding="utf-8"))
    assert {"title", "origin", "reference", "licence", "converted", "assumed", "cut"} <= set(source)
    assert source["patients"] == SETS[name][0]


def test_the_clarkson_patient_leaks_before_admission_and_drains_after():
    (patient,) = read_cohort(ROOT / "data" / "clarkson_a").patients
    by_variable = {}
    for m in patient.measurements:
        by_variable.setdefault(m.variable, []).append(m)
    np.testing.assert_allclose(
        [m.value for m in by_variable["hematocrit"]], [0.675, 0.62, 0.406, 0.329, 0.334], rtol=1e-12
    )
    np.testing.assert_allclose(by_variable["map"][0].value, 50 + 47 / 3, rtol=1e-12)
    (urine,) = by_variable["urine"]
    assert (urine.time, urine.window, urine.value) == (48.0, 24.0, 6.0)
    assert (patient.covariates["onset"], patient.covariates["onset_gsd"]) == (-24.0, 1.6)
    assert [event.amount for event in patient.therapy] == [None, None]  # no volume was published


def test_what_chemotherapy_did_is_cut_from_the_drug_leak():
    (patient,) = read_cohort(ROOT / "data" / "drug_leak_c").patients
    assert max(m.time for m in patient.measurements) == 120.0
    source = tomllib.loads((ROOT / "data" / "drug_leak_c" / "source.toml").read_text(encoding="utf-8"))
    assert {row["time"] for row in source["cut"]["rows"]} == {144, 168, 400}


def test_each_dialyser_is_read_under_its_own_pressure():
    for patient in read_cohort(ROOT / "data" / "dialyzer").patients:
        pairs = zip(patient.measurements, patient.therapy, strict=True)
        assert all(event.start < measurement.time < event.end for measurement, event in pairs)
        assert patient.covariates["blood_flow"] in (12.0, 18.0)


def test_items_feed_channels_that_exist():
    tree = ast.parse((ROOT / "cls_infer" / "physiology" / "inputs.py").read_text(encoding="utf-8"))
    (inputs,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    channels = {ast.unparse(node.target) for node in inputs.body if isinstance(node, ast.AnnAssign)}
    assert {channel for item in ITEMS.values() for channel in item.per_unit} == channels


def test_reading_needs_no_jax():
    code = f"""
import sys
from cls_infer.cohort import read_cohort
read_cohort({str(ROOT / "data" / "clarkson_a")!r})
print(*{{"jax", "numpy", "pandas"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "jax" not in done.stdout.split()
