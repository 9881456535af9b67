"""What is known of health counts once for each body, however many patients it is seen as."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.model.prior import Fixed

MODEL = load_model("two_pore")
FREE = tuple(
    name for name, p in MODEL.parameters.items() if not isinstance(p.prior_of({}), Fixed) and not p.acts_through
)


def patients(count):
    rows = (Measurement(24.0, "hematocrit", 0.5, 1),)
    return Cohort("seen", tuple(Patient(f"P{i}", {"weight": 70.0}, rows, ()) for i in range(count)), "")


@pytest.mark.parametrize(
    ("own", "share"),
    [
        ((), 1 / 3),
        (("m_L",), 1 / 3),  # three leaks of one body
        (("LpS",), 1.0),  # three walls
        (FREE, 1.0),
    ],
)
def test_a_range_counts_once_where_nothing_of_it_is_a_patients_own(own, share):
    target = posterior(MODEL, patients(3), shared=tuple(n for n in FREE if n not in own), per_patient=own)
    np.testing.assert_array_equal(target.health_share, np.full(len(MODEL.healthy_ranges), share))


def test_one_body_seen_three_times_has_the_prior_of_one():
    one, three = posterior(MODEL, patients(1)), posterior(MODEL, patients(3), shared=FREE)
    assert one.pooling.dimension == three.pooling.dimension
    z = jnp.asarray(0.5 * np.random.default_rng(2).standard_normal((4, one.pooling.dimension)))
    alone, together = (jax.jit(jax.vmap(target.log_prior_factor))(z) for target in (one, three))
    # the same sum in another order
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    assert np.all(np.asarray(alone) < -1e-3)
