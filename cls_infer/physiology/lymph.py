"""Lymph flow, and the saturating response that lymph and urine share."""

import jax.numpy as jnp

from ..types import Scalar


def log_logistic(x: Scalar, y_0: Scalar, y_max: Scalar, slope: Scalar) -> Scalar:
    r"""Return a positive response that is `y_0` at rest and saturates at `y_max` [unit of `y_0`].

    $$y = \frac{y_{max}}{1 + (y_{max}/y_0 - 1)\,e^{-k x}}$$

    Slope $k y_0 (1 - y_0/y_{max})$ at `x` = 0; towards 0 it falls as $e^{kx}$. The exponent is
    held within 60 either way, where y is within $10^{-25}$ of its limits for any plausible `y_max`.

    Args:
        x: deviation from rest, any unit.
        y_0: response at rest, above 0.
        y_max: largest response, at least `y_0`.
        slope: relative slope k [1 / unit of `x`].

    Reference:
        [A], chosen for being positive, bounded and smooth.
    """
    return y_max / (1 + (y_max / y_0 - 1) * jnp.exp(-jnp.clip(slope * x, -60.0, 60.0)))


def lymph_flow(P_i: Scalar, P_i0: Scalar, J_L0: Scalar, J_max_ratio: Scalar, lambda_L: Scalar) -> Scalar:
    r"""Return the afferent lymph flow $J_L$ [L/h], positive from interstitium to plasma.

    $$J_L = \frac{J_{max}}{1 + (J_{max}/J_{L0} - 1)\,e^{-\lambda_L (P_i - P_{i0})}}$$

    Args:
        P_i: interstitial pressure [mmHg].
        P_i0: healthy interstitial pressure [mmHg].
        J_L0: healthy lymph flow [L/h]; before the nodes, so more than the thoracic duct carries.
        J_max_ratio: largest lymph flow over the healthy one [1], at least 1.
        lambda_L: relative rise of lymph flow with pressure [1/mmHg].

    Reference:
        Form [A]; tenfold reserve: Brigham et al. (1974), sheep lung [F].
    """
    return log_logistic(P_i - P_i0, y_0=J_L0, y_max=J_max_ratio * J_L0, slope=lambda_L)
