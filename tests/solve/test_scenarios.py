"""Every shipped scenario shows what it says it should, in direction and size."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import EXACT, values_of, whole_system

from cls_infer.cohort.scenario import Scenario, read_scenario, shipped_scenarios
from cls_infer.errors import InputError
from cls_infer.model import available, load_model
from cls_infer.solve.lanes import STATUS_WORDS
from cls_infer.solve.predict import along_route
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.shows import found
from cls_infer.solve.simulate import Simulation, simulate
from cls_infer.solve.states import reverse_solver

SCENARIOS = {name: read_scenario(name) for name in shipped_scenarios()}


@cache
def simulated(model_name: str) -> dict[str, Simulation]:
    """All scenarios of one model in one batch: one compiled program for all of them."""
    told = {name: s for name, s in SCENARIOS.items() if model_name in s.models}
    system = whole_system(load_model(model_name))
    times = {name: np.arange(0.0, s.hours + 1e-9 * s.every, s.every) for name, s in told.items()}
    routes = [route_of(0.0, times[name].tolist(), s.therapy, slots=0) for name, s in told.items()]
    values = values_of(system, [s.changes for s in told.values()])
    solve = reverse_solver(system.rhs, system.floor, EXACT)

    @jax.jit
    def run(values, route):
        along = along_route(system, solve, values, jnp.zeros((len(told), 0)), route)
        return jax.vmap(jax.vmap(system.quantities, in_axes=(0, 0, None, 0)))(
            along.t, along.y, along.numbers, along.u
        ), along.status

    table, status = jax.tree.map(np.asarray, run(values, stack_routes(routes)))
    quantities = {**system.model.observables, **system.model.derived}
    runs = {}
    for i, (name, route) in enumerate(zip(told, routes, strict=True)):
        rows = np.searchsorted(np.asarray(route.stops), times[name]) + 1
        columns = {n: (q.unit, table[i, rows, k]) for k, (n, q) in enumerate(quantities.items())}
        runs[name] = Simulation(times[name], columns, STATUS_WORDS[int(status[i])])
    return runs


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
        # two tolerances, 1e-8 and 1e-9 a step
        np.testing.assert_allclose(values, together.columns[name][1], rtol=1e-5, atol=1e-7, err_msg=name)


def _shows(**changes) -> Scenario:
    return SCENARIOS["tenfold_leak"].shows[0].__class__(**{**vars(SCENARIOS["tenfold_leak"].shows[0]), **changes})


@pytest.mark.parametrize(
    ("changes", "words"), [({"quantity": "lactate"}, "no quantity `lactate`"), ({"hour": 6.3}, "not among")]
)
def test_what_cannot_be_found_is_said(changes, words):
    with pytest.raises(InputError, match=words):
        found(_shows(**changes), simulated("two_pore")["tenfold_leak"])
