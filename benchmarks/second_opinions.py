"""The same patient by other people's tools: SciPy's courses, SciPy's densities, draws of emcee and of Stan.

    PYTHONPATH=. python benchmarks/second_opinions.py > tests/second_opinions/volume_kinetics.json

with emcee and pystan installed (the group `bench`). Everything here is written from the published equations; nothing of
cls_infer is used but Stan's program, which benchmarks/sampling keeps. The patient is like those of benchmarks/sampling:
1.75 L of Ringer over half an hour, eight values of haemoglobin.
"""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.stats import norm

HOURS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
GIVEN, OVER, NOISE, MCHC = 1.75, 0.5, 3.0, 333.0
HEMOGLOBIN = (113.5, 103.4, 114.9, 122.2, 126.1, 132.5, 131.6, 133.4)
"""Measured [g/L], by a rounded draw of the prior."""

UNKNOWNS = ("k_12", "k_21", "k_10", "V_c", "Hct0")
MEDIAN, LOG_SD = np.array([3.6, 0.9, 0.5, 3.01]), np.array([0.4, 0.6, 0.8, 0.15])
HEALTHY = (0.43, 0.03)
"""Haematocrit of men, mean and standard deviation."""

WALKERS, BURN_IN, STEPS = 40, 1000, 6000
CHAINS, WARMUP, DRAWS = 4, 1000, 4000


def values_of(z: np.ndarray) -> np.ndarray:
    """Return the unknowns [..., 5] from their standard normal coordinates [..., 5]."""
    return np.concatenate([MEDIAN * np.exp(LOG_SD * z[..., :4]), HEALTHY[0] + HEALTHY[1] * z[..., 4:]], axis=-1)


def excess(values: np.ndarray, hours: tuple[float, ...] = HOURS) -> np.ndarray:
    """Return the volumes in excess, central and peripheral, and the urine [hour, 3], in closed form [L].

    Two spaces that exchange, and one way out: a linear system, with the infusion as a fourth state that is constant
    while it runs. Its solution is an exponential of its matrix.
    """
    k_12, k_21, k_10, *_ = values
    rates = np.zeros((4, 4))
    rates[0] = [-(k_10 + k_12), k_21, 0.0, GIVEN / OVER]
    rates[1, :2] = [k_12, -k_21]
    rates[2, 0] = k_10
    during, after = rates, rates.copy()
    after[0, 3] = 0.0
    start = np.array([0.0, 0.0, 0.0, 1.0])
    at_end = expm(during * OVER) @ start
    courses = [expm(during * t) @ start if t <= OVER else expm(after * (t - OVER)) @ at_end for t in hours]
    return np.array(courses)[:, :3]


def excess_by_steps(values: np.ndarray, method: str, hours: tuple[float, ...] = HOURS) -> np.ndarray:
    """Return the same by one of SciPy's solvers at 1e-10, the end of the infusion a stop."""
    k_12, k_21, k_10, *_ = values

    def rates(rate: float):
        return lambda t, x: (rate - (k_10 + k_12) * x[0] + k_21 * x[1], k_12 * x[0] - k_21 * x[1], k_10 * x[0])

    options = {"method": method, "rtol": 1e-10, "atol": 1e-12}
    early, late = [t for t in hours if t <= OVER], [t for t in hours if t > OVER]
    first = solve_ivp(rates(GIVEN / OVER), (0.0, OVER), np.zeros(3), t_eval=sorted({*early, OVER}), **options)
    second = solve_ivp(rates(0.0), (OVER, hours[-1]), first.y[:, -1], t_eval=late, **options)
    return np.concatenate([first.y[:, : len(early)], second.y], axis=1).T


