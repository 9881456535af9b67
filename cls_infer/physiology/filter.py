"""An artificial membrane: a dialyser as a steady Starling filter."""

import jax.numpy as jnp

from ..types import Scalar


def ultrafiltration(K_uf: Scalar, driving_pressure: Scalar, plateau: Scalar) -> Scalar:
    r"""Return the ultrafiltration rate of a dialyser [L/h], positive out of blood.

    $$Q = Q_{max} \left(1 - e^{-K_{uf} (TMP - \pi_{eff}) / Q_{max}}\right)$$

    Of slope K_uf where the driving pressure vanishes; saturates as protein concentrates along the fibre.

    Args:
        K_uf: filtration coefficient [L/h/mmHg].
        driving_pressure: transmembrane less effective oncotic pressure, TMP - pi_eff [mmHg]; either sign.
        plateau: largest rate Q_max [L/h], above 0.

    Reference:
        The asymptote with offset of Vonesh and Carter (1992), Biometrics 48:1-17 [M].
    """
    return -plateau * jnp.expm1(-K_uf * driving_pressure / plateau)
