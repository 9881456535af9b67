"""Stan's NUTS on its own Runge-Kutta solver and its sensitivities."""

from collections.abc import Sequence
from dataclasses import astuple
from importlib.resources import files
from time import perf_counter
from typing import Any

import numpy as np

from cls_infer.inference.run import of_patients
from cls_infer.likelihood.hyperprior import SPREAD
from cls_infer.likelihood.posterior import Posterior

from .cohort import GIVEN, HOURS, NOISE, OVER, UNKNOWNS, Plain, plain_of
from .exact import error_in_nats
from .sampled import CHAINS, DRAWS, WARMUP, Sampled, fewest


def stan_rk45(target: Posterior) -> Sampled:
    """Stan: patients who share nothing one after another, others in one model, deviations sampled as they are; a
    process a chain. Building the program counts as compilation."""
    patients = range(len(target.plan.patients))
    people = [plain_of(of_patients(target, [number]), 0) for number in patients]
    pooled = tuple(target.pooling.slots[place].name for place in target.pooling.pooled)
    begun = perf_counter()
    first = _built(people[:1])
    compiling, spent, sizes = perf_counter() - begun, 0.0, []
    for group in [people] if pooled else [[one] for one in people]:
        model = _built(group, pooled)  # known to its cache
        sampled = perf_counter()
        fit = model.sample(num_chains=CHAINS, num_warmup=WARMUP, num_samples=DRAWS)
        spent += perf_counter() - sampled
        sizes.append(fewest(_draws(fit)))
    nats = error_in_nats(target, lambda z: first.log_prob(list(z)))
    return Sampled(min(sizes), spent, compiling, nats)


def _built(people: Sequence[Plain], pooled: Sequence[str] = ()) -> Any:
    import stan

    source = files(__package__).joinpath("volume_kinetics.stan").read_text(encoding="utf-8")
    return stan.build(source, data=_data(people, pooled), random_seed=1)


def _draws(fit: Any) -> np.ndarray:
    """Return every coordinate's draws [chain, draw, dim]."""
    parts = [fit[name] for name in ("mu", "w", "eta", "own") if fit[name].size]
    flat = np.concatenate([part.reshape(-1, DRAWS, CHAINS) for part in parts])
    return np.moveaxis(flat, (2, 1, 0), (0, 1, 2))


def _data(people: Sequence[Plain], pooled: Sequence[str]) -> dict[str, Any]:
    first = [t for t in HOURS if t <= OVER]
    second = [t for t in HOURS if t > OVER]
    one, follows = people[0], [UNKNOWNS.index(name) + 1 for name in pooled]
    known = {"infused": GIVEN / OVER, "stop": OVER, "noise": NOISE, "mchc": one.mchc}
    known |= {"centre": list(one.median), "log_sd": list(one.log_sd), "hematocrit": list(one.hematocrit)}
    known |= {"during": len(first), "after": len(second), "first": first, "second": second}
    law = {"pooled": len(pooled), "follows": follows, "spread": list(astuple(SPREAD)[:2])}
    law |= {"alone": [i for i in range(1, 1 + len(UNKNOWNS)) if i not in follows]}
    return known | law | {"patients": len(people), "hemoglobin": [p.hemoglobin.tolist() for p in people]}
