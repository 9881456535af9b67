"""emcee's walkers on courses solved by SciPy: no gradient, no compilation."""

from time import perf_counter

import numpy as np
from scipy.integrate import solve_ivp

from cls_infer.likelihood.posterior import Posterior

from .cohort import GIVEN, HOURS, NOISE, OVER, Plain, plain_of
from .exact import error_in_nats
from .sampled import Sampled

WALKERS, BURN_IN, STEPS = 32, 500, 1500


def log_density(z: np.ndarray, patient: Plain) -> float:
    """Return the log density of one patient's coordinates z [5]: LSODA at 1e-6, the infusion's end a stop."""
    k_12, k_21, k_10, V_c, hct = patient.values(z)

    def rates(rate: float):
        return lambda t, x: (rate - (k_10 + k_12) * x[0] + k_21 * x[1], k_12 * x[0] - k_21 * x[1])

    during, after = (np.array(part) for part in ([t for t in HOURS if t <= OVER], [t for t in HOURS if t > OVER]))
    options = {"method": "LSODA", "rtol": 1e-6, "atol": 1e-8}
    first = solve_ivp(rates(GIVEN / OVER), (0.0, OVER), (0.0, 0.0), t_eval=during, **options)
    second = solve_ivp(rates(0.0), (OVER, HOURS[-1]), first.y[:, -1], t_eval=after, **options)
    dilution = np.concatenate([first.y[0], second.y[0]]) / V_c
    hemoglobin = patient.mchc * hct / (1 + dilution * (1 - hct))
    return float(-0.5 * np.sum(((patient.hemoglobin - hemoglobin) / NOISE) ** 2) - 0.5 * np.sum(z**2))


def emcee_scipy(target: Posterior) -> Sampled:
    """Affine-invariant walkers, patient after patient; the size is steps times walkers by the autocorrelation time."""
    import emcee

    sizes, begun = [], perf_counter()
    for number in range(len(target.plan.patients)):
        sampler = emcee.EnsembleSampler(WALKERS, 5, log_density, args=(plain_of(target, number),))
        start = 0.1 * np.random.default_rng(number).standard_normal((WALKERS, 5))
        sampler.random_state = np.random.RandomState(number).get_state()  # what emcee takes
        sampler.run_mcmc(start, BURN_IN + STEPS)
        sizes.append(WALKERS * STEPS / sampler.get_autocorr_time(discard=BURN_IN, tol=0).max())
    spent = perf_counter() - begun
    first = plain_of(target, 0)
    return Sampled(
        min(sizes), spent, 0.0, error_in_nats(target, lambda z: log_density(z, first)), "size by emcee's own"
    )
