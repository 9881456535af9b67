"""Hamiltonian Monte Carlo of many lanes: closed forms, walls, corners, company, and what an earlier session kept."""

from dataclasses import replace

import numpy as np
import pytest
from inference.conftest import simulated
from scipy.integrate import quad

from cls_infer.inference import hamiltonian, hmc, lane_chains
from cls_infer.inference.abreast import by_hamiltonian
from cls_infer.inference.apart import Apart, Slope
from cls_infer.inference.certified import Certify
from cls_infer.inference.checkpoint import Kept
from cls_infer.inference.hmc import by_hmc
from cls_infer.inference.journal import Journal
from cls_infer.inference.modes import Modes
from cls_infer.inference.run import infer_cohort
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.diagnose import certified, converged, convergence
from cls_infer.results.pareto import smoothed

SETTINGS = Settings(chains=4, warmup=120, draws=400, most_draws=400, method="hmc", seed=3)
FEW = replace(SETTINGS, warmup=40, draws=80, most_draws=80)
"""Enough to see bits by."""

NAMES = ("P1", "P2", "P3")


class InClosedForm(Apart):
    """A posterior whose density and gradient are functions of points [lane, dim]."""

    names = ("one",)

    def __init__(self, value, gradient):
        self.__dict__["slope"] = lambda points, of: Slope(value(points), gradient(points))


def modes_at(mean, covariance, patients=1):
    """Return one mode of each patient, as a search that arrived there would."""
    points = np.tile(np.asarray(mean, float), (patients, 1, 1))
    spread = np.tile(np.asarray(covariance, float), (patients, 1, 1, 1))
    return Modes(points, np.zeros((patients, 1)), spread, np.ones((patients, 1), bool))


def drawn(posteriors, modes, settings=SETTINGS, enough=lambda number, z: True):
    (draws,) = by_hamiltonian(posteriors, [0], modes, settings, suffices=enough)
    return draws


def effective(z):
    """Return the effective size of each coordinate of draws [chain, draw, dim]."""
    import xarray as xr

    found = convergence(xr.Dataset({"z": (("chain", "draw", "dim"), z)}))
    return found["ess_bulk"]["z"].values


def normal(covariance):
    precision = np.linalg.inv(covariance)
    return InClosedForm(lambda x: -0.5 * np.einsum("li,ij,lj->l", x, precision, x), lambda x: -x @ precision)


COVARIANCE = np.array([[4.0, 1.8, 0.0], [1.8, 1.0, 0.05], [0.0, 0.05, 0.04]])


def test_moments_are_those_of_a_normal():
    """Though the first covariance is the identity, a hundred times too wide in one direction."""
    draws = drawn(normal(COVARIANCE), modes_at([0.0, 0.0, 0.0], np.eye(3)), Settings(draws=1000, most_draws=1000))
    flat, sizes = draws.z.reshape(-1, 3), effective(draws.z)
    assert sizes.min() > 1000
    error = 1 / np.sqrt(sizes)
    # four standard errors of three means; of a variance that is sqrt(2) wider
    assert np.all(np.abs(flat.mean(axis=0)) / np.sqrt(np.diag(COVARIANCE)) < 4 * error)
    assert np.all(np.abs(flat.var(axis=0) / np.diag(COVARIANCE) - 1) < 4 * np.sqrt(2) * 2 * error)


def bent(x):
    return -0.5 * x[:, 0] ** 2 - np.abs(x[:, 0]) ** 3


def bent_slope(x):
    return (-x[:, 0] - 3 * np.sign(x[:, 0]) * x[:, 0] ** 2)[:, None]


def spread_of_bent():
    density = lambda x: np.exp(bent(np.array([[x]]))[0])  # noqa: E731
    return np.sqrt(quad(lambda x: x**2 * density(x), -5, 5)[0] / quad(density, -5, 5)[0])


def test_a_bent_density_has_the_spread_of_quadrature():
    draws = drawn(InClosedForm(bent, bent_slope), modes_at([0.0], [[1.0]]), Settings(draws=2000, most_draws=2000))
    error = 4 * np.sqrt(2 / effective(draws.z**2).min())  # of a logarithm of the sd, four standard errors and more
    assert abs(np.log(draws.z.std() / spread_of_bent())) < error


@pytest.mark.parametrize("mistake", ["accept all", "no momentum in the energy"])
def test_the_spread_tells_of_a_mistake(mistake, monkeypatch):
    """With long steps, which only the acceptance mends."""
    rough = Settings(draws=2000, most_draws=2000, target_accept=0.6)
    if mistake == "accept all":
        monkeypatch.setattr(hamiltonian, "DIVERGENT", np.inf)
        monkeypatch.setattr(hamiltonian, "_energy", lambda at, momentum: np.zeros(len(momentum)))
    else:
        monkeypatch.setattr(hamiltonian, "_energy", lambda at, momentum: -at.log_posterior)
    draws = drawn(InClosedForm(bent, bent_slope), modes_at([0.0], [[1.0]]), rough)
    assert not abs(np.log(draws.z.std() / spread_of_bent())) < 4 * np.sqrt(2 / effective(draws.z**2).min())


