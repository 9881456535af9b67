"""The calibration of the lung: what it makes of the model, and which rows it is fitted to."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from cls_infer import load_model
from cls_infer.model.prior import Fixed
from cls_infer.physiology.inputs import REST
from cls_infer.solve.plan import plan

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("calibrate_lung")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def model():
    return load_model("lung")


def test_every_experiment_is_used_and_scatters_by_its_own_spread_alone(script, model):
    cohort = script.experiments(model)
    assert plan(script.of_experiments(model), cohort).unused == ()
    assert [patient.name for patient in cohort.patients] == list(script.IMPOSED)
    assert min(m.extra_sd for patient in cohort.patients for m in patient.measurements) > 10 * script.NO_NOISE
    assert {one.noise.scale for one in script.of_experiments(model).observables.values()} == {script.NO_NOISE}
    assert list(script.of_experiments(model).healthy_ranges) == ["P_c0", "TER_0"]


def test_an_experiment_imposes_what_the_run_of_its_row_does(script, model):
    rows = {row.what: row for row in script.rows_of_the_lung()}
    measured = script.experiments(model).patients
    for what, patient in zip(script.FITTED, measured, strict=True):
        usual = {name: model.reference_value(name) for name in ("P_cl", "m_Ll", "AFC")}
        changes = usual | dict(rows[what].reading.run.changes)
        assert {name: patient.covariates[name] for name in changes} == changes
        for name, value in changes.items():
            prior = script.of_experiments(model).parameters[name].prior_of(patient.covariates)
            assert (prior.mean, prior.known) == (value, True)
        (row,) = patient.measurements
        assert row.value == rows[what].published.value


def test_the_rows_it_is_fitted_to_are_in_sample_and_no_others(script):
    rows = script.rows_of_the_lung()
    assert [row.what for row in rows if row.in_sample] == list(script.FITTED)
    assert len(rows) == 10


def test_the_lung_is_free_and_the_body_is_not(script, model):
    free, held = set(script.FREE), set(script.held(model, script.FREE))
    parameters = script.of_experiments(model).parameters
    unknown = {name for name, one in parameters.items() if not isinstance(one.prior_of({}), Fixed)}
    assert unknown == free | held | {"P_cl", "m_Ll", "AFC"} and not free & held
    assert {"LpS", "V_p0", "V_cell", "beta_steroid"} <= held


def test_cleared_water_that_takes_the_direct_way_leaves_the_interstitium_out(script, model):
    direct = script.with_direct_clearance(model)

    def slopes(**changes):
        p = direct.reference({"P_cl": 25.0, **changes})
        h = direct.health(p)
        y = direct.initial(p, h)._replace(V_a=0.2)
        return direct.derivative(0.0, y, p, h, REST)._asdict()

    none, most = slopes(), slopes(f_direct=0.7)
    cleared = 0.7 * model.reference_value("AFC") * 0.2
    np.testing.assert_allclose(most["V_p"] - none["V_p"], cleared, rtol=1e-9)
    np.testing.assert_allclose(none["V_l"] - most["V_l"], cleared, rtol=1e-9)
    assert all(most[name] == none[name] for name in none if name not in {"V_p", "V_l"})
