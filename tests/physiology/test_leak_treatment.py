"""Treatments of the leak: none in the centre, a factor each, nothing to treat in health."""

from collections import namedtuple

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cls_infer.physiology import REST, treated_drive, treated_leak, unbound_ang2

TREATMENTS = ("steroid", "immunoglobulin", "aminophylline_terbutaline", "anti_ang2")
Effects = namedtuple("Effects", [f"beta_{name}" for name in TREATMENTS])
NONE = Effects(0.0, 0.0, 0.0, 0.0)
effects = st.builds(Effects, *[st.floats(-2, 2)] * 4)
levels = st.builds(
    lambda *amounts: REST._replace(**dict(zip(TREATMENTS, amounts, strict=True))), *[st.floats(0, 2)] * 4
)


@given(m_L=st.floats(1, 30), u=levels)
def test_without_an_effect_the_leak_is_the_untreated_one(m_L, u):
    np.testing.assert_allclose(treated_leak(m_L, u, NONE), m_L, rtol=1e-15)
    assert treated_drive(u, NONE) == unbound_ang2(u, NONE) == 1.0


@given(m_L=st.floats(1, 30), p=effects)
def test_an_effect_without_the_treatment_changes_nothing(m_L, p):
    np.testing.assert_allclose(treated_leak(m_L, REST, p), m_L, rtol=1e-15)


@given(u=levels, p=effects)
def test_health_has_no_leak_to_treat(u, p):
    assert treated_leak(1.0, u, p) == 1.0


@given(m_L=st.floats(1.1, 30), u=levels, p=effects)
def test_treatments_multiply_the_excess(m_L, u, p):
    factors = [np.exp(beta * getattr(u, name)) for name, beta in zip(TREATMENTS, p, strict=True)]
    np.testing.assert_allclose(treated_leak(m_L, u, p) - 1, (m_L - 1) * np.prod(factors), rtol=1e-12)
    np.testing.assert_allclose(treated_drive(u, p), np.prod(factors[:3]), rtol=1e-12)
    np.testing.assert_allclose(unbound_ang2(u, p), factors[3], rtol=1e-12)


def test_twice_the_level_squares_the_factor():
    p = NONE._replace(beta_steroid=np.log(0.5))
    assert np.isclose(treated_leak(9.0, REST._replace(steroid=1.0), p), 5.0, rtol=1e-15)
    assert np.isclose(treated_leak(9.0, REST._replace(steroid=2.0), p), 3.0, rtol=1e-15)


def test_the_gradient_at_no_effect_is_the_excess():
    def leak(beta):
        return treated_leak(9.0, REST._replace(steroid=1.0), NONE._replace(beta_steroid=beta))

    np.testing.assert_allclose(jax.grad(leak)(0.0), 8.0, rtol=1e-15)
