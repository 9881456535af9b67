"""Replicates are computed batch by batch: no number depends on the batches, and memory is that of the result."""

import tracemalloc

import numpy as np

from cls_infer.results.replicates import trace_replicates


def some_z(target, draws):
    return 0.3 * np.random.default_rng(5).standard_normal((1, draws, target.pooling.dimension))


def test_batches_change_no_replicate(target):
    """Of 300 draws, two batches, the first 100 are those of 100 draws, one batch of another size."""
    z = some_z(target, 300)
    many, few = (trace_replicates(target, part, seed=3)()[0] for part in (z, z[:, :100]))
    for group, name in (("posterior_predictive", "measurement"), ("log_likelihood", "measurement")):
        long, short = many[group][name].values[:, :100], few[group][name].values
        np.testing.assert_allclose(long, short, rtol=1e-9)  # programs for other numbers of lanes may round otherwise


def test_memory_beside_the_result_is_that_of_a_batch(target):
    predicted = trace_replicates(target, some_z(target, 40_000), seed=3)
    tracemalloc.start()
    groups, *others = predicted()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = sum(group.nbytes for group in groups.values()) + sum(other.nbytes for other in others)
    assert kept > 8e6
    # compiling leaves some 5 MB behind; before batches the peak was four times the result
    assert peak < 1.2 * kept + 1e7