def test_no_lane_passes_a_wall_where_nothing_can_be_solved():
    """Half a normal: its mean is sqrt(2 / pi)."""

    def value(x):
        return np.where(x[:, 0] > 0, -0.5 * x[:, 0] ** 2, -np.inf)

    half = InClosedForm(value, lambda x: np.where(x > 0, -x, np.nan))
    draws = drawn(half, modes_at([0.3], [[1.0]]), Settings(draws=2000, most_draws=2000))
    assert draws.z.min() > 0 and not draws.stats["diverging"].any()
    error = 4 / np.sqrt(effective(draws.z).min())
    assert abs(draws.z.mean() - np.sqrt(2 / np.pi)) < error


def steep(x):
    return -0.5 * x[:, 0] ** 2 - 200 * np.maximum(0.0, x[:, 0] - 2) ** 2


def steep_slope(x):
    return -x - 400 * np.maximum(0.0, x - 2)


def test_a_divergence_begins_anew_with_shorter_steps(monkeypatch):
    """In a corner a fourteenth as wide as the rest, and a divergence at an error of four nats."""
    monkeypatch.setattr(hamiltonian, "DIVERGENT", 4.0)
    corner = InClosedForm(steep, steep_slope)
    careful = drawn(corner, modes_at([0.0], [[1.0]]))
    monkeypatch.setattr(lane_chains, "CLOSER", 0.0)  # what is asked is never less than this
    careless = drawn(corner, modes_at([0.0], [[1.0]]))
    assert careless.stats["diverging"].any()
    assert careful.stats["num_steps"].mean() > 1.2 * careless.stats["num_steps"].mean()
    assert careful.z.shape == careless.z.shape == (4, 400, 1)


def test_more_draws_follow_until_they_suffice():
    asked = []

    def enough(number, z):
        asked.append(z.shape)
        return z.shape[1] >= 300

    some = Settings(chains=2, warmup=16, draws=100, most_draws=1000)
    draws = drawn(normal(COVARIANCE), modes_at(np.zeros(3), COVARIANCE), some, enough)
    assert asked == [(2, 100, 3), (2, 200, 3), (2, 300, 3)]
    assert draws.z.shape == (2, 300, 3) and draws.stats["energy"].shape == (2, 300)
    few = drawn(
        normal(COVARIANCE), modes_at(np.zeros(3), COVARIANCE), Settings(draws=50, most_draws=120), lambda *_: False
    )
    assert few.z.shape == (4, 100, 3)


@pytest.fixture(scope="module")
def apart():
    model = load_model("volume_kinetics")
    return Apart(posterior(model, simulated(NAMES, seed=5), per_patient=tuple(model.parameters)))


@pytest.fixture(scope="module")
def chained(apart):
    return by_hmc(apart, FEW, suffices=lambda number, z: True)


def test_batches_do_not_change_the_draws(apart, chained, monkeypatch):
    monkeypatch.setattr(hmc, "TOGETHER", 2)
    for one, other in zip(chained, by_hmc(apart, FEW, suffices=lambda number, z: True), strict=True):
        assert one.number == other.number
        np.testing.assert_array_equal(one.draws.z, other.draws.z)


def test_what_was_kept_is_not_sampled_again(apart, chained, monkeypatch, tmp_path):
    kept = Kept(tmp_path)
    first = by_hmc(apart, FEW, suffices=lambda number, z: True, kept=kept)
    (tmp_path / "hmc-00002.json").unlink()  # a kill between draws and facts: that one alone is not whole
    sampled = []
    monkeypatch.setattr(
        hmc, "by_hamiltonian", lambda *given, **_: sampled.append(given[1]) or by_hamiltonian(*given, **_)
    )
    second = by_hmc(apart, FEW, suffices=lambda number, z: True, kept=kept)
    third = by_hmc(apart, FEW, suffices=lambda number, z: True, kept=kept)
    assert [list(one) for one in sampled] == [[0, 1, 2]]
    for ones in zip(first, second, third, chained, strict=True):
        for other in ones[1:]:
            np.testing.assert_array_equal(ones[0].draws.z, other.draws.z)
            np.testing.assert_array_equal(ones[0].draws.stats["energy"], other.draws.stats["energy"])
            np.testing.assert_array_equal(ones[0].searches.log_posterior, other.searches.log_posterior)
            assert ones[0].tolerance == other.tolerance


