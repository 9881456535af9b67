"""Shipped models as problems: in health, at a peak leak, through ten days of an attack; and each at its typical run."""

from collections.abc import Mapping
from types import MappingProxyType

import jax.numpy as jnp
import numpy as np

from cls_infer.model.load import load_model
from cls_infer.model.prior import Fixed, value
from cls_infer.pages.typical import changes_of, typical_run
from cls_infer.physiology.inputs import REST
from cls_infer.solve.route import per_unit
from cls_infer.solve.system import System

from .problem import Problem

BODY = ("LpS", "alpha_L0", "J_L0", "C_v", "V_p0")
ATTACK = ("M", "t_0", "D", "t_off")
TENFOLD = {"m_L": 10.0}
EVERY = "model_"
"""What the name of a problem begins with that is a shipped model at its typical run."""

TWO_DAYS = np.linspace(0.0, 48.0, 26)[1:]


def two_pore_in_health() -> Problem:
    """Return the two-pore body for two days in health: nothing moves, and a solver should notice."""
    return _body("two_pore_health", "two_pore, nine states, two days in health", "two_pore", BODY, {}, 0.0, TWO_DAYS)


def two_pore_at_leak() -> Problem:
    """Return the two-pore body for two days behind ten times its large pores."""
    about = "two_pore, nine states, two days of a tenfold leak from time 0 on"
    return _body("two_pore_leak", about, "two_pore", ("m_L", *BODY), TENFOLD, 0.0, TWO_DAYS)


def three_tissues_at_leak() -> Problem:
    """Return the body of three tissues for two days behind ten times the large pores of each."""
    leaks = ("m_L_skin", "m_L_muscle", "m_L_viscera")
    about = "multi_tissue, fifteen states, two days of a tenfold leak in every tissue from time 0 on"
    changes = dict.fromkeys(leaks, 10.0)
    return _body("multi_tissue_leak", about, "multi_tissue", (*leaks, *BODY), changes, 0.0, TWO_DAYS)


def attack() -> Problem:
    """Return ten days of an attack of Clarkson disease, from health a day and a half before."""
    about = "clarkson_episode, nine states, ten days of an attack whose leak peaks at tenfold a day after time 0"
    days = np.linspace(0.0, 240.0, 25)
    return _body("clarkson_episode", about, "clarkson_episode", (*ATTACK, *BODY), {}, -36.0, days)


def shipped(name: str) -> Problem:
    """Return two days of a shipped model as its typical run changes it, under a steady infusion of Ringer's solution,
    with everything free that has a prior."""
    model = load_model(name)
    changes = changes_of(typical_run(model))
    priors = {k: one.prior_of({"onset": 24.0}) for k, one in model.parameters.items()}
    free = tuple(k for k, prior in priors.items() if not (isinstance(prior, Fixed) or prior.known))
    sizes = f"{len(model.states)} states, {len(free)} free parameters"
    about = f"{name}, {sizes}, two days of 50 mL of Ringer's solution an hour"
    start = -36.0 if model.begins else 0.0
    return _body(f"{EVERY}{name}", about, name, free, changes, start, TWO_DAYS, {"ringer": 0.05})


def _body(
    name: str,
    about: str,
    file: str,
    free: tuple[str, ...],
    changes: Mapping[str, float],
    start: float,
    times: np.ndarray,
    given: Mapping[str, float] = MappingProxyType({}),
) -> Problem:
    model = load_model(file)
    reference = model.reference(changes)._asdict()
    u = np.array(REST, float)
    for item, hourly in given.items():
        u += hourly * per_unit(item)
    system = System(model, free, {k: v for k, v in reference.items() if k not in free})
    priors = [model.parameters[k].prior_of({"onset": 24.0}) for k in free]

    def draw(spread: str, lanes: int) -> tuple:
        z = np.random.default_rng(1).standard_normal((lanes, len(free)))
        if spread == "posterior":
            return tuple(jnp.asarray(reference[k] * np.exp(0.15 * z[:, i])) for i, k in enumerate(free))
        return tuple(jnp.asarray(value(prior, 2 * z[:, i])) for i, prior in enumerate(priors))

    center = tuple(jnp.asarray([float(reference[k])]) for k in free)
    return Problem(name, about, system.rhs, system.prepare, draw, center, system.floor, u, start, times)
