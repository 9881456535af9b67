"""NUTS draws what it should: on a nearly normal target, the Laplace approximation."""

from dataclasses import replace

import numpy as np
import pytest
from sampled import sample_nuts

from cls_infer.errors import InputError
from cls_infer.inference import chains
from cls_infer.inference.chains import finished, follow
from cls_infer.inference.checkpoint import Kept
from cls_infer.inference.departure import depart
from cls_infer.inference.kernel import trace_sampler
from cls_infer.inference.progress import Forecast, Progress
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


def test_the_search_and_the_draws_cost_what_they_cost(run):
    """Counts, not seconds. The search's are exact: it ends on gains far above rounding. Those of the draws are exact on
    one processor; on another, rounding may turn an acceptance of the warmup and so choose another step size, as another
    seed does: six seeds took 4,380 to 8,316 leapfrogs, sd 23 %. Twice as many gradients would still be seen."""
    start, draws, _ = run
    assert start.iterations == 6
    assert 5596 / 1.6 < draws.stats["num_steps"].sum() < 5596 * 1.6


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


class KilledError(Exception):
    """What a test raises where a kill would strike: nothing is tidied up after it."""


def killed_at(draw):
    """Return a report that ends the process' work once so many draws are done."""

    def report(progress):
        if getattr(progress, "done", 0) >= draw:
            raise KilledError

    return report


def assert_same(draws, others):
    np.testing.assert_array_equal(draws.z, others.z)
    assert draws.stats.keys() == others.stats.keys()
    for name, column in draws.stats.items():
        np.testing.assert_array_equal(column, others.stats[name])


@pytest.fixture(scope="module")
def learning(sampler, run):
    """A run whose chains learn a mass matrix in the warmup: where it departs, and its draws."""
    departure = depart(sampler.pooling, run[0], SETTINGS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chains, "ENOUGH_TO_ADAPT", 50)
        return departure, follow(sampler, departure)


@pytest.fixture
def learns(monkeypatch):
    monkeypatch.setattr(chains, "ENOUGH_TO_ADAPT", 50)


@pytest.mark.parametrize("block", [1, 7, 50])
def test_the_size_of_a_block_changes_no_bit(sampler, learning, learns, block):
    departure, draws = learning
    cut = replace(sampler, settings=replace(SETTINGS, block=block))
    assert_same(follow(cut, departure), draws)


@pytest.mark.parametrize("draw", [10, 34, 80, 100, 101, 260, 300])
def test_a_run_goes_on_where_it_was_killed_to_the_last_bit(sampler, learning, learns, tmp_path, draw):
    """In the warmup, just after the mass matrix is learnt, at the end of the warmup, among the draws, at the end."""
    departure, draws = learning
    kept, cut = Kept(tmp_path, every=0.0), replace(sampler, settings=replace(SETTINGS, block=10))
    with pytest.raises(KilledError):
        follow(cut, departure, kept=kept, report=killed_at(draw))
    told = []
    assert_same(follow(sampler, departure, kept=kept, report=told.append), draws)
    assert all(p.done > draw for p in told if isinstance(p, Progress))


def test_a_run_killed_again_and_again_goes_on(sampler, learning, learns, tmp_path):
    departure, draws = learning
    kept, cut = Kept(tmp_path, every=0.0), replace(sampler, settings=replace(SETTINGS, block=20))
    for draw in (15, 15, 70, 90, 200):
        with pytest.raises(KilledError):
            follow(cut, departure, kept=kept, report=killed_at(draw))
    assert_same(follow(cut, departure, kept=kept), draws)


def test_a_torn_file_costs_the_draws_since_the_one_before(sampler, learning, learns, tmp_path):
    departure, draws = learning
    kept, cut = Kept(tmp_path, every=0.0), replace(sampler, settings=replace(SETTINGS, block=25))
    with pytest.raises(KilledError):
        follow(cut, departure, kept=kept, report=killed_at(200))
    torn = sorted(tmp_path.glob("draws-*.npz"))[-3]
    torn.write_bytes(torn.read_bytes()[:-100])
    told = []
    assert_same(follow(cut, departure, kept=kept, report=told.append), draws)
    assert told[0] == f"`{torn.stem}` cannot be read: going on from draw 125"


def test_an_unfinished_file_is_never_seen(sampler, learning, learns, tmp_path, monkeypatch):
    departure, draws = learning
    kept, cut = Kept(tmp_path, every=0.0), replace(sampler, settings=replace(SETTINGS, block=50))

    def full(number):
        if len(list(tmp_path.glob("draws-*.npz"))) == 4:
            raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(OSError, match="no space"):
            follow(cut, departure, kept=kept)
    assert not list(tmp_path.glob("*.part"))
    assert_same(follow(cut, departure, kept=kept), draws)


def test_a_run_of_others_is_refused(sampler, learning, tmp_path):
    departure, _ = learning
    kept = Kept(tmp_path, every=0.0)
    with pytest.raises(KilledError):
        follow(sampler, departure, kept=kept, report=killed_at(50))
    (chunk,) = kept.names("draws-")[-1:]
    found = kept.read(chunk)
    kept.write(chunk, found | {"rows.z": found["rows.z"][..., :3]})
    with pytest.raises(InputError, match="does not hold draws of 3 chains and 5 unknowns"):
        follow(sampler, departure, kept=kept)
    kept.write(chunk, {name: array for name, array in found.items() if name != "state..rng_key"})
    with pytest.raises(InputError, match="rng_key"):
        follow(sampler, departure, kept=kept)


def test_draws_that_reached_their_end_are_read_without_a_sampler(sampler, learning, learns, tmp_path):
    departure, draws = learning
    kept = Kept(tmp_path)
    assert finished(kept, SETTINGS, 5, "") is None
    follow(sampler, departure, kept=kept)
    assert_same(finished(kept, SETTINGS, 5, ""), draws)


def test_the_cost_is_told_before_the_first_block(run):
    """On a posterior close to normal the forecast's two ends hold the truth, but for what else the machine does."""
    _, _, progress = run
    cost = progress[0]
    assert isinstance(cost, Forecast) and 0 < cost.draws <= 300 and cost.seconds[0] < cost.seconds[1] < cost.longest
    spent = progress[-1].seconds - progress[1].seconds
    assert cost.seconds[0] / 5 < spent < 5 * cost.seconds[1]
