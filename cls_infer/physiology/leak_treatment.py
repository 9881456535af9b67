"""What treatments do to the leak itself, each by an unknown factor that the data may tell.

None of the published treatments has a measured effect on the leak's size. So each is a factor on the excess of
large pores, with a prior centred on no effect.
"""

from typing import Any

import jax.numpy as jnp

from ..types import Scalar
from .inputs import Inputs


def treated_leak(m_L: Scalar, u: Inputs, p: Any) -> Scalar:
    r"""Return the leak that is left under treatment [1].

    $$m = 1 + (m_L - 1)\,\exp \sum_k \beta_k u_k$$

    over steroid, immunoglobulin, aminophylline with terbutaline, and an antibody against angiopoietin-2.

    Args:
        m_L: leak without treatment, large pores relative to health [1].
        u: inputs; level u_k of each treatment: 1 while it is judged to act, 0 otherwise, more or less scales the
            logarithm of its effect.
        p: parameters; beta_k [1], the logarithm of the factor by which treatment k alone changes m_L - 1.

    Reference:
        [A]; case reports and series disagree. Against angiopoietin-2 in cells: Xie et al. (2012) [F],
        `physiology.md` 6.1.
    """
    return 1 + jnp.exp(_on_drive(u, p) + _on_ang2(u, p)) * (m_L - 1)


def treated_drive(u: Inputs, p: Any) -> Scalar:
    r"""Return the factor on what drives the endothelium [1]: $\exp \sum_k \beta_k u_k$, without anti-angiopoietin-2.

    Arguments as of `treated_leak`; here beta_k is the logarithm of the factor on the drive. Form [A].
    """
    return jnp.exp(_on_drive(u, p))


def unbound_ang2(u: Inputs, p: Any) -> Scalar:
    r"""Return the share of angiopoietin-2 that reaches its receptor under an antibody against it [1].

    $e^{\beta u}$, with the level u of the antibody, and beta the logarithm of that share at level 1. Form [A].
    """
    return jnp.exp(_on_ang2(u, p))


def _on_drive(u: Inputs, p: Any) -> Scalar:
    return (
        p.beta_steroid * u.steroid
        + p.beta_immunoglobulin * u.immunoglobulin
        + p.beta_aminophylline_terbutaline * u.aminophylline_terbutaline
    )


def _on_ang2(u: Inputs, p: Any) -> Scalar:
    return p.beta_anti_ang2 * u.anti_ang2
