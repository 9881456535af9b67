import jax.numpy as jnp
import numpy as np
import pytest
from results.made_up import DRAWS, sampled

from cls_infer.inference.accuracy import trace_exact_log_likelihood
from cls_infer.results.diagnose import THRESHOLDS, diagnose
from cls_infer.solve.lanes import Tolerance


@pytest.fixture
def tree(fit):
    return fit.tree.copy(deep=True)


def unmet(tree):
    verdict = diagnose(tree)
    assert verdict.ok == (not verdict.unmet)
    return verdict.unmet


def test_a_healthy_fit_is_ok(tree):
    assert unmet(tree) == ()


def test_chains_at_different_places_are_named(tree):
    tree["posterior"]["k_12"][0] += 5.0
    sentences = unmet(tree)
    assert any("R-hat of `k_12[P1]`" in s and f"{THRESHOLDS.rhat:g} asked" in s for s in sentences)


def test_sticky_chains_lack_effective_draws(tree):
    draws = tree["posterior"]["k_10"].values
    draws[:] = np.repeat(draws[:, ::25], 25, axis=1)[:, :DRAWS]
    assert [s for s in unmet(tree) if s.startswith("bulk ESS of `k_10[P1]`")]


def test_a_parameter_that_never_moves_is_not_converged(tree):
    tree["posterior"]["k_21"].values[:] = 1.0
    numbers = diagnose(tree).numbers
    assert numbers["rhat_max"] is None or not diagnose(tree).ok


def test_each_divergence_counts(tree):
    tree["sample_stats"]["diverging"].values[1, 7] = True
    assert diagnose(tree).numbers["divergences"] == 1
    assert unmet(tree)[0].startswith("1 divergent transitions, 0 asked")


def test_energy_that_moves_too_little_is_met_with_a_longer_warmup(tree):
    energy = tree["sample_stats"]["energy"]
    energy.values[2] = np.cumsum(energy.values[2])  # a random walk: E-BFMI near 0
    assert ["E-BFMI" in s for s in unmet(tree)] == [True]


def test_a_failed_solve_counts_once_a_draw(tree):
    tree["sample_stats"]["status"].values[0, :3] = 1
    assert diagnose(tree).numbers["failed_solves"] == 3
    assert ["3 draws hold a solve that failed" in s for s in unmet(tree)] == [True]


def test_the_worst_solver_error_decides(tree):
    tree["solver"]["error"].values[5] = 0.06
    assert ["0.06 nats" in s for s in unmet(tree)] == [True]


def test_an_unknown_solver_error_is_not_taken_for_none(tree):
    tree["solver"]["error"].values[:] = np.nan
    assert ["solver's error cannot be computed" in s for s in unmet(tree)] == [True]


def test_an_interrupt_is_said(tree):
    tree["sample_stats"].attrs["complete"] = 0
    assert ["interrupted" in s for s in unmet(tree)] == [True]


def test_one_chain_cannot_vouch_for_itself(tree):
    for name in ("posterior", "sample_stats"):
        tree[name] = tree[name].to_dataset().isel(chain=[0])
    assert "at least 2 chains" in unmet(tree)[0]


def test_a_coarser_solve_errs_more(target):
    from dataclasses import replace

    z = sampled(target).draws.z[0, :5]
    loose = replace(target, tolerance=Tolerance(rtol=1e-2, atol=1e-3))

    def error(fitting):
        found = np.stack([fitting.by_patient(fitting.pooling.coordinates(jnp.asarray(one)))[0] for one in z])
        return np.median(np.abs(trace_exact_log_likelihood(fitting, z)() - found))

    assert error(loose) > 10 * error(target)
