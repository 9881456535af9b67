"""What a fixed course costs, as a number of steps: it says that a solver got slower without a clock.

The number is exact, on every processor: whether a step is tried again hangs on an error norm being above 1, which
rounding moves by parts in 1e13. That no norm of these courses lies so near to 1 is tested by moving the parameters
further than that.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import give

from cls_infer.model import load_model
from cls_infer.model.prior import Fixed, value
from cls_infer.solve.lanes import Case, Tolerance
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import counting_solver
from cls_infer.solve.system import System

HOURS = (0.5, 2.0, 6.0, 20.0, 30.0)
GIVEN = [give("ringer", 1.0, 3.0, 1.0), give("albumin_20", 4.0, 5.0, 0.1), give("bleeding", 7.0, 8.0, 0.3)]
STEPS = {  # model, method, relative error a step: steps of the prior's median, and half an sd above and below
    ("volume_kinetics", "tsit5", 3e-4): [65, 77, 55],
    ("volume_kinetics", "tsit5", 1e-6): [88, 101, 78],
    ("volume_kinetics", "ros34pw2", 3e-4): [58, 64, 53],
    ("volume_kinetics", "ros34pw2", 1e-6): [311, 352, 286],
    ("one_pore", "tsit5", 3e-4): [64, 73, 55],
    ("one_pore", "ros34pw2", 3e-4): [54, 55, 52],
    ("clarkson_episode", "tsit5", 3e-4): [75, 89, 63],
    ("clarkson_episode", "ros34pw2", 3e-4): [63, 62, 64],
    ("clarkson_episode", "ros34pw2", 1e-6): [297, 279, 306],
}
A_THOUSANDFOLD_ROUNDING = 1e-12


def counted(name: str, method: str, rtol: float) -> list[list[int]]:
    """Return the steps tried of three lanes, the prior's median and half an sd to either side in every parameter; then
    of the same with every parameter moved by more than any rounding."""
    model = load_model(name)
    priors = {name: p.prior_of({}) for name, p in model.parameters.items()}
    held = {name: prior.number for name, prior in priors.items() if isinstance(prior, Fixed)}
    free = tuple(name for name in priors if name not in held)
    values = tuple(jnp.array([float(value(priors[name], z)) for z in (0.0, 0.5, -0.5)]) for name in free)
    rng = np.random.default_rng(1)
    moved = [v * (1 + A_THOUSANDFOLD_ROUNDING * rng.standard_normal(3)) for v in values]
    system = System(model, free, held)
    given = [event for event in GIVEN if name != "volume_kinetics" or event.item == "ringer"]
    route = jax.tree.map(jnp.asarray, stack_routes([route_of(0.0, HOURS, given, slots=0)] * 3))
    solve = jax.jit(counting_solver(system.rhs, system.floor, Tolerance(rtol, 0.01 * rtol, method=method)))
    found = []
    for each in (values, tuple(moved)):
        y0, numbers = jax.vmap(system.prepare)(each)
        _, status, steps = solve(y0, Case(numbers, jnp.zeros((3, 0))), route)
        assert not np.any(status)
        found.append(np.asarray(steps).tolist())
    return found


@pytest.mark.parametrize(
    ("name", "method", "rtol"),
    [pytest.param(*key, marks=[pytest.mark.slow] * (key[0] != "volume_kinetics")) for key in STEPS],
)
def test_a_fixed_course_takes_the_steps_it_took(name, method, rtol):
    here, moved = counted(name, method, rtol)
    assert here == moved  # no count hangs on the last digits
    assert here == STEPS[name, method, rtol]