def central(values: np.ndarray) -> np.ndarray:
    r"""Return the central excess [..., hour] of unknowns [..., 5], by the two exponentials of pharmacokinetics [L].

    A bolus leaves the share $(\alpha - k_{21}) e^{-\alpha t} + (k_{21} - \beta) e^{-\beta t}$ over $\alpha - \beta$
    of itself; an infusion is boluses one after the other.
    """
    k_12, k_21, k_10 = (values[..., i : i + 1] for i in range(3))
    both = k_12 + k_21 + k_10
    root = np.sqrt(both**2 - 4 * k_10 * k_21)
    alpha, beta = (both + root) / 2, (both - root) / 2
    hours = np.array(HOURS)
    begun, over = hours, np.maximum(hours - OVER, 0.0)

    def of(rate: np.ndarray, share: np.ndarray) -> np.ndarray:
        return GIVEN / OVER * share * (np.exp(-rate * over) - np.exp(-rate * begun)) / rate

    return of(alpha, (alpha - k_21) / root) + of(beta, (k_21 - beta) / root)


def hemoglobin(values: np.ndarray) -> np.ndarray:
    """Return what is measured [..., hour], in g/L: cells thinned by the plasma's share of the dilution."""
    V_c, hct = values[..., 3:4], values[..., 4:]
    return MCHC * hct / (1 + central(values) / V_c * (1 - hct))


def log_density(z: np.ndarray) -> np.ndarray:
    """Return the log density [...] of coordinates z [..., 5], normalised constants and all."""
    likelihood = norm.logpdf(HEMOGLOBIN, hemoglobin(values_of(z)), NOISE)
    return likelihood.sum(axis=-1) + norm.logpdf(z).sum(axis=-1)


def by_emcee() -> dict:
    """Return mean, standard deviation and Monte Carlo error of every unknown by affine-invariant walkers."""
    import emcee

    sampler = emcee.EnsembleSampler(WALKERS, 5, log_density, vectorize=True)
    sampler.random_state = np.random.RandomState(1).get_state()  # what emcee takes
    sampler.run_mcmc(0.1 * np.random.default_rng(1).standard_normal((WALKERS, 5)), BURN_IN + STEPS)
    kept = sampler.get_chain(discard=BURN_IN, flat=True)
    effective = WALKERS * STEPS / sampler.get_autocorr_time(discard=BURN_IN, tol=0)
    return summary(kept, effective)


def by_stan() -> dict:
    """Return the same by Stan's NUTS, its own solver and its own densities."""
    import stan

    source = (Path(__file__).parent / "sampling" / "volume_kinetics.stan").read_text(encoding="utf-8")
    early, late = [t for t in HOURS if t <= OVER], [t for t in HOURS if t > OVER]
    data = {
        **{"during": len(early), "after": len(late), "first": early, "second": late},
        **{"infused": GIVEN / OVER, "stop": OVER, "noise": NOISE, "mchc": MCHC},
        **{"centre": MEDIAN.tolist(), "log_sd": LOG_SD.tolist(), "hematocrit": list(HEALTHY)},
        "hemoglobin": list(HEMOGLOBIN),
    }
    fit = stan.build(source, data=data, random_seed=1).sample(
        num_chains=CHAINS, num_warmup=WARMUP, num_samples=DRAWS, delta=0.95
    )
    from arviz_stats import ess

    z = np.moveaxis(fit["z"].reshape(5, DRAWS, CHAINS), (2, 1, 0), (0, 1, 2))
    effective = np.array([float(ess(z[:, :, i], chain_axis=0, draw_axis=1)) for i in range(5)])
    return summary(z.reshape(-1, 5), effective)


def summary(z: np.ndarray, effective: np.ndarray) -> dict:
    """Return what is known of each coordinate z [draw, 5] from so many effective draws [5]."""
    return {
        name: {"mean": round(float(x.mean()), 5), "sd": round(float(x.std(ddof=1)), 5), "effective": round(float(n))}
        for name, x, n in zip(UNKNOWNS, z.T, effective, strict=True)
    }


def main() -> None:
    """Print the reference: means and standard deviations of the coordinates, by each tool."""
    from importlib.metadata import version

    roads = {"emcee": by_emcee, "pystan": by_stan}
    asked = sys.argv[1:] or list(roads)
    written = {"coordinates": "standard normal a priori: log(value / median) / log sd; the last (value - mean) / sd"}
    written |= {name: {"version": version(name), "draws": roads[name]()} for name in asked}
    print(json.dumps(written, indent=1))


if __name__ == "__main__":
    main()
