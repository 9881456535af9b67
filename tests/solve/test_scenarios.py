"""Every shipped scenario shows what it says it should, in direction and size."""

from functools import cache

import numpy as np
import pytest

from cls_infer.cohort.scenario import Scenario, read_scenario, shipped_scenarios
from cls_infer.errors import InputError
from cls_infer.model import available, load_model
from cls_infer.solve.shows import found
from cls_infer.solve.simulate import Run, Simulation, regular_times, simulate, simulate_together

SCENARIOS = {name: read_scenario(name) for name in shipped_scenarios()}


@cache
def simulated(model_name: str) -> dict[str, Simulation]:
    """All scenarios of one model in one batch: one compiled program for all of them."""
    told = {name: s for name, s in SCENARIOS.items() if model_name in s.models}
    runs = [Run(regular_times(s.hours, s.every), s.changes, s.therapy) for s in told.values()]
    return dict(zip(told, simulate_together(load_model(model_name), runs), strict=True))


@pytest.mark.parametrize(("name", "model"), [(n, m) for n, s in SCENARIOS.items() for m in s.models])
def test_a_scenario_shows_what_it_says(name, model):
    run, scenario = simulated(model)[name], SCENARIOS[name]
    assert run.ok, run.status
    assert all(np.all(np.isfinite(values)) for _, values in run.columns.values())
    assert scenario.shows
    wrong = [f"{s}: {v:.5g}" for s in scenario.shows if not s.low <= (v := found(s, run)) <= s.high]
    assert wrong == []


def test_every_scenario_is_made_for_shipped_models():
    assert {model for s in SCENARIOS.values() for model in s.models} <= set(available())


def test_a_batch_is_what_the_command_prints():
    scenario = SCENARIOS["tenfold_leak"]
    alone = simulate(load_model("two_pore"), changes=scenario.changes, hours=scenario.hours, every=scenario.every)
    together = simulated("two_pore")["tenfold_leak"]
    for name, (_, values) in alone.columns.items():
        # the same steps: lanes differ by rounding alone
        np.testing.assert_allclose(values, together.columns[name][1], rtol=1e-9, atol=1e-12, err_msg=name)


def _shows(**changes) -> Scenario:
    return SCENARIOS["tenfold_leak"].shows[0].__class__(**{**vars(SCENARIOS["tenfold_leak"].shows[0]), **changes})


@pytest.mark.parametrize(
    ("changes", "words"), [({"quantity": "lactate"}, "no quantity `lactate`"), ({"hour": 6.3}, "not among")]
)
def test_what_cannot_be_found_is_said(changes, words):
    with pytest.raises(InputError, match=words):
        found(_shows(**changes), simulated("two_pore")["tenfold_leak"])
