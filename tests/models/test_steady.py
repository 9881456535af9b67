"""The healthy steady state of the two-pore wall: found for every prior draw, with the right gradient.

Where there is none the body is not taken for healthy: its imbalance says so.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.model import load_model, one_pore_imbalance, two_pore_imbalance, two_pore_lung_imbalance
from cls_infer.model.prior import Fixed, value
from cls_infer.model.steady import newton_root
from cls_infer.solve.system import STEADY

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


CONCENTRATING = {
    "two_pore": {"C_A0": 40.7, "C_G0": 31.0, "LpS": 0.88, "alpha_L0": 0.095, "J_L0": 0.109},
    "lung": {"C_A0": 44.1, "C_G0": 37.0, "LpS_l": 0.0102, "alpha_Ll": 0.198, "J_Ll0": 0.004},
}
"""Many pores and little lymph: small pores give back to plasma a seventh of the lymph's flow, without its albumin."""


@pytest.mark.parametrize("name", CONCENTRATING)
def test_small_pores_that_absorb_may_concentrate_the_interstitium(name):
    """Where C_i exceeds C_p a search in logits of C_i/C_p has no root: it ended 9 and 14 % of the lymph's flux away."""
    model = load_model(name)
    p = model.reference(CONCENTRATING[name])
    h = model.health(p)
    assert 1.0 < (h.lung.C_lA0 if name == "lung" else h.C_iA0) / p.C_A0 < 1.02
    left = two_pore_lung_imbalance if name == "lung" else two_pore_imbalance
    assert float(left(p, h)) < 1e-12


@pytest.mark.parametrize("name", CONCENTRATING)
def test_its_gradient_there_is_the_slope_too(name):
    model = load_model(name)
    reference = model.reference()

    def found(s):
        changes = {n: v * jnp.exp(0.01 * i * s) for i, (n, v) in enumerate(CONCENTRATING[name].items(), 1)}
        p = reference._replace(**changes)
        h = model.health(p)
        own = (h.lung.P_l0, h.lung.C_lA0, h.lung.C_lG0) if name == "lung" else (h.loop.P_c0, h.C_iA0, h.C_iG0)
        return jnp.stack(own)

    look = jax.jit(lambda s: jax.jvp(found, (s,), (1.0,)))
    step = 1e-3
    central = (look(step)[0] - look(-step)[0]) / (2 * step)
    # the error of the central difference, step squared, and rounding over the step
    np.testing.assert_allclose(look(0.0)[1], central, rtol=1e-6, atol=1e-9)


def test_albumin_that_lymph_carries_off_faster_than_the_wall_lets_it_through_has_no_steady_state():
    """`physiology.md` 1.6: one pore population needs q = J_L0 (1 - sigma) below T = TER_0 V_p0."""
    model = load_model("one_pore")
    p = model.reference()
    q = p.J_L0 * (1 - p.sigma_0)

    def left(q_over_T):
        ill = p._replace(TER_0=q / p.V_p0 / q_over_T)
        return one_pore_imbalance(ill, model.health(ill))

    value_and_slope = jax.jit(jax.vmap(jax.value_and_grad(left)))
    found, slope = value_and_slope(jnp.array([0.5, 0.99, 1.01, 2.0, 100.0]))
    assert (found <= STEADY).tolist() == [True, True, False, False, False]
    assert np.all(np.isfinite(found)) and np.all(np.isfinite(slope))


def test_where_there_is_no_root_what_is_found_is_finite_and_no_root():
    def runs_away(x):
        return 1.0 / (1.0 + x**2)

    root = newton_root(runs_away, 0.0)  # its slope at the first guess is 0
    assert np.isfinite(root) and runs_away(root) > STEADY
