"""The endothelium under cytokines: angiopoietin-2, the signal at Tie2, the barrier, the glycocalyx."""

from math import log

import jax.numpy as jnp
from jax.nn import sigmoid

from ..types import Scalar
from .two_pore import Sieve


def decay_rate(half_life: Scalar) -> Scalar:
    """Return the rate constant ln 2 / half-life [1/h] of a half-life [h]."""
    return log(2) / half_life


def hill(x: Scalar, half: Scalar, n: Scalar | int) -> Scalar:
    r"""Return the saturating response $x^n / (x^n + x_{1/2}^n)$ [1]: 0 at rest, 1 far above `half`.

    0 for `x` below 0 too, which rounding may bring about; smooth there for n above 1.

    Args:
        x: stimulus, any unit.
        half: stimulus of half effect [unit of `x`], above 0.
        n: steepness [1], above 1.
    """
    stimulated = x > 0.0
    power = (jnp.where(stimulated, x, half) / half) ** n  # a power of 0 has no second slope
    return jnp.where(stimulated, power / (1 + power), 0.0)


def ang2_release(C: Scalar, r_A: Scalar, K_A: Scalar, h_A: Scalar | int) -> Scalar:
    r"""Return the release of angiopoietin-2 relative to health, $1 + r_A C^h / (C^h + K_A^h)$ [1].

    Args:
        C: cytokine drive [1]; 1 at the plateau of a severe septic shock.
        r_A: largest gain of release [1], at least 0; at 0 cytokines release none.
        K_A: drive of half effect [1].
        h_A: steepness [1], above 1.

    Reference:
        [A]; the gain from plasma levels of severe sepsis, Davis et al. (2010) [F].
    """
    return 1 + r_A * hill(C, K_A, h_A)


def tie2_signal(ratio: Scalar, kappa: Scalar, eps: Scalar) -> Scalar:
    r"""Return the signal of the receptor Tie2 relative to health, $S(R) / S(1)$ [1].

    $$S(R) = \frac{1 + \epsilon \kappa R}{1 + \kappa R}, \qquad
      R = \frac{Ang2 / Ang2_0}{Ang1 / Ang1_0}$$

    Angiopoietin-2 displaces angiopoietin-1 and signals less. From $(1 + \kappa) / (1 + \epsilon \kappa)$
    without any to $\epsilon$ times that at its largest excess.

    Args:
        ratio: angiopoietin-2 over angiopoietin-1, each relative to health [1], at least 0.
        kappa: competition in health [1]; at 0 angiopoietin-2 does nothing.
        eps: what angiopoietin-2 signals itself, relative to angiopoietin-1 [1], in [0, 1].

    Reference:
        Ratio form [A]; weaker agonist alone, antagonist beside Ang1: Yuan et al. (2009) [F].
    """
    return (1 + eps * kappa * ratio) / (1 + kappa * ratio) * (1 + kappa) / (1 + eps * kappa)


def barrier_target(C: Scalar, signal: Scalar, C_50: Scalar, q: Scalar | int, n: Scalar | int) -> Scalar:
    r"""Return the opening that the barrier tends to, $E_\infty = C^n / [C^n + (C_{50}\,s^q)^n]$ [1].

    A weak signal primes the endothelium: it lowers the drive that is needed. Without a drive nothing opens.

    Args:
        C: cytokine drive [1].
        signal: signal s of Tie2 relative to health [1], above 0.
        C_50: drive of half opening at a healthy signal [1].
        q: how strongly the signal sets the threshold [1].
        n: steepness [1], above 1.

    Reference:
        Form [A]; permissive, not sufficient: Fiedler et al. (2006) [F].
    """
    return hill(C, C_50 * signal**q, n)


def barrier_motion(E: Scalar, target: Scalar, t_on: Scalar, t_off: Scalar, w_E: Scalar) -> Scalar:
    r"""Return $dE/dt$ of the barrier's opening [1/h]: it opens over `t_on` and closes over `t_off`.

    $$\dot E = (E_\infty - E) \left[ \frac{1}{t_{off}} + \left( \frac{1}{t_{on}} - \frac{1}{t_{off}} \right)
      \mathrm{sigmoid} \frac{E_\infty - E}{w_E} \right]$$

    Args:
        E: opening [1]; 0 in health, 1 when no barrier is left.
        target: opening that it tends to [1].
        t_on: time constant of opening [h].
        t_off: time constant of closing [h].
        w_E: distance over which the one passes into the other [1].

    Reference:
        [A].
    """
    opening = sigmoid((target - E) / w_E)
    return (target - E) * (opening / t_on + (1 - opening) / t_off)


def shedding(C: Scalar, G: Scalar, k_Gd: Scalar, K_G: Scalar) -> Scalar:
    r"""Return how fast the glycocalyx is shed, $k_{Gd}\,\frac{C}{C + K_G}\,G$ [1/h].

    Args:
        C: cytokine drive [1], at least 0.
        G: glycocalyx that is left [1]; 1 in health.
        k_Gd: largest rate of shedding [1/h].
        K_G: drive of half that rate [1].

    Reference:
        [A].
    """
    return k_Gd * C / (C + K_G) * G


def worn_conductance(G: Scalar, g_h: Scalar) -> Scalar:
    """Return the small pores' conductance relative to health, 1 + g_h (1 - G) [1], at glycocalyx G [1].

    `g_h` is the gain when no glycocalyx is left [1]; 0 leaves the pores as they are. Form [A].
    """
    return 1 + g_h * (1 - G)


def worn_sieve(s: Sieve, G: Scalar, g_s: Scalar) -> Sieve:
    """Return the sieve whose small pores reflect 1 - g_s (1 - G) times as much, at glycocalyx G [1].

    `g_s` is the share of reflection that goes with the whole glycocalyx [1], in [0, 1]; 0 leaves the sieve
    as it is. The permeabilities stay. Form [A]; whether there is such a coupling the published patients do
    not agree: Hahn (2021) against, cohorts of septic shock for [F].
    """
    kept = 1 - g_s * (1 - G)
    return s._replace(sigma_SA=s.sigma_SA * kept, sigma_SG=s.sigma_SG * kept)
