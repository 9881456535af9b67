"""Which pooled parameters are sampled centred: those of which patients' own data say more than the population does."""

import numpy as np

from ..likelihood.pooling import Pooling
from .start import Start


def information(pooling: Pooling, start: Start) -> np.ndarray:
    r"""Return what each patient's data say of each pooled parameter beside the population [patient, pooled].

    $$I_{pj} = \tau_j^2\, i_{pj} = 1 / (H_p^{-1})_{jj} - 1$$

    with the Gauss-Newton curvature $H_p$ of the patient's own coordinates at the start, in which the population's
    own information of a deviation is 1: above 1 the data say more than the population.
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
    return found


def choose_centred(pooling: Pooling, start: Start) -> tuple[np.ndarray, np.ndarray]:
    """Return which pooled parameters to centre, bool [pooled], and the share of patients whose data outweigh the
    population [pooled]: more than half of them centre it."""
    share = np.mean(information(pooling, start) > 1, axis=0) if pooling.pooled else np.zeros(0)
    return share > 0.5, share
