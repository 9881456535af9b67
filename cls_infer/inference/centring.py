"""Which pooled parameters are sampled centred: those of which patients' own data say more than the population does."""

import numpy as np

from ..likelihood.pooling import Pooling
from .start import Start

ROUNDS = 100
"""Of expectation maximisation: a spread far too large has come to its place long before."""


def information(pooling: Pooling, start: Start) -> np.ndarray:
    r"""Return what each patient's data say of each pooled parameter beside the population [patient, pooled].

    $$I_{pj} = \tau_j^2\, i_{pj}, \qquad \hat\tau_j^2\, i_{pj} = 1 / (H_p^{-1})_{jj} - 1$$

    with the likely spread $\tau_j$, that of the mode $\hat\tau_j$, and the Gauss-Newton curvature $H_p$ of the
    patient's own coordinates there, in which the population's own information of a deviation is 1: above 1 the data
    say more than the population.
    """
    curvature = np.linalg.inv(start.covariance)
    patients = len(pooling.patients)
    found = np.zeros((patients, len(pooling.pooled)))
    own = [slot.start for slot in pooling.slots if slot.size and slot.scope == "patient"]
    deviations = [pooling.slots[place].start + 2 for place in pooling.pooled]
    for patient in range(patients):
        places = np.array([*deviations, *own]) + patient
        spread = np.diag(np.linalg.inv(curvature[np.ix_(places, places)]))
        found[patient] = 1 / spread[: len(deviations)] - 1
    return found * likely_variance(np.asarray(pooling.deviations(start.mode)), found)


def likely_variance(deviations: np.ndarray, information: np.ndarray) -> np.ndarray:
    r"""Return the variance of every pooled parameter over patients that their data make likely, in those of the mode
    [pooled], from deviations and information there [patient, pooled].

    The mode of spread and deviations together has too large a spread: as it grows, every patient's deviation shrinks
    and gains. The data alone put a patient at $u = \eta (1 + 1 / I)$; the spread of greatest marginal likelihood is
    where expectation maximisation comes to rest,

    $$r^2 \leftarrow \frac{1}{P} \sum_p \left(\frac{u_p I_p r^2}{1 + I_p r^2}\right)^2 + \frac{r^2}{1 + I_p r^2}$$

    Reference:
        Dempster, Laird, Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm, Journal of the
        Royal Statistical Society B.
    """
    variance = np.ones(deviations.shape[1])
    for _ in range(ROUNDS):
        beside = 1 + information * variance
        variance = np.mean((deviations * (1 + information) * variance / beside) ** 2 + variance / beside, axis=0)
    return variance


def choose_centred(pooling: Pooling, start: Start) -> tuple[np.ndarray, np.ndarray]:
    """Return which pooled parameters to centre, bool [pooled], and the share of patients whose data outweigh the
    population [pooled]: more than half of them centre it."""
    share = np.mean(information(pooling, start) > 1, axis=0) if pooling.pooled else np.zeros(0)
    return share > 0.5, share
