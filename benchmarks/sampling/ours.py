"""The package's own roads."""

from time import perf_counter

import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.inference.apart import Apart
from cls_infer.inference.certified import Certify, by_importance
from cls_infer.inference.copies import each_apart
from cls_infer.inference.hmc import by_hmc
from cls_infer.inference.posteriors import posteriors_of
from cls_infer.inference.run import infer, infer_cohort, of_patients, one_of, targets
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import Posterior
from cls_infer.results.diagnose import certified, converged
from cls_infer.results.pareto import smoothed
from cls_infer.results.two_stage import interim_draws, weigh_together

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
    """NUTS, patient after patient, or of the one posterior that they share."""
    sizes, spent, compiling = [], 0.0, 0.0
    settings = Settings(chains=CHAINS, draws=DRAWS, method="nuts")
    for part in targets(target):
        begun = perf_counter()
        one = infer(part, settings, enough=converged)
        sizes.append(fewest(one.draws.z))
        spent += one.seconds["sample"]
        compiling += perf_counter() - begun - one.seconds["sample"]
    return Sampled(min(sizes), spent, compiling, _error(target), "compiling includes the search for the mode")


def hmc(target: Posterior) -> Sampled:
    """Hamiltonian Monte Carlo of many lanes, of patients abreast or of the one posterior that they share."""
    begun = perf_counter()
    posteriors = posteriors_of(target)
    count = len(posteriors.names)
    some = np.zeros((count, posteriors.dimension)), np.arange(count)
    posteriors.slope(*some), posteriors.expand(*some), posteriors.log_posterior(*some)  # compiled
    compiled = perf_counter()
    settings = Settings(chains=CHAINS, draws=DRAWS, method="hmc")
    found = by_hmc(posteriors, settings, suffices=lambda number, z: converged(one_of(target, number)[0], z))
    spent = perf_counter() - compiled
    longest = max(one.draws.z.shape[1] for one in found)
    size = min(fewest(one.draws.z) for one in found)
    return Sampled(size, spent, compiled - begun, _error(target), f"to {longest} draws a chain, the search included")


def two_stages(target: Posterior) -> Sampled:
    """Patients weighed apart, then under their population's law."""
    begun = perf_counter()
    pooled = tuple(target.pooling.slots[place].name for place in target.pooling.pooled)
    settings = Settings(chains=CHAINS, draws=DRAWS, method="importance")
    apart = each_apart(target.model, target.cohort, tolerance=target.tolerance)
    certify = Certify(smoothed, certified)
    many = interim_draws(len(apart.plan.patients), CHAINS)
    options = {"settings": settings, "certify": certify, "enough": converged, "weighed_draws": many}
    parts = infer_cohort(lambda _: apart, apart.cohort, **options)
    whole, under = weigh_together(parts, hierarchical=pooled, settings=settings)
    spent = perf_counter() - begun
    note = f"compilation included, thinnest {under.effective.min():.0f}, {len(under.redrawn)} redrawn"
    worth = min(under.effective.min(), under.of_law.min())
    size = 1 / (1 / fewest(whole.draws.z) + 1 / worth)
    return Sampled(size, spent, 0.0, _error(target), note)


def _error(target: Posterior) -> float:
    one = of_patients(target, [0])
    log_density = jax.jit(lambda z: one.log_factor(z) - 0.5 * jnp.sum(z**2))
    return error_in_nats(target, lambda z: float(log_density(jnp.asarray(z))))
