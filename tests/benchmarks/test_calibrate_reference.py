"""The calibration of the reference adult: what it makes of a model, and the tables it prints."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cls_infer import load_model, read_cohort
from cls_infer.inference.start import Start
from cls_infer.results.summary import Row
from cls_infer.solve.plan import plan
from cls_infer.validation.judge import Judged

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("calibrate_reference", ROOT / "benchmarks" / "calibrate_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model():
    return load_model("two_pore")


def estimate(name, q05, q50, q95):
    return Row(name, "1", q50, 1.0, q05, q50, q95, 1.0, 0.5, 0.0, 1.0, 400.0)


def test_every_row_of_the_experiments_is_used_and_scatters_by_its_own_spread_alone(script, model):
    cohort = read_cohort(ROOT / "data" / "reference_adult")
    assert plan(model, cohort).unused == ()
    spreads = [m.extra_sd for patient in cohort.patients for m in patient.measurements]
    assert min(spreads) > 10 * script.NO_NOISE
    groups = script.of_group_means(model)
    assert {one.noise.scale for one in groups.observables.values()} == {script.NO_NOISE}
    assert {one.noise.relative for one in groups.observables.values()} == {0.0}


def test_what_is_measured_is_no_known_range(script, model):
    assert list(script.of_group_means(model).healthy_ranges) == ["P_c0"]


def test_the_body_is_free_and_its_baselines_are_not(script, model):
    free = script.free_body(model)
    assert {"LpS", "alpha_L0", "J_L0", "lambda_L", "C_v", "m_lo", "k_u"} <= set(free)
    assert not set(free) & {*script.BASELINES, "r_L", "beta_steroid"}


def test_what_scales_with_weight_is_one_parameter_of_the_body(script):
    rows = [estimate(name, 9.0, 10.0, 11.0) for name in ("V_i0[saline]", "V_i0[rest]", "C_v")]
    assert [row.name for row in script.of_the_body(rows)] == ["V_i0", "C_v"]


def test_a_value_outside_its_posterior_is_marked(script, model):
    lines = script.moved([estimate("C_v", 0.20, 0.25, 0.30), estimate("k_u", 5.0, 8.0, 11.0)], model)
    assert [line.endswith("| MOVED |") for line in lines[2:]] == [True, False]


def test_a_row_is_run_again_with_the_new_body_in_place_of_what_it_set(script):
    rows = script.rows_of("two_pore")
    (row,) = [row for row in rows if row.data_row == 19]
    (after,) = script.with_body([row], {"k_u": 12.0, "C_v": 0.3})
    assert row.reading.run.changes == {"k_u": 8}
    assert after.reading.run.changes == {"k_u": 12.0, "C_v": 0.3}
    assert after.reading.run.name != row.reading.run.name
    assert (after.reading.shows, after.published) == (row.reading.shows, row.published)


def test_misses_are_marked_and_counted_in_sample_and_out(script):
    row = next(row for row in script.rows_of("two_pore") if row.in_sample)
    published = replace(row.published, low=1.0, high=2.0)
    fitted = replace(row, published=published)
    predicted = replace(fitted, in_sample=False)
    before = [Judged(predicted, "two_pore", 3.0), Judged(fitted, "two_pore", 0.5)]
    after = [Judged(predicted, "two_pore", 2.5), Judged(fitted, "two_pore", 1.5)]
    first, second, *counts = script.compared(before, after)[2:]
    assert first.startswith("| (fit)") and first.endswith("| 0.5 MISS | 1.5 |")
    assert second.startswith("| (pred)") and second.endswith("| 3 MISS | 2.5 MISS |")
    assert counts == ["| misses of 1 (fit) | | 1 | 0 |", "| misses of 1 (pred) | | 1 | 1 |"]


def test_a_row_takes_the_spread_that_is_asked_for_and_the_others_keep_theirs(script):
    cohort = read_cohort(ROOT / "data" / "reference_adult")
    other = script.with_spreads(cohort, {"albumin/plasma_volume/0.83": 0.045})
    rows = [(p.name, m) for p in other.patients for m in p.measurements]
    old = [m for p in cohort.patients for m in p.measurements]
    changed = [(name, m.variable, m.extra_sd) for (name, m), o in zip(rows, old, strict=True) if m != o]
    assert changed == [("albumin", "plasma_volume", 0.045)]
    with pytest.raises(SystemExit, match="no such row: albumin/urine/1"):
        script.with_spreads(cohort, {"albumin/urine/1": 1.0})


def test_what_is_held_is_not_free(script, model, monkeypatch):
    monkeypatch.setattr("sys.argv", ["calibrate", "--hold", "lambda_L=0.4", "--hold", "m_lo=1"])
    free, held = script.free_and_held(model, script.asked())
    assert set(script.free_body(model)) - set(free) == {"lambda_L", "m_lo"}
    assert (held["lambda_L"], held["m_lo"], held["V_p0"]) == (0.4, 1.0, 3.0)


def test_the_evidence_of_a_normal_posterior_is_exact(script):
    # a standard normal coordinate measured as 1 with spread 0.5: N(1; 0, 1 + 0.25) without the measurement's constant
    start = Start(
        np.array([0.8]), np.array([[0.2]]), np.array([-0.5 * 0.8**2 - 0.5 * (0.2 / 0.5) ** 2]), 1, lambda z: z
    )
    assert script.evidence(start) == pytest.approx(np.log(0.5 / np.sqrt(1.25)) - 0.5 / 1.25, rel=1e-12)
