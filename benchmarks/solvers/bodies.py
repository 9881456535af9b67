"""Shipped models as problems: in health, at a peak leak, through ten days of an attack."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np

from cls_infer.model.load import load_model
from cls_infer.model.prior import value
from cls_infer.physiology.inputs import REST
from cls_infer.solve.system import System

from .problem import Problem

BODY = ("LpS", "alpha_L0", "J_L0", "C_v", "V_p0")
ATTACK = ("M", "t_0", "D", "t_off")
TENFOLD = {"m_L": 10.0}
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


def _body(
    name: str,
    about: str,
    file: str,
    free: tuple[str, ...],
    changes: Mapping[str, float],
    start: float,
    times: np.ndarray,
) -> Problem:
    model = load_model(file)
    reference = model.reference(changes)._asdict()
    system = System(model, free, {k: v for k, v in reference.items() if k not in free})
    priors = [model.parameters[k].prior_of({"onset": 24.0}) for k in free]

    def draw(spread: str, lanes: int) -> tuple:
        z = np.random.default_rng(1).standard_normal((lanes, len(free)))
        if spread == "posterior":
            return tuple(jnp.asarray(reference[k] * np.exp(0.15 * z[:, i])) for i, k in enumerate(free))
        return tuple(jnp.asarray(value(prior, 2 * z[:, i])) for i, prior in enumerate(priors))

    center = tuple(jnp.asarray([float(reference[k])]) for k in free)
    return Problem(name, about, system.rhs, system.prepare, draw, center, system.floor, np.array(REST), start, times)
