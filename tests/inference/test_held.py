"""Lanes that move through patients' own coordinates: the density they see, and draws of what is known."""

from dataclasses import replace

import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.inference import held
from cls_infer.inference.abreast import by_hamiltonian
from cls_infer.inference.apart import Local, Slope
from cls_infer.inference.hamiltonian import At, Way
from cls_infer.inference.held import Centring, Held
from cls_infer.inference.lane_chains import LaneChains
from cls_infer.inference.modes import Modes
from cls_infer.inference.settings import Settings
from cls_infer.inference.whole import Whole
from cls_infer.likelihood.centring import from_centred
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model

WAYS = [(False, False), (True, False), (True, True)]
SETTINGS = Settings(chains=4, warmup=160, draws=800, most_draws=800, method="hmc", seed=2)


class OfThePrior(Whole):
    """What is left where no measurement says anything: z are standard normal."""

    def __init__(self, target):
        super().__init__(target)
        slope = lambda points, of: Slope(-0.5 * np.sum(points**2, axis=1), -points)  # noqa: E731
        self.__dict__["slope"] = slope
        self.__dict__["expand"] = lambda points, of: Local(*slope(points, of), bent(points), np.zeros(1), np.zeros(1))


def bent(points):
    return np.tile(np.eye(points.shape[1]), (len(points), 1, 1))


@pytest.fixture(scope="module")
def prior():
    cohort = simulated(("P1", "P2"), seed=5)
    return OfThePrior(posterior(load_model("volume_kinetics"), cohort, hierarchical=("k_12", "k_10"), correlated=True))


def modes_of(posteriors):
    """Return the mode of the prior, with the Laplace approximation there."""
    d = posteriors.dimension
    return Modes(np.zeros((1, 1, d)), np.zeros((1, 1)), np.eye(d)[None, None], np.ones((1, 1), bool))


def asks_once(points):
    """Ask for the slopes at points, and return them."""
    return (yield points)


@pytest.mark.parametrize("centred", WAYS)
def test_the_slope_is_that_of_the_density_that_is_seen(prior, centred):
    d, centred = prior.dimension, np.array(centred)
    one, pooling = Held(Centring(prior.pooled), centred, "", np.eye(len(prior.pooled.law_at))), prior.pooled
    points = 0.5 * np.random.default_rng(1).standard_normal((2, d))

    def density(c):
        z, log_slope = from_centred(pooling, c, centred)
        return float(-0.5 * np.sum(np.asarray(z) ** 2) + log_slope)

    asking = one.through(asks_once(points))
    z = next(asking)
    with pytest.raises(StopIteration) as ended:
        asking.send(prior.slope(z, np.zeros(2, int)))
    value, gradient = ended.value.value
    h = 1e-5
    for lane in range(2):
        np.testing.assert_allclose(z[lane], from_centred(pooling, points[lane], centred)[0], rtol=1e-12)
        np.testing.assert_allclose(value[lane], density(points[lane]), rtol=1e-12)
        away = [(density(points[lane] + h * e) - density(points[lane] - h * e)) / (2 * h) for e in np.eye(d)]
        np.testing.assert_allclose(gradient[lane], away, rtol=1e-6, atol=1e-7)  # central differences: h^2 and eps / h


def test_a_volume_left_out_is_found(prior, monkeypatch):
    whole = held.from_centred
    monkeypatch.setattr(held, "from_centred", lambda *given: (whole(*given)[0], 0.0 * whole(*given)[1]))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        test_the_slope_is_that_of_the_density_that_is_seen(prior, (True, True))


@pytest.mark.parametrize("centred", [(False, False), *(pytest.param(way, marks=pytest.mark.slow) for way in WAYS[1:])])
def test_draws_are_of_the_same_law_whatever_is_held(prior, monkeypatch, centred):
    monkeypatch.setattr(held, "choose_centred", lambda pooling, covariance: (np.array(centred), np.ones(2)))
    (draws,) = by_hamiltonian(prior, [0], modes_of(prior), SETTINGS, suffices=lambda number, z: True)
    ways = ["centred" if one else "non-centred" for one in centred]
    assert draws.centred == f"k_12 {ways[0]} (100%), k_10 {ways[1]} (100%)"
    z = draws.z.reshape(-1, prior.dimension)
    # 3,200 draws of a funnel, 550 to 7,600 effective: four standard errors of a mean and of a log sd, of 400
    assert np.abs(z.mean(axis=0)).max() < 4 / np.sqrt(400)
    assert np.abs(np.log(z.std(axis=0))).max() < 4 / np.sqrt(2 * 400)


def test_modes_are_carried_with_their_mass(prior):
    """The Laplace approximation of c has the evidence of that of z: log p and half the log determinant together."""
    modes, d = modes_of(prior), prior.dimension
    there = replace(modes, points=modes.points + 0.3, log_posterior=modes.log_posterior - 0.045 * d)
    seen = Held(Centring(prior.pooled), np.array([True, True]), "", np.eye(len(prior.pooled.law_at))).modes(there, 0)
    mass = [one.log_posterior[0] + 0.5 * np.linalg.slogdet(one.covariance[0])[1] for one in (there, seen)]
    np.testing.assert_allclose(*mass, rtol=1e-9)
    back = from_centred(prior.pooled, seen.points[0, 0], np.array([True, True]))[0]
    np.testing.assert_allclose(back, there.points[0, 0], rtol=1e-10)


def test_a_lane_that_cannot_be_solved_where_its_law_moved_stays(prior):
    """The last slopes asked for are those after the law has moved."""
    one = Centring(prior.pooled).held(modes_of(prior), 0)
    chains, rng = LaneChains(SETTINGS, one), np.random.default_rng(3)
    z = 0.3 * rng.standard_normal((4, prior.dimension))
    at = At(z, *prior.slope(z, np.zeros(4, int)))
    asking = chains._move(at, Way(np.eye(prior.dimension), 0.1, 3), rng)
    asked = [next(asking)]
    for _ in range(3):  # leapfrogs
        asked.append(asking.send(prior.slope(asked[-1], np.zeros(4, int))))
    value, gradient = prior.slope(asked[-1], np.zeros(4, int))
    value[0] = -np.inf
    with pytest.raises(StopIteration) as ended:
        asking.send(Slope(value, gradient))
    there, row = ended.value.value
    before = asked[-2]  # where the lanes were after the transition, had each been accepted
    law = list(prior.pooled.law_at)
    np.testing.assert_array_equal(there.points[0], before[0])
    assert np.all(there.points[1:, law] != before[1:, law])
    np.testing.assert_allclose(row.potential_energy, 0.5 * prior.dimension * np.log(2 * np.pi) - there.log_posterior)
