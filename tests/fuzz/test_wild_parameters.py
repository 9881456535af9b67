"""Vectors up to six prior standard deviations away: each is solved or ends with a status; nothing is ever NaN.

All models, 100,000 vectors: `./in-env python -m benchmarks.fuzz_parameters`; what it found is in docs/evidence/fuzz.md.
"""

import numpy as np
import pytest

from benchmarks import fuzz_parameters
from cls_infer.model import available
from cls_infer.solve.lanes import OK, OUT_OF_BOUNDS, STATUS_WORDS

IN_EVERY_RUN = {"volume_kinetics"}


@pytest.mark.parametrize(
    "name", [name if name in IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.slow) for name in available()]
)
def test_wild_parameters_bring_numbers_and_nothing_else(name):
    found = fuzz_parameters.fuzzed(name, 300, seed=2)
    assert np.all(np.isfinite(found.log_density))
    assert set(found.status.tolist()) <= set(STATUS_WORDS)
    assert found.not_finite == 0
    assert found.ends["ok"] > 0.3 * len(found.z)  # far from all of them are impossible


def test_vectors_go_to_the_ends_and_no_further():
    z = fuzz_parameters.vectors(7, 3000, seed=1)
    assert np.abs(z).max() == fuzz_parameters.FARTHEST and len(np.unique(z, axis=0)) == 3000
    np.testing.assert_array_equal(z, fuzz_parameters.vectors(7, 3000, seed=1))
    for kind, spread in enumerate((3.46, 1.96, 2.4)):  # 6/sqrt(3); 2, its ends cut; 36/7 + 6/7 as a variance
        np.testing.assert_allclose(z[kind::3].std(), spread, rtol=0.03)
    assert np.all(np.sum(np.abs(z[2::3]) == fuzz_parameters.FARTHEST, axis=1) == 1)


def test_what_is_not_finite_is_counted():
    one = np.array([0.0, np.nan, 0.0, -fuzz_parameters.FARTHEST])
    found = fuzz_parameters.Fuzzed(
        np.zeros((4, 2)), one, one, np.array([True, True, False, True]), np.array([OK, OK, OUT_OF_BOUNDS, OK])
    )
    assert found.not_finite == 2
    assert found.ends["ok"] == 3 and found.ends["state out of bounds"] == 1
