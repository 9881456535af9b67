"""The healthy steady state of the two-pore wall: found for every prior draw, with the right gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.model import load_model
from cls_infer.model.prior import Fixed, value

DRAWS = 2000


@pytest.fixture(scope="module")
def wall():
    """Free names, and the residual of the healthy balances with the state they are met by."""
    model = load_model("two_pore")
    priors = {name: p.prior_of({}) for name, p in model.parameters.items()}
    held = {name: prior.number for name, prior in priors.items() if isinstance(prior, Fixed)}
    free = {name: prior for name, prior in priors.items() if name not in held}

    def parameters(z):
        return model.Parameters(**held, **{name: value(prior, z[i]) for i, (name, prior) in enumerate(free.items())})

    def found(z):
        h = model.health(parameters(z))
        return jnp.stack([h.loop.P_c0, h.C_iA0, h.C_iG0])

    def residual(z):
        p = parameters(z)._replace(m_L=1.0)
        h = model.health(p)
        y = model.initial(p, h)
        f = model.flows(0.0, y, p, h, model_inputs())
        return jnp.stack(
            [
                (f.wall.J_S + f.wall.J_L) / p.J_L0 - 1,
                (f.wall.Js_A - p.J_L0 * f.C_iA) / (p.J_L0 * p.C_A0),
                (f.wall.Js_G - p.J_L0 * f.C_iG) / (p.J_L0 * p.C_G0),
            ]
        )

    return len(free), found, residual


def model_inputs():
    from cls_infer.physiology.inputs import REST

    return REST


def test_newton_converges_for_every_prior_draw(wall):
    dimension, _, residual = wall
    z = np.random.default_rng(1).standard_normal((DRAWS, dimension))
    left = jax.jit(jax.vmap(residual))(jnp.asarray(z))
    # physiology.md 1.6 asks for 1e-10 of the lymph's flux
    assert float(jnp.max(jnp.abs(left))) < 1e-10


def test_health_lies_between_empty_interstitium_and_plasma(wall):
    dimension, found, _ = wall
    z = np.random.default_rng(2).standard_normal((DRAWS, dimension))
    P_c0, C_iA0, C_iG0 = np.asarray(jax.jit(jax.vmap(found))(jnp.asarray(z))).T
    assert np.all(P_c0 > 0) and np.all(C_iA0 > 0) and np.all(C_iG0 > 0)


def test_its_gradient_is_the_slope(wall):
    dimension, found, _ = wall
    rng = np.random.default_rng(3)
    z, direction = 0.5 * rng.standard_normal(dimension), rng.standard_normal(dimension)
    look = jax.jit(lambda s: jax.jvp(found, (jnp.asarray(z + s * direction),), (jnp.asarray(direction),)))
    step = 1e-4
    central = (look(step)[0] - look(-step)[0]) / (2 * step)
    # the error of the central difference, step squared, and rounding over the step
    np.testing.assert_allclose(look(0.0)[1], central, rtol=1e-6, atol=1e-8)
