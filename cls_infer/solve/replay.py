"""The accepted steps taken again: backwards for gradients, forwards for tangents.

In both directions the step sizes are held: what is differentiated is the discrete map the solver applied.
"""

from functools import partial

import jax
import jax.numpy as jnp

from .lanes import Case, Journey, Route, at, inputs_at
from .stepper import Rhs, Stepper


def unwind(
    rhs: Rhs, stepper: Stepper, case: Case, route: Route, journey: Journey, pull: jax.Array
) -> tuple[jax.Array, Case]:
    """Return the gradient with respect to y0 and case, from that with respect to the states at the stops.

    Every step is linearised where it was taken; a rejected one has h = 0 and passes everything through.
    """

    def step(y: jax.Array, case: Case, n: jax.Array) -> jax.Array:
        return _again(rhs, stepper, y, case, route, journey, n)

    def body(carry: tuple) -> tuple:
        n, pull_y, pull_case = carry
        n = n - 1
        here = at(pull, journey.stop[n])
        pull_y = pull_y + jnp.where(journey.arrived[n][:, None], here, 0.0)
        _, pullback = jax.vjp(lambda y, case: step(y, case, n), journey.y[n], case)
        pull_y, more = pullback(pull_y)
        return n, pull_y, jax.tree.map(jnp.add, pull_case, more)

    first = (journey.taken, jnp.zeros_like(pull[:, 0]), jax.tree.map(jnp.zeros_like, case))
    _, pull_y0, pull_case = jax.lax.while_loop(lambda carry: carry[0] > 0, body, first)
    return pull_y0, pull_case


def replay(rhs: Rhs, stepper: Stepper, y0: jax.Array, case: Case, route: Route, journey: Journey) -> jax.Array:
    """Return the states at the stops [lane, stop, state] by taking the accepted steps again."""
    lanes, stops = route.stops.shape
    lane = jnp.arange(lanes)

    def body(carry: tuple) -> tuple:
        n, y, at_stops = carry
        y = _again(rhs, stepper, y, case, route, journey, n)
        place = jnp.where(journey.arrived[n], journey.stop[n], stops)
        return n + 1, y, at_stops.at[lane, place].set(y, mode="drop")

    first = (0, y0, jnp.zeros((lanes, stops, y0.shape[1])))
    return jax.lax.while_loop(lambda carry: carry[0] < journey.taken, body, first)[2]


def _again(
    rhs: Rhs, stepper: Stepper, y: jax.Array, case: Case, route: Route, journey: Journey, n: jax.Array
) -> jax.Array:
    """Take step n of every lane again, from states y [lane, state]."""
    u = inputs_at(route.forcing, journey.stop[n], case.amounts)
    kept = jax.tree.map(lambda rows: rows[n], journey.kept)
    return jax.vmap(partial(stepper.again, rhs))(journey.t[n], journey.h[n], y, kept, case.numbers, u)
