"""Mixtures of Student's t: what one patient's posterior is drawn from before it is known, and learnt from draws."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import gammaln

DEGREES = 8.0
"""Degrees of freedom: tails heavier than a posterior's, yet few draws are wasted on them in thirty dimensions."""

ITERATIONS = 10
PARTS = 3
"""Components that a mixture gains where it fits badly: enough to follow a bend."""

DEFENCE, WIDER = 0.1, 2.0
"""Share of the component that guards against tails the others lack, and its covariance over that of all others."""

FAINT = 1e-3
"""A component with a smaller share is dropped."""


@dataclass(frozen=True)
class Mixture:
    """Shares [component] that sum to 1, locations [component, dim] and scale matrices [component, dim, dim]."""

    share: np.ndarray
    location: np.ndarray
    scale: np.ndarray

    @cached_property
    def _roots(self) -> np.ndarray:
        return np.linalg.cholesky(self.scale)

    def sample(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return draws [draw, dim], independent of one another."""
        dimension = self.location.shape[1]
        which = rng.choice(len(self.share), count, p=self.share)
        stretch = np.sqrt(DEGREES / rng.chisquare(DEGREES, count))
        away = np.einsum("nij,nj->ni", self._roots[which], rng.standard_normal((count, dimension)))
        return self.location[which] + stretch[:, None] * away

    def distances(self, x: np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis distance of draws x [draw, dim] from every component [draw, component]."""
        columns = [
            np.sum(solve_triangular(root, (x - location).T, lower=True) ** 2, axis=0)
            for root, location in zip(self._roots, self.location, strict=True)
        ]
        return np.stack(columns, axis=1)

    def log_parts(self, distances: np.ndarray) -> np.ndarray:
        """Return each component's part of the log density [draw, component], by its squared distances."""
        d = self.location.shape[1]
        logdet = np.sum(np.log(np.einsum("kii->ki", self._roots)), axis=1)
        norm = gammaln((DEGREES + d) / 2) - gammaln(DEGREES / 2) - 0.5 * d * np.log(DEGREES * np.pi) - logdet
        return np.log(self.share) + norm - 0.5 * (DEGREES + d) * np.log1p(distances / DEGREES)

    def log_density(self, x: np.ndarray) -> np.ndarray:
        r"""Return log q [draw] of draws x [draw, dim], $q = \sum_k \pi_k\,t_\nu(x; \mu_k, \Sigma_k)$."""
        return np.logaddexp.reduce(self.log_parts(self.distances(x)), axis=1)

    def split(self, x: np.ndarray, weight: np.ndarray, rng: np.random.Generator) -> "Mixture":
        """Return the mixture with PARTS more components, half as wide as all together, about draws of these weights."""
        centres = x[rng.choice(len(x), PARTS, p=weight)]
        share = np.concatenate([self.share, np.full(PARTS, 1 / len(self.share))])
        scale = np.concatenate([self.scale, np.repeat(self._whole()[1][None] / 4, PARTS, axis=0)])
        return Mixture(share / share.sum(), np.concatenate([self.location, centres]), scale)

    def defended(self) -> "Mixture":
        """Return the mixture with a small share of one component wider than all others together.

        A weight is then at most 1/DEFENCE of what it would be under that component alone.

        Reference:
            Hesterberg (1995), Weighted average importance sampling and defensive mixture distributions,
            Technometrics 37:185-194.
        """
        mean, whole = self._whole()
        share = np.append((1 - DEFENCE) * self.share, DEFENCE)
        scale = np.concatenate([self.scale, WIDER * whole[None]])
        return Mixture(share, np.concatenate([self.location, mean[None]]), scale)

    def _whole(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the mean [dim] and the scale matrix [dim, dim] of all components together."""
        mean = self.share @ self.location
        away = self.location - mean
        return mean, np.einsum("k,kij->ij", self.share, self.scale + away[:, :, None] * away[:, None])

    def learnt(self, x: np.ndarray, weight: np.ndarray) -> "Mixture":
        r"""Return the mixture that fits draws x [draw, dim] of these weights [draw], which sum to 1.

        Expectation and maximisation with $u = (\nu + d)/(\nu + \delta)$ for the squared distance $\delta$:
        $\mu_k = \sum w r_k u_k x / \sum w r_k u_k$, $\Sigma_k = \sum w r_k u_k (x - \mu_k)(x - \mu_k)^T / \sum w r_k$.
        A component's scale counts as much as its effective number of draws against one draw a dimension of its
        scale before.

        Reference:
            Cappé, Douc, Guillin, Marin, Robert (2008), Adaptive importance sampling in general mixture classes,
            Statistics and Computing 18:447-459.
        """
        now = self
        for _ in range(ITERATIONS):
            now = now._maximised(self, x, weight)
        return now

    def _maximised(self, before: "Mixture", x: np.ndarray, weight: np.ndarray) -> "Mixture":
        dimension = x.shape[1]
        distances = self.distances(x)
        parts = self.log_parts(distances)
        belongs = weight[:, None] * np.exp(parts - np.logaddexp.reduce(parts, axis=1, keepdims=True))
        pulls = belongs * (DEGREES + dimension) / (DEGREES + distances)
        share = belongs.sum(axis=0)
        locations, scales = [], []
        for k in range(len(share)):
            if share[k] < FAINT:
                locations.append(self.location[k])
                scales.append(self.scale[k])
                continue
            location = pulls[:, k] @ x / pulls[:, k].sum()
            away = x - location
            scale = (away.T * pulls[:, k]) @ away / share[k]
            draws = share[k] ** 2 / np.sum(belongs[:, k] ** 2)
            locations.append(location)
            scales.append((draws * scale + dimension * before.scale[k]) / (draws + dimension))
        share = np.maximum(share, FAINT)
        return Mixture(share / share.sum(), np.stack(locations), np.stack(scales))
