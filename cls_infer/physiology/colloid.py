"""A synthetic colloid in the two-pore body: a third solute, with a radius and an oncotic pressure of its own.

Dextran and starch pass the pores and return with lymph as protein does, and are cleared from plasma. None is there
in health, where the body is that of `two_pore_body`.
"""

from typing import Any, NamedTuple

from ..types import Scalar
from .body import Loop, plasma_lost
from .inputs import Inputs
from .oncotic import share_of_pressure
from .solute import solute_flux, unidirectional_clearance
from .two_pore import Beside, Sieve, SoluteSieve, oncotic_parts
from .two_pore_body import TwoPoreFlows, TwoPoreHealth, two_pore_flows, two_pore_rates


class ColloidHealth(NamedTuple):
    """What follows from the parameters alone: the two-pore body, and how its pores sieve the colloid."""

    loop: Loop
    sieve: Sieve
    C_iA0: Scalar
    C_iG0: Scalar
    TER_0: Scalar
    colloid: SoluteSieve

    @property
    def body(self) -> TwoPoreHealth:
        """The body without the colloid."""
        return TwoPoreHealth(self.loop, self.sieve, self.C_iA0, self.C_iG0, self.TER_0)


class ColloidFlows(NamedTuple):
    """Every flow of the body, and the colloid's: concentrations [g/L], fluxes [g/h], escape [1/h].

    `pi_p` is the oncotic pressure of plasma with all it holds, `pi_pX` the colloid's part of it [mmHg].
    """

    body: TwoPoreFlows
    C_pX: Scalar
    C_iX: Scalar
    pi_p: Scalar
    pi_pX: Scalar
    Js_X: Scalar
    TER_X: Scalar
    cleared: Scalar
    lost: Scalar


def colloid_part(C_X: Scalar, C_A: Scalar, C_G: Scalar, p: Any) -> Scalar:
    """Return the colloid's partial oncotic pressure [mmHg] at C_X beside albumin and globulin at C_A, C_G [g/L]."""
    return share_of_pressure(C_X, C_A + C_G + C_X, (p.k1_X, p.k2_X, p.k3_X))


def colloid_flows(y: Any, p: Any, h: ColloidHealth, u: Inputs, *, m_L: Scalar, intake: Scalar) -> ColloidFlows:
    r"""Return the flows at the states of `two_pore_flows` and X_p, X_i, X_out [g] under leak m_L [1].

    On both sides of the wall the colloid is one solute k more, in its pressures as in its flux:

    $$J_j = L_pS_j\,[\Delta P - \sum_{k=A,G,X} \sigma_{jk}\Delta\pi_k], \qquad
      \pi_k = \frac{C_k}{C_t}\,\pi_{k,pure}(C_t), \qquad C_t = C_A + C_G + C_X$$

    so that colloid and protein raise each other's pressure, as they crowd each other. The colloid reaches the part
    of the interstitium that protein reaches.

    Reference:
        Operators of `wall_flux`, the mixture of `partial_pressures` [A]; a third solute: `physiology.md` 5.5.
    """
    s, V_av = h.colloid, y.V_i - h.loop.V_ex
    C_pA, C_pG, C_pX = y.A_p / y.V_p, y.G_p / y.V_p, y.X_p / y.V_p
    C_iX = y.X_i / V_av
    pi_pA, pi_pG = oncotic_parts(C_pA, C_pG, p, C_other=C_pX)
    pi_pX = colloid_part(C_pX, C_pA, C_pG, p)
    dpi_X = pi_pX - colloid_part(C_iX, y.A_i / V_av, y.G_i / V_av, p)
    beside = Beside(C_p=C_pX, C_i=C_iX, opposing_S=s.sigma_S * dpi_X, opposing_L=s.sigma_L * dpi_X)
    body = two_pore_flows(y, p, h.body, u, m_L=m_L, intake=intake, beside=beside)
    small = (body.wall.J_S, s.sigma_S, p.LpS * (1 - p.alpha_L0) * s.PS_S)
    large = (body.wall.J_L, s.sigma_L, body.K_L * s.PS_L)
    return ColloidFlows(
        body=body,
        C_pX=C_pX,
        C_iX=C_iX,
        pi_p=pi_pA + pi_pG + pi_pX,
        pi_pX=pi_pX,
        Js_X=solute_flux(*small, C_pX, C_iX) + solute_flux(*large, C_pX, C_iX),
        TER_X=(unidirectional_clearance(*small) + unidirectional_clearance(*large)) / y.V_p,
        cleared=p.k_X * y.X_p,
        lost=y.X_out,
    )


def colloid_rates(f: ColloidFlows, y: Any, p: Any, h: ColloidHealth, u: Inputs) -> dict[str, Scalar]:
    """Return the derivatives of the body's states and the colloid's: given, escaped, cleared, lost."""
    c = f.body.circulation
    returned = c.J_lymph * f.C_iX
    return {
        **two_pore_rates(f.body, y, p, h.body, u),
        "X_p": u.colloid - f.Js_X + returned - f.cleared - plasma_lost(c, u) * f.C_pX,
        "X_i": f.Js_X - returned,
        "X_out": f.cleared,
    }
