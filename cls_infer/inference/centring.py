"""Which pooled parameters are sampled centred: those of which patients' own data say more than the population does."""

import jax
import jax.numpy as jnp
import numpy as np

from ..likelihood.centring import to_centred
from ..likelihood.pooling import Pooling


def information(pooling: Pooling, covariance: np.ndarray) -> np.ndarray:
    r"""Return what each patient's data say of each pooled parameter beside the population [patient, pooled].

    $$I_{pj} = \tau_j^2\, i_{pj} = 1 / (H_p^{-1})_{jj} - 1$$

    with the Gauss-Newton curvature $H_p$ of the patient's own coordinates at the mode, in which the population's
    own information of a deviation is 1: above 1 the data say more than the population. `covariance` [dim, dim] is the
    Laplace approximation's.
    """
    curvature = np.linalg.inv(covariance)
    patients = len(pooling.patients)
    found = np.zeros((patients, len(pooling.pooled)))
    own = [slot.start for slot in pooling.slots if slot.size and slot.scope == "patient"]
    deviations = [pooling.slots[place].start + 2 for place in pooling.pooled]
    for patient in range(patients):
        places = np.array([*deviations, *own]) + patient
        spread = np.diag(np.linalg.inv(curvature[np.ix_(places, places)]))
        found[patient] = 1 / spread[: len(deviations)] - 1
    return found


def choose_centred(pooling: Pooling, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return which pooled parameters to centre, bool [pooled], and the share of patients whose data outweigh the
    population [pooled]: more than half of them centre it."""
    share = np.mean(information(pooling, covariance) > 1, axis=0) if pooling.pooled else np.zeros(0)
    return share > 0.5, share


def in_words(pooling: Pooling, centred: np.ndarray, share: np.ndarray) -> str:
    """Return how each pooled parameter is sampled, and the share of patients whose data outweigh the population."""
    ways = zip(pooling.pooled, centred, share, strict=True)
    return ", ".join(f"{pooling.slots[n].name} {'centred' if c else 'non-centred'} ({s:.0%})" for n, c, s in ways)


def carried(pooling: Pooling, z: np.ndarray, covariance: np.ndarray, centred: np.ndarray) -> np.ndarray:
    """Return the covariance [dim, dim] near z [dim] of what is sampled."""
    if not centred.any():
        return covariance
    slope = np.asarray(jax.jacfwd(lambda z: to_centred(pooling, z, centred))(jnp.asarray(z)))
    return slope @ covariance @ slope.T
