"""What a model is, and the parts model files are made of."""

from .leak import peak_leak
from .load import available, load_model
from .noise import Noise, lognormal_noise, normal_noise, student_t_noise
from .prior import Prior, fixed, logit_normal, lognormal, lognormal_factor, normal, truncated_normal
from .spec import Covariates, Derived, HealthyRange, Model, Observable, Parameter, State
from .steady import healthy_one_pore, healthy_two_pore

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
    "fixed",
    "healthy_one_pore",
    "healthy_two_pore",
    "load_model",
    "logit_normal",
    "lognormal",
    "lognormal_factor",
    "lognormal_noise",
    "normal",
    "normal_noise",
    "peak_leak",
    "student_t_noise",
    "truncated_normal",
]
