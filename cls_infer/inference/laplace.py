"""The Laplace approximation about each patient's highest mode, as draws, and how far it is from the posterior."""

from collections.abc import Sequence

import numpy as np

from .importance import Smooth, Weighed, effective_size, evidence
from .modes import Modes
from .posteriors import Posteriors
from .seeds import generator


def weigh_laplace(
    posteriors: Posteriors, patients: Sequence[int], modes: Modes, count: int, *, seed: int, smooth: Smooth
) -> list[Weighed]:
    r"""Return `count` draws of $N(\hat z, H^{-1})$ of each patient and the weights that would correct them.

    $H$ is the Gauss-Newton curvature at the mode $\hat z$. The draws are not meant to be resampled: their weights,
    by Pareto k-hat and effective size, say how far the approximation may be believed.
    """
    roots = np.linalg.cholesky(modes.covariance[:, 0])
    normal = np.stack(
        [
            generator(seed, posteriors.names[patient], "laplace").standard_normal((count, posteriors.dimension))
            for patient in patients
        ]
    )
    points = modes.points[:, :1] + np.einsum("pij,pnj->pni", roots, normal)
    value = posteriors.log_posterior(points.reshape(-1, posteriors.dimension), np.repeat(np.asarray(patients), count))
    found = []
    for i, log_posterior in enumerate(np.split(value, len(patients))):
        logdet = np.sum(np.log(np.diag(roots[i])))
        density = -0.5 * np.sum(normal[i] ** 2, axis=1) - logdet - 0.5 * posteriors.dimension * np.log(2 * np.pi)
        raw = log_posterior - density
        log_weight, khat = smooth(raw)
        found.append(
            Weighed(
                points[i],
                log_posterior,
                log_weight,
                khat,
                effective_size(log_weight),
                *evidence(raw, posteriors.dimension),
            )
        )
    return found
