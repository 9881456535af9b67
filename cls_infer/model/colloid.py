"""What a model knows of a synthetic colloid: the numbers of the one its patient was given."""

from collections.abc import Callable

from ..colloids import COLLOIDS, USUAL, Colloid
from .prior import Fixed, Prior, lognormal, value
from .spec import Covariates, Model


def of_colloid(quantity: Callable[[Colloid], float], log_sd: float = 0.0) -> Callable[[Covariates], Prior]:
    """Return the prior of a number of the patient's `colloid`; without one, of the usual colloid.

    Known numbers are lognormal without spread, not fixed: those differ between the patients of one fit.
    """

    def prior(patient: Covariates) -> Prior:
        return lognormal(quantity(COLLOIDS[str(patient.get("colloid", USUAL))]), log_sd)

    return prior


def colloid_clearance(patient: Covariates) -> Prior:
    """The clearance of the patient's colloid, with its spread."""
    return lognormal(*COLLOIDS[str(patient.get("colloid", USUAL))].k_clear)


def values_of_colloid(model: Model, colloid: str) -> dict[str, float]:
    """Return what the reference adult given this colloid has other than the reference adult, by parameter name."""
    priors = {name: parameter.prior_of({"colloid": colloid}) for name, parameter in model.parameters.items()}
    return {
        name: prior.number if isinstance(prior, Fixed) else float(value(prior, 0.0))
        for name, prior in priors.items()
        if prior != model.parameters[name].prior_of({})
    }
