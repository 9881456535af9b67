"""Stan's NUTS on its own Runge-Kutta solver and its sensitivities."""

from importlib.resources import files
from time import perf_counter

import numpy as np

from cls_infer.likelihood.posterior import Posterior

from .cohort import GIVEN, HOURS, NOISE, OVER, Plain, plain_of
from .exact import error_in_nats
from .sampled import CHAINS, DRAWS, WARMUP, Sampled, fewest


def stan_rk45(target: Posterior) -> Sampled:
    """Stan, patient after patient, a process a chain; building the program counts as compilation."""
    import stan

    source = files(__package__).joinpath("volume_kinetics.stan").read_text(encoding="utf-8")
    begun = perf_counter()
    model = stan.build(source, data=_data(plain_of(target, 0)), random_seed=1)
    sizes, compiling, spent = [], perf_counter() - begun, 0.0
    for number in range(len(target.plan.patients)):
        model = stan.build(source, data=_data(plain_of(target, number)), random_seed=1)  # known to its cache
        sampled = perf_counter()
        fit = model.sample(num_chains=CHAINS, num_warmup=WARMUP, num_samples=DRAWS)
        z = np.moveaxis(fit["z"].reshape(5, DRAWS, CHAINS), (2, 1, 0), (0, 1, 2))
        spent += perf_counter() - sampled
        sizes.append(fewest(z))
    first = stan.build(source, data=_data(plain_of(target, 0)), random_seed=1)
    return Sampled(min(sizes), spent, compiling, error_in_nats(target, lambda z: first.log_prob(list(z))))


def _data(patient: Plain) -> dict:
    first = [t for t in HOURS if t <= OVER]
    second = [t for t in HOURS if t > OVER]
    known = {"infused": GIVEN / OVER, "stop": OVER, "noise": NOISE, "mchc": patient.mchc}
    known |= {"centre": list(patient.median), "log_sd": list(patient.log_sd), "hematocrit": list(patient.hematocrit)}
    places = {"during": len(first), "after": len(second), "first": first, "second": second}
    return known | places | {"hemoglobin": patient.hemoglobin.tolist()}
