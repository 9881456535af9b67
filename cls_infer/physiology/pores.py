"""Sieving and diffusion of a sphere in a cylindrical pore: sigma and PS from two radii."""

import jax.numpy as jnp

from ..types import Scalar


def reflection_coefficient(lam: Scalar) -> Scalar:
    r"""Return the reflection coefficient $\sigma$ of a pore for a solute [1].

    $$\sigma = 1 - \frac{(1-\lambda)^2\,[2 - (1-\lambda)^2]\,(1 - \lambda/3)}
                        {1 - \lambda/3 + 2\lambda^2/3}$$

    0 for a point, 1 from `lam` = 1 on, where the solute no longer enters.

    Args:
        lam: solute radius over pore radius [1], at least 0.

    Reference:
        Rippe & Haraldsson (1987) [M]; the values of Pstras, Waniewski, Lindholm (2020),
        Sci Rep, Table 1 [F] follow from it [D].
    """
    lam = jnp.minimum(lam, 1.0)
    partition = (1 - lam) ** 2
    viscous = 1 - lam / 3
    return 1 - partition * (2 - partition) * viscous / (viscous + 2 * lam**2 / 3)


def restricted_diffusion(lam: Scalar) -> Scalar:
    r"""Return diffusion in the pore relative to free diffusion over the same area, $H$ [1].

    $$H = \frac{(1-\lambda)^{9/2}}{1 - 0.3956\,\lambda + 1.0616\,\lambda^2}$$

    1 for a point, 0 from `lam` = 1 on.

    Args:
        lam: solute radius over pore radius [1], at least 0.

    Reference:
        Rippe & Haraldsson (1987) [M]; checked as `reflection_coefficient` [D].
    """
    lam = jnp.minimum(lam, 1.0)
    return (1 - lam) ** 4.5 / (1 - 0.3956 * lam + 1.0616 * lam**2)


def permeability_per_conductance(solute_radius: Scalar, pore_radius: Scalar, kT: Scalar) -> Scalar:
    r"""Return the permeability-surface product per unit hydraulic conductance, $PS / L_pS$ [mmHg].

    Poiseuille gives the pore area over length as $8 \eta L_pS / r^2$, Stokes and Einstein the
    free diffusion coefficient as $kT / (6 \pi \eta a)$; the viscosity cancels:

    $$\frac{PS}{L_pS} = \frac{4\,kT}{3 \pi\, a\, r^2}\, H(a / r)$$

    Args:
        solute_radius: Stokes radius a of the solute [nm], above 0.
        pore_radius: pore radius r [nm], above 0.
        kT: thermal energy [mmHg nm^3]; Boltzmann's constant times body temperature.

    Reference:
        Rippe & Haraldsson (1987) [M]; the PS values of Pstras (2020), Table 1 [F] follow from it [D].
    """
    free = 4 * kT / (3 * jnp.pi * solute_radius * pore_radius**2)
    return free * restricted_diffusion(solute_radius / pore_radius)
