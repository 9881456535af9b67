"""One attack of leak: how leaky the wall is and how much is drunk while it lasts."""

from typing import Any, NamedTuple

from ..types import Scalar
from .episode import leak_drive
from .inputs import Inputs
from .leak_treatment import treated_leak
from .window import open_between


class Attack(NamedTuple):
    """What an attack does to the body at one instant: the leak and the intake [1]."""

    m_L: Scalar
    intake: Scalar


def attack_at(t: Scalar, u: Inputs, p: Any) -> Attack:
    """Return the attack at time t [h], under treatment and with the intake that is charted."""
    E = leak_drive(
        t,
        p.t_0,
        p.D,
        p.w_on,
        p.t_off,
        p.e_p,
        prodrome_lead=p.prodrome_lead,
        prodrome_width=p.prodrome_width,
        merge=p.prodrome_merge,
        w_corner=p.w_corner,
    )
    ill = open_between(t, p.t_0, p.t_0 + p.D + p.t_convalescence, p.w_on)
    return Attack(
        m_L=treated_leak(1 + (p.M - 1) * E, u, p),
        intake=u.intake * (1 - (1 - p.intake_attack) * ill),
    )
