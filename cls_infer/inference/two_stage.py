"""The population's posterior from patients' interim draws: its law is sampled, and no patient is solved again."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InputError, Problem
from ..likelihood.population import Population
from ..likelihood.reweighted import Interim, Products, products
from .abreast import by_hamiltonian
from .evenly import evenly
from .importance import effective_size, systematic
from .law_posterior import LawPosterior
from .modes import find_modes
from .settings import Settings
from .under_laws import choose, log_likelihood, weigh

THIN = 100.0
"""Effective size of a patient's draws, and what all are worth to a coordinate of the law, below which they are too
thin: means err by 1/sqrt(size) of their posterior sd, a tenth."""

WIDER = 1.5
"""A redraw's prior is so many times as wide as what the population says of the patient: it has tails to lose."""


FEW = 2000
"""Draws of a patient by which a law's chains are sampled, where there are more to weigh them by."""

LOOKED = 500
"""Laws that tell how far draws go under all of them."""

LEAST = 0.2
"""Share of such chains that must be left when they are weighed by all draws."""

type Redraw = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""What draws patients again: takes their places [patient] in the population and their interim priors, Normal(mean
[patient, parameter], covariance [patient, parameter, parameter]); returns coordinates [patient, draw, parameter] and
log weights [patient, draw]."""


@dataclass(frozen=True, eq=False)
class TwoStage:
    """A population's posterior.

    Attributes:
        population: whose law it is.
        draws: the interim draws, those of redrawn patients in place of the first.
        u: the law's coordinates [chain, draw, dim].
        stats: the statistics of its chains by NumPyro's names [chain, draw].
        seed: of the draws chosen.
        belongs: how probable each of those is, on average over the law [episode, choice].
        effective: size of each patient's interim draws under the law [episode].
        of_law: what the draws of all patients are worth to each coordinate of the law [dim], `under_laws.weigh` says.
        weight: of every interim draw, on average over the law [episode, draw].
        thin: patients whose draws are too few under the law, after all redraws.
        redrawn: patients who were drawn again, once for each time.
    """

    population: Population
    draws: Interim
    u: np.ndarray
    stats: dict[str, np.ndarray]
    seed: int
    belongs: np.ndarray
    effective: np.ndarray
    of_law: np.ndarray
    weight: np.ndarray
    thin: tuple[str, ...]
    redrawn: tuple[str, ...] = ()

    @property
    def chosen(self) -> np.ndarray:
        """Which of each patient's interim draws goes with each draw of the law [chain, draw, episode]."""
        return self._choices[0]

    @property
    def choice(self) -> np.ndarray:
        """Of which cause it is taken to be, by the population's `choices` [chain, draw, episode]."""
        return self._choices[1]

    @cached_property
    def _choices(self) -> tuple[np.ndarray, np.ndarray]:
        """Both, made when one is asked for: as many numbers as there are draws of the law and patients."""
        laws = self.u.reshape(-1, self.u.shape[-1])
        found = choose(self.population, products(self.draws), laws, self.seed)
        chosen, choice = (part.reshape(*self.u.shape[:2], -1) for part in found)
        return chosen, choice

    @property
    def z(self) -> np.ndarray:
        """Patients' coordinates under the population [chain, draw, episode, parameter]."""
        return self.draws.z[np.arange(self.chosen.shape[-1]), self.chosen]


def two_stage(
    population: Population,
    draws: Interim,
    settings: Settings,
    *,
    redraw: Redraw | None = None,
    rounds: int = 3,
    of_law: float = 0.0,
    report: Callable[[str], None] = lambda _: None,
) -> TwoStage:
    r"""Return the posterior of a population's law, and of its patients under it.

    The effective size of a patient's draws is the harmonic mean over the law's posterior, as the errors add:

    $$\frac{1}{n_e} = \Big\langle \frac{\sum_s w_{es}(u)^2}{(\sum_s w_{es}(u))^2} \Big\rangle_u$$

    Args:
        population: its parameters, in the order of the draws' last axis.
        draws: patients' draws under their interim priors.
        settings: chains, warmup, draws and seed.
        redraw: draws patients again whose effective size is below THIN, under a normal interim prior about what the
            population says of them, WIDER times as wide.
        rounds: how often at most.
        of_law: everybody is drawn again once where the draws are worth less to some coordinate of the law: drawn about
            the population, far more of them count.
        report: is told who is drawn again.

    Raises:
        InputError: draws that do not belong to the population, or are not finite.
        RuntimeError: JAX is not in double precision.
    """
    if not jax.config.jax_enable_x64:
        raise RuntimeError("inference needs double precision: jax.config.update('jax_enable_x64', True) first")
    _check(population, draws)
    found = _once(population, draws, settings)
    redrawn: list[str] = []
    for number in range(rounds if redraw else 0):
        everybody = number == 0 and np.min(found.of_law) < of_law
        again = population.episodes if everybody else found.thin
        if not again or redraw is None:
            break
        report(f"drawing again {'everybody' if everybody else ', '.join(again)}: too few draws under the population")
        redrawn += again
        patients = np.array([population.episodes.index(name) for name in again])
        found = _once(population, _drawn_again(found, patients, redraw), settings)
    return replace(found, redrawn=tuple(redrawn))


