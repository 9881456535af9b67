"""Every model in machine code: health, rates and observables, with their gradients, as XLA computes them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.model.prior import Fixed, value
from cls_infer.physiology.inputs import REST
from cls_infer.solve.states import pointwise
from cls_infer.solve.system import System

LANES = 9


@pytest.fixture(scope="module")
def lanes(model):
    """System with the uncertain parameters free, some draws of them, and states off health, numbers and inputs."""
    priors = {name: p.prior_of({}) for name, p in model.parameters.items()}
    held = {name: prior.number for name, prior in priors.items() if isinstance(prior, Fixed)}
    free = tuple(name for name in priors if name not in held)
    rng = np.random.default_rng(5)
    system = System(model, free, held)
    draws = [value(priors[name], 0.3 * rng.standard_normal(LANES)) for name in free]
    values = jnp.stack(draws, axis=1)
    y0, numbers, *_ = system.begun(jax.vmap(system.beginning)(values))
    u = np.asarray(REST, float) * np.exp(0.1 * rng.standard_normal((LANES, len(REST))))
    return system, values, (jnp.linspace(0.0, 40.0, LANES), y0 * 1.05 + 1e-3, numbers, jnp.asarray(u))


@pytest.mark.parametrize("what", ["beginning", "rhs", "observe"])
def test_machine_code_does_what_xla_does(lanes, what):
    system, values, under_way = lanes
    given = (values,) if what == "beginning" else under_way
    found = {}
    for engine in ("machine", "xla"):
        out, back = jax.vjp(jax.jit(pointwise(getattr(system, what), engine=engine)), *given)
        found[engine] = out, *back(jnp.ones_like(out))
    # rates are sums of flows that nearly cancel: rounding is relative to the largest number of its kind
    for mine, like in zip(found["machine"], found["xla"], strict=True):
        np.testing.assert_allclose(mine, like, rtol=1e-9, atol=1e-11 * np.max(np.abs(like), initial=1e-300))