PULLED = OSError("the plug is pulled")


class Counted(InClosedForm):
    """Counts the rounds it is asked for, and is stopped at one of them."""

    def __init__(self, stop=None, error=PULLED):
        self.__dict__["rounds"] = 0
        precision = np.linalg.inv(COVARIANCE)

        def slope(points, of):
            self.__dict__["rounds"] += 1
            if self.rounds == stop:
                raise error
            return Slope(-0.5 * np.einsum("li,ij,lj->l", points, precision, points), -points @ precision)

        self.__dict__["slope"] = slope


def journalled(folder, posteriors):
    (draws,) = by_hamiltonian(
        posteriors,
        [0],
        modes_at(np.zeros(3), COVARIANCE),
        Settings(warmup=40, draws=80, most_draws=80),
        suffices=lambda number, z: True,
        journal=Journal(Kept(folder, every=0.0), "slopes"),  # every round is a chunk
    )
    return draws


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_session_that_goes_on_solves_only_what_is_new(share, tmp_path):
    """Stopped before anything, in the warmup, among the draws, at the end: the same bits, each round solved once."""
    whole = Counted()
    through = journalled(tmp_path / "through", whole)
    stop = 1 + int(share * whole.rounds)
    with pytest.raises(OSError, match="pulled"):
        journalled(tmp_path / "stopped", Counted(stop))
    rest = Counted()
    resumed = journalled(tmp_path / "stopped", rest)
    assert rest.rounds == whole.rounds - (stop - 1)
    np.testing.assert_array_equal(resumed.z, through.z)
    np.testing.assert_array_equal(resumed.stats["energy"], through.stats["energy"])


def test_a_lost_chunk_is_solved_again_with_all_after_it(tmp_path):
    whole = Counted()
    through = journalled(tmp_path, whole)
    chunks = sorted(tmp_path.glob("slopes-*"))
    chunks[len(chunks) // 2].write_bytes(b"torn")
    rest = Counted()
    resumed = journalled(tmp_path, rest)
    assert rest.rounds == whole.rounds - len(chunks) // 2
    np.testing.assert_array_equal(resumed.z, through.z)
    Journal(Kept(tmp_path), "slopes").drop()
    assert not list(tmp_path.glob("slopes-*"))


def test_an_interrupt_keeps_the_draws_so_far(tmp_path):
    whole = Counted()
    through = journalled(tmp_path / "through", whole)
    few = journalled(tmp_path / "late", Counted(whole.rounds - 20, KeyboardInterrupt))
    assert not few.complete and through.complete
    assert 4 < few.z.shape[1] < 80 and few.z.shape[1] == few.stats["energy"].shape[1]
    lanes, rows = 4, few.z.shape[1] // 4  # lane behind lane
    np.testing.assert_array_equal(few.z.reshape(4, lanes, rows, 3), through.z.reshape(4, lanes, 20, 3)[:, :, :rows])
    with pytest.raises(KeyboardInterrupt):
        journalled(tmp_path / "early", Counted(10, KeyboardInterrupt))


def test_lanes_and_weights_give_one_posterior(apart):
    """Of three patients with five unknowns each, within four Monte Carlo errors of both together."""
    certify = Certify(smoothed, certified)
    roads = {
        method: infer_cohort(
            lambda cohort: apart.target,
            apart.target.cohort,
            settings=Settings(method=method),
            certify=certify,
            enough=converged,
        )
        for method in ("importance", "hmc")
    }
    (weighed,) = roads["importance"]
    assert [part.method for part in roads["hmc"]] == ["hmc"] * 3
    for part in roads["hmc"]:
        (number,) = part.numbers
        columns = [slot.start + number for slot in weighed.target.pooling.slots if slot.size]
        ours, theirs = part.draws.z.reshape(-1, len(columns)), weighed.draws.z[..., columns].reshape(-1, len(columns))
        error = 4 * np.sqrt(1 / effective(part.draws.z).min() + 1 / weighed.certificate.effective[number])
        assert np.all(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0) < error)
        assert np.all(np.abs(np.log(ours.std(axis=0) / theirs.std(axis=0))) < error)


def test_patients_who_share_are_one_posterior(pooled):
    few = Settings(chains=2, warmup=40, draws=40, most_draws=40, method="hmc")
    (part,) = infer_cohort(lambda cohort: pooled, pooled.cohort, settings=few, certify=Certify(smoothed, certified))
    assert part.method == "hmc" and part.numbers == (0, 1, 2)
    assert part.draws.z.shape == (2, 40, pooled.pooling.dimension) and not part.draws.stats["diverging"].any()