def expected(found: TwoStage) -> tuple[np.ndarray, np.ndarray]:
    """Return mean [episode, parameter] and covariance [episode, parameter, parameter] of each patient's coordinates,
    as the population's posterior expects them before the patient's own data are looked at again."""

    def moments(u: jax.Array) -> tuple[jax.Array, jax.Array]:
        law = found.population.law(u)
        centres, log_share = found.population.centres(law)
        share = jnp.exp(log_share)[..., None]
        mean = jnp.sum(share * centres, axis=1)
        away = centres - mean[:, None]
        roots = found.population.roots(law)
        between = jnp.einsum("eci,ecj->eij", share * away, away)
        return mean, roots @ jnp.swapaxes(roots, 1, 2) + between

    means, covariances = jax.jit(jax.vmap(moments))(found.u.reshape(-1, found.u.shape[-1]))
    mean = np.asarray(means.mean(axis=0))
    away = np.asarray(means) - mean
    return mean, np.asarray(covariances.mean(axis=0)) + np.einsum("uei,uej->eij", away, away) / len(away)


def _once(population: Population, draws: Interim, settings: Settings) -> TwoStage:
    """Return the law's posterior given these draws, and the draws weighed by it."""
    ready = products(draws)
    u, stats = _laws(population, draws, ready, settings)
    laws = u.reshape(-1, u.shape[-1])
    found = weigh(population, ready, laws[evenly(len(laws), LOOKED)])
    return TwoStage(
        population=population,
        draws=draws,
        u=u,
        stats=stats,
        seed=settings.seed + 1,
        belongs=found.belongs,
        effective=found.effective,
        of_law=found.of_law,
        weight=found.weight,
        thin=tuple(n for n, size in zip(population.episodes, found.effective, strict=True) if size < THIN),
    )


def _laws(
    population: Population, draws: Interim, ready: Products, settings: Settings
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return draws u [chain, draw, dim] of the law's posterior, and the statistics of its chains [chain, draw].

    A chain asks for the likelihood ten thousands of times. Where patients have many draws it is sampled by FEW of each,
    and its draws are weighed by all of them; if that leaves too few, all are used from the start.
    """
    if draws.z.shape[1] <= FEW:
        return _sampled(population, ready, settings)
    few = products(_fewer(draws, settings.seed))
    u, stats = _sampled(population, few, settings)
    flat = u.reshape(-1, u.shape[-1])
    log_weight = log_likelihood(population, ready, flat) - log_likelihood(population, few, flat)
    if effective_size(log_weight) < LEAST * len(flat):
        return _sampled(population, ready, settings)
    rng, (chains, length) = np.random.default_rng(settings.seed), u.shape[:2]
    kept = np.stack([systematic(one, length, rng) for one in log_weight.reshape(chains, length)])
    chain = np.arange(chains)[:, None]
    return u[chain, kept], {name: value[chain, kept] for name, value in stats.items()}


def _sampled(population: Population, ready: Products, settings: Settings) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return draws of the law's posterior by these draws of patients, and the statistics of its chains."""
    law = LawPosterior(population, ready)
    modes = find_modes(law, [0], seed=settings.seed)
    (drawn,) = by_hamiltonian(law, [0], modes, settings, suffices=lambda number, z: True)
    if not drawn.complete:
        raise KeyboardInterrupt  # some draws of the law are no population
    return drawn.z, drawn.stats


def _fewer(draws: Interim, seed: int) -> Interim:
    """Return FEW draws of each patient, by their weights."""
    rng = np.random.default_rng(seed)
    chosen = np.stack([systematic(each, FEW, rng) for each in draws.log_weight])
    z = draws.z[np.arange(len(chosen))[:, None], chosen]
    return draws._replace(z=z, log_weight=np.full(chosen.shape, -np.log(FEW)))


def _drawn_again(found: TwoStage, patients: np.ndarray, redraw: Redraw) -> Interim:
    """Return the interim draws, those of some patients made anew."""
    mean, covariance = (part[patients] for part in expected(found))
    covariance = WIDER**2 * covariance
    z, log_weight = redraw(patients, mean, covariance)
    log_weight = log_weight - np.logaddexp.reduce(log_weight, axis=1, keepdims=True)
    size = max(z.shape[1], found.draws.z.shape[1])
    whole = Interim(
        z=padded(found.draws.z, size, 0.0),
        log_weight=padded(found.draws.log_weight, size, -np.inf),
        mean=found.draws.mean.copy(),
        covariance=found.draws.covariance.copy(),
    )
    fresh = (padded(z, size, 0.0), padded(log_weight, size, -np.inf), mean, covariance)
    for part, new in zip(whole, fresh, strict=True):
        part[patients] = new
    return whole


def padded(part: np.ndarray, draws: int, fill: float) -> np.ndarray:
    """Return a copy of [episode, draw, ...] with `draws` draws; added ones have no weight."""
    width = [(0, 0), (0, draws - part.shape[1]), *[(0, 0)] * (part.ndim - 2)]
    return np.pad(part, width, constant_values=fill)


def _check(population: Population, draws: Interim) -> None:
    episodes, _, size = draws.z.shape
    problems = []
    if (episodes, size) != (len(population.episodes), len(population.parameters)):
        found = f"draws of {episodes} patients and {size} parameters"
        asked = f"the population has {len(population.episodes)} and {len(population.parameters)}"
        problems.append(Problem("fit", f"{found}; {asked}", remedy="give [patient, draw, parameter] in their order"))
        raise InputError(problems)
    for name, z, weight in zip(population.episodes, draws.z, draws.log_weight, strict=True):
        if not np.all(np.isfinite(z)) or not np.isfinite(weight).any():
            found = f"draws of patient `{name}` are not finite"
            problems.append(Problem("fit", found, remedy="fit this patient again"))
    if problems:
        raise InputError(problems)
