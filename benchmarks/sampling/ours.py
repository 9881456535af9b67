"""The package's own roads."""

from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.inference.apart import Apart
from cls_infer.inference.certified import Certify, by_importance
from cls_infer.inference.run import infer, of_patients
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import Posterior
from cls_infer.results.diagnose import certified, converged
from cls_infer.results.pareto import smoothed

from .exact import error_in_nats
from .sampled import CHAINS, DRAWS, Sampled, fewest


def importance(target: Posterior) -> Sampled:
    """Weighed draws of all patients; the size is the least of their certificates."""
    begun = perf_counter()
    apart = Apart(target)
    some = np.zeros((1, apart.dimension)), np.zeros(1, int)
    apart.log_posterior(*some), apart.expand(*some)  # compiled
    compiled = perf_counter()
    settings = Settings(chains=CHAINS, draws=DRAWS)
    found = by_importance(apart, settings, certify=Certify(smoothed, certified), report=lambda _: None)
    spent = perf_counter() - compiled
    sizes = found.certificate.effective
    good = len(found.which) / len(apart.names)
    note = f"{good:.1%} certified, median size {np.median(sizes):.0f}"
    return Sampled(float(sizes.min()), spent, compiled - begun, _error(target), note)


def nuts(target: Posterior) -> Sampled:
    """NUTS, patient after patient."""
    sizes, spent, compiling = [], 0.0, 0.0
    settings = Settings(chains=CHAINS, draws=DRAWS, method="nuts")
    for number in range(len(target.plan.patients)):
        begun = perf_counter()
        one = infer(of_patients(target, [number]), settings, enough=converged)
        sizes.append(fewest(one.draws.z))
        spent += one.seconds["sample"]
        compiling += perf_counter() - begun - one.seconds["sample"]
    return Sampled(min(sizes), spent, compiling, _error(target), "compiling includes the search for the mode")


def _error(target: Posterior) -> float:
    one = of_patients(target, [0])
    log_density = jax.jit(lambda z: one.log_factor(z) - 0.5 * jnp.sum(z**2))
    return error_in_nats(target, lambda z: float(log_density(jnp.asarray(z))))
