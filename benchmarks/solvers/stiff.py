"""Two stiff test equations whose end values are published: van der Pol's oscillator and HIRES.

Reference: the Test Set for Initial Value Problem Solvers; end values agree with SciPy's Radau to 6e-14 and 5e-13.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .problem import Problem

LOG_SD = {"posterior": 0.15, "prior tail": 0.5}
"""The equations have no prior: half a unit of the logarithm stands for one."""

HIRES_RATES = (1.71, 0.43, 8.32, 0.0007, 8.75, 10.03, 0.035, 1.12, 1.745, 280.0, 0.69, 1.81)
HIRES_END = (
    0.7371312573325668e-3,
    0.1442485726316185e-3,
    0.5888729740967575e-4,
    0.1175651343283149e-2,
    0.2386356198831331e-2,
    0.6238968252742796e-2,
    0.2849998395185769e-2,
    0.2850001604814231e-2,
)


def van_der_pol() -> Problem:
    """Return van der Pol's oscillator at mu = 1000; mu and the starting displacement vary from lane to lane."""

    def rhs(t: Any, y: jax.Array, numbers: jax.Array, u: jax.Array) -> jax.Array:
        return jnp.stack([y[1], numbers[0] * (1 - y[0] ** 2) * y[1] - y[0]])

    def prepare(values: tuple) -> tuple[jax.Array, jax.Array]:
        mu, displacement = values
        return jnp.stack([displacement, 0.0 * displacement]), jnp.stack([mu])

    end = (1.706167732170469, -0.8928097010248125e-3)
    about = "van der Pol, two states, mu = 1000, to 2000"
    return _stiff("van_der_pol", about, rhs, prepare, (1000.0, 2.0), 2000.0, end)


def hires() -> Problem:
    """Return HIRES, a plant's response to light; five of its rates vary from lane to lane."""
    varied = (0, 2, 4, 8, 9)

    def rhs(t: Any, y: jax.Array, numbers: jax.Array, u: jax.Array) -> jax.Array:
        k = numbers
        bound = k[9] * y[5] * y[7]
        return jnp.stack(
            [
                -k[0] * y[0] + k[1] * y[1] + k[2] * y[2] + k[3],
                k[0] * y[0] - k[4] * y[1],
                -k[5] * y[2] + k[1] * y[3] + k[6] * y[4],
                k[2] * y[1] + k[0] * y[2] - k[7] * y[3],
                -k[8] * y[4] + k[1] * y[5] + k[1] * y[6],
                -bound + k[10] * y[3] + k[0] * y[4] - k[1] * y[5] + k[10] * y[6],
                bound - k[11] * y[6],
                -bound + k[11] * y[6],
            ]
        )

    def prepare(values: tuple) -> tuple[jax.Array, jax.Array]:
        k = [jnp.asarray(rate) for rate in HIRES_RATES]
        for place, given in zip(varied, values, strict=True):
            k[place] = given
        return jnp.array([1.0, 0, 0, 0, 0, 0, 0, 0.0057]), jnp.stack(k)

    center = tuple(HIRES_RATES[i] for i in varied)
    return _stiff("hires", "HIRES, eight states, to 321.8122", rhs, prepare, center, 321.8122, HIRES_END)


def _stiff(
    name: str, about: str, rhs: Callable, prepare: Callable, center: tuple, end_time: float, end: tuple[float, ...]
) -> Problem:
    def draw(spread: str, lanes: int) -> tuple:
        z = np.random.default_rng(1).standard_normal((lanes, len(center)))
        return tuple(jnp.asarray(c * np.exp(LOG_SD[spread] * z[:, i])) for i, c in enumerate(center))

    return Problem(
        name=name,
        about=about,
        rhs=rhs,
        prepare=prepare,
        draw=draw,
        center=tuple(jnp.asarray([c]) for c in center),
        floor=np.full(len(end), -np.inf),
        u=np.zeros(1),
        start=0.0,
        times=np.linspace(0.0, end_time, 26)[1:],
        atol_share=1e-4,
        first_step=1e-4,
        most_steps=16_384,
        stiff=True,
        end=end,
    )
