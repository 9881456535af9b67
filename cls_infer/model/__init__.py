"""What a model is, and the parts model files are made of."""

from .colloid import colloid_clearance, of_colloid, values_of_colloid
from .leak import full_leak, peak_leak, usual_leak
from .load import available, load_model
from .noise import Noise, lognormal_noise, normal_noise, student_t_noise
from .onset import reported_onset
from .prior import Prior, fixed, logit_normal, lognormal, lognormal_factor, normal, truncated_normal
from .spec import Covariates, Derived, HealthyRange, Model, Observable, Parameter, State
from .steady import (
    healthy_one_pore,
    healthy_two_pore,
    healthy_two_pore_lung,
    one_pore_imbalance,
    two_pore_imbalance,
    two_pore_lung_imbalance,
)

__all__ = [
    "Covariates",
    "Derived",
    "HealthyRange",
    "Model",
    "Noise",
    "Observable",
    "Parameter",
    "Prior",
    "State",
    "available",
    "colloid_clearance",
    "fixed",
    "full_leak",
    "healthy_one_pore",
    "healthy_two_pore",
    "healthy_two_pore_lung",
    "load_model",
    "logit_normal",
    "lognormal",
    "lognormal_factor",
    "lognormal_noise",
    "normal",
    "normal_noise",
    "of_colloid",
    "one_pore_imbalance",
    "peak_leak",
    "reported_onset",
    "student_t_noise",
    "truncated_normal",
    "two_pore_imbalance",
    "two_pore_lung_imbalance",
    "usual_leak",
    "values_of_colloid",
]
