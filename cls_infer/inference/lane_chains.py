"""One posterior's chains, each of several lanes, as a coroutine: where they begin, the warmup, draws until they do."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .apart import ABREAST
from .chains import Draws
from .hamiltonian import Asking, At, Row, Way, either, look, settled, transition, warmed
from .held import Held
from .importance import WIDER, first_mixture
from .kernel import FIELDS, first_step
from .modes import Modes
from .settings import LEAST, Settings

CLOSER = 0.99
"""Acceptance that is asked for where a transition diverges: the step was too long for a corner of the posterior."""


class LaneChains:
    """Chains while they are made, and how far they are.

    A chain is several lanes, which all begin at its own point; their draws stand behind one another. R-hat still tells
    whether chains that began apart agree, and each lane makes only its share of the transitions.

    Attributes:
        lanes: of each chain.
        total: draws of each chain that are sought, with the warmup.
        done: of them behind.
        divergences: since the warmup.
        step: size of a leapfrog in coordinates of unit variance.
        leapfrogs: of the last transition.

    Reference:
        Margossian, Hoffman, Sountsov, Riou-Durand, Vehtari, Gelman (2024), Nested R-hat: assessing the convergence of
        Markov chain Monte Carlo when running many short chains, Bayesian Analysis.
    """

    def __init__(self, settings: Settings, held: Held | None = None) -> None:
        self.settings, self.held = settings, held
        self.lanes = max(1, ABREAST // settings.chains)
        self.total = settings.warmup + settings.draws
        self.done = self.divergences = self.leapfrogs = 0
        self.step = 0.0
        self._rows: list[Row] = []

    def asking(
        self, modes: Modes, which: int, rng: np.random.Generator, suffices: Callable[[np.ndarray], bool]
    ) -> Asking[Draws]:
        """Return the draws of the posterior of these modes: as many as the settings say, and as many again while they
        do not suffice and there may be more."""
        if self.held is None:
            return self._asking(modes, which, rng, suffices)
        return self.held.through(self._asking(self.held.modes(modes, which), 0, rng, suffices))

    def _asking(
        self, modes: Modes, which: int, rng: np.random.Generator, suffices: Callable[[np.ndarray], bool]
    ) -> Asking[Draws]:
        settings = self.settings
        way = Way(
            root=np.linalg.cholesky(modes.covariance[which, 0]),
            step=first_step(modes.points.shape[-1]),
            most=2**settings.max_tree_depth - 1,
        )
        at = yield from self._departed(modes, which, rng)
        share, accept = -(-settings.warmup // self.lanes), settings.target_accept
        at, way = yield from warmed(at, way, rng, move=self._move, transitions=share, accept=accept, told=self._tell)
        at = yield from self._drawn(at, way, rng, settings.draws)
        if self.divergences and accept < CLOSER:
            self._rows, self.divergences, self.total = [], 0, self.done + settings.warmup + settings.draws
            at, way, _ = yield from settled(
                at, way, rng, move=self._move, transitions=share, accept=CLOSER, told=self._tell
            )
            at = yield from self._drawn(at, way, rng, settings.draws)
        count = settings.draws
        while not suffices((found := self._draws(count)).z) and count + settings.draws <= settings.most_draws:
            count += settings.draws
            self.total += settings.draws
            at = yield from self._drawn(at, way, rng, count)
        return found

    @property
    def some(self) -> bool:
        """Whether there are draws enough to judge."""
        return len(self._rows) * self.lanes >= LEAST["draws"]

    def so_far(self) -> Draws:
        """Return the draws that there are, marked incomplete: one chain may have fewer than another posterior's."""
        return replace(self._draws(len(self._rows) * self.lanes), complete=False)

    def _departed(self, modes: Modes, which: int, rng: np.random.Generator) -> Asking[At]:
        """Return where the lanes begin: each chain at a draw of the Laplace approximation of one of the modes, or
        nearer to the mode where that cannot be solved."""
        laplace, chains = first_mixture(modes, which), self.settings.chains
        about = rng.choice(len(laplace.share), chains, p=laplace.share)
        roots = np.linalg.cholesky(laplace.scale[about] / WIDER)
        away = (roots @ rng.standard_normal((chains, roots.shape[-1], 1)))[..., 0]
        at = yield from look(laplace.location[about] + away)
        while np.any(astray := np.isneginf(at.log_posterior)):
            away = np.where(astray[:, None], away / 2, away)
            at = yield from look(laplace.location[about] + away)
        return At(*(np.repeat(a, self.lanes, axis=0) for a in at))

    def _drawn(self, at: At, way: Way, rng: np.random.Generator, count: int) -> Asking[At]:
        """Return where the lanes are when each chain has so many draws."""
        while len(self._rows) * self.lanes < count:
            at, row = yield from self._move(at, way, rng)
            self._rows.append(row if self.held is None else row._replace(z=self.held.z(row.z)))
            self.divergences += int(row.diverging.sum())
            self._tell(row, way)
        return at

    def _move(self, at: At, way: Way, rng: np.random.Generator) -> Asking[tuple[At, Row]]:
        """Return where the lanes are after a transition and, of a population, a move of its law, and what was done.

        Patients stay where they are when the law moves, but for rounding; should one of a lane then not be solved, its
        law stays too.
        """
        here, row = yield from transition(at, way, rng)
        if self.held is None:
            return here, row
        there = yield from look(self.held.with_law_moved(here.points, rng))
        at = either(np.isfinite(there.log_posterior), there, here)
        lost = here.log_posterior - at.log_posterior
        return at, row._replace(z=at.points, potential_energy=row.potential_energy + lost)

    def _tell(self, row: Row, way: Way) -> None:
        self.done = min(self.done + self.lanes, self.total)
        self.leapfrogs, self.step = int(row.num_steps[0]), way.step

    def _draws(self, count: int) -> Draws:
        """Return so many draws of each chain, lane behind lane."""
        by_chain = {name: self._by_chain(name)[:, :count] for name in FIELDS}
        return Draws(by_chain.pop("z"), by_chain, centred=self.held.told if self.held else "")

    def _by_chain(self, name: str) -> np.ndarray:
        by_lane = np.stack([getattr(row, name) for row in self._rows], axis=1)
        return by_lane.reshape(self.settings.chains, -1, *by_lane.shape[2:])
