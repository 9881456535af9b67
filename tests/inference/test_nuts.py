"""NUTS draws what it should: on a nearly normal target, the Laplace approximation."""

from dataclasses import replace

import numpy as np
import pytest

from cls_infer.inference.nuts import Progress, sample_nuts, trace_sampler
from cls_infer.inference.settings import Settings
from cls_infer.inference.start import find_start
from cls_infer.likelihood.posterior import posterior

MOST_TRACES = 40
SETTINGS = Settings(chains=3, warmup=100, draws=200, seed=4, block=50, max_tree_depth=6)


@pytest.fixture(scope="module")
def sampler(target):
    return trace_sampler(target, SETTINGS)()


@pytest.fixture(scope="module")
def run(target, sampler):
    start = find_start(target, seed=1, starts=3)
    progress = []
    return start, sample_nuts(sampler, start, report=progress.append), progress


def test_every_chain_keeps_its_draws(run, target):
    _, draws, _ = run
    assert draws.complete
    assert draws.z.shape == (3, 200, target.pooling.dimension)
    assert all(stat.shape == (3, 200) for stat in draws.stats.values())
    assert np.all(np.isfinite(draws.z))


def test_chains_differ_and_agree(run):
    _, draws, _ = run
    means, sd = draws.z.mean(axis=1), draws.z.std(axis=(0, 1))
    assert not np.array_equal(draws.z[0], draws.z[1])
    # chains of 200 draws, at worst a tenth of them independent: 1/sqrt(20) sd each, four times over
    assert np.max(np.abs(means - means.mean(axis=0)) / sd) < 4 / np.sqrt(20)


def test_the_posterior_lies_where_laplace_puts_it(run):
    start, draws, _ = run
    flat = draws.z.reshape(-1, draws.z.shape[-1])
    sd = np.sqrt(np.diag(start.covariance))
    # half an sd: Monte Carlo error is about 0.06 sd, the rest is the target's skewness
    np.testing.assert_allclose((flat.mean(axis=0) - start.mode) / sd, 0, atol=0.5)
    np.testing.assert_allclose(flat.std(axis=0) / sd, 1, atol=0.35)


def test_hardly_any_draw_diverges(run):
    _, draws, _ = run
    assert draws.stats["diverging"].mean() < 0.01
    assert draws.stats["accept_prob"].mean() > 0.6


def test_energy_is_reported_as_potential_and_kinetic(run):
    _, draws, _ = run
    kinetic = draws.stats["energy"] - draws.stats["potential_energy"]
    # half the squared momentum before the step: the dimension's half on average
    assert np.all(kinetic > -20) and abs(kinetic.mean() - draws.z.shape[-1] / 2) < 1.5


def test_progress_counts_to_the_end(run):
    _, _, progress = run
    blocks = [p for p in progress if isinstance(p, Progress)]
    assert [p.done for p in blocks] == [50, 100, 150, 200, 250, 300]
    assert all(p.total == 300 and p.step_size > 0 for p in blocks)
    assert blocks[1].ess is None and blocks[-1].ess > 20 and blocks[-1].left == 0


def test_the_same_seed_draws_the_same(sampler, run):
    start, draws, _ = run
    again = sample_nuts(sampler, start)
    np.testing.assert_array_equal(again.z, draws.z)


def test_sampling_goes_on_until_there_is_enough(sampler, run):
    start, draws, _ = run
    looks = []

    def enough(z):
        looks.append(z.shape[1])
        return len(looks) == 2

    more = sample_nuts(sampler, start, enough=enough)
    assert looks == [200, 400] and more.complete
    assert all(stat.shape == (3, 400) for stat in more.stats.values())
    np.testing.assert_array_equal(more.z[:, :200], draws.z)  # the same chains, followed further


def test_sampling_ends_at_the_most_draws(sampler, run):
    start, _, _ = run
    limited = replace(sampler, settings=replace(SETTINGS, most_draws=450))
    assert sample_nuts(limited, start, enough=lambda z: False).z.shape[1] == 400


def test_an_interrupt_after_warmup_keeps_what_is_there(sampler, run):
    start, _, _ = run

    def impatient(progress):
        if getattr(progress, "done", 0) == 200:
            raise KeyboardInterrupt

    draws = sample_nuts(sampler, start, report=impatient)
    assert not draws.complete
    assert draws.z.shape[1] == 100


def test_an_interrupt_during_warmup_is_passed_on(sampler, run):
    start, _, _ = run

    def impatient(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample_nuts(sampler, start, report=impatient)


def test_the_equations_are_traced_for_the_sampler_once_and_never_while_it_samples(target):
    """A second trace would be paid for by every block of draws, or by every chain."""
    traced = []

    def flows(*given):
        traced.append(1)
        return target.model.flows(*given)

    watched = posterior(replace(target.model, flows=flows), target.cohort)
    sampler = trace_sampler(watched, SETTINGS)()
    for_sampler = len(traced)
    start = find_start(watched, seed=1, starts=3)
    for_search = len(traced) - for_sampler
    sample_nuts(sampler, start)
    assert len(traced) == for_sampler + for_search
    # a step, its pull back, the observables and their pull: each taken apart once, and its shapes asked for once
    assert 0 < for_sampler <= MOST_TRACES and 0 < for_search <= MOST_TRACES
