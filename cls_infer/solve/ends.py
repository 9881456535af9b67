r"""Therapy that ends at an hour which is a parameter: stops that move, and how a solve is differentiated by them.

Where such an end $\tau$ lies at the parameters' values, there is a stop, which the lane hits like any other. What the
states depend on beside the values is the stretch $[a, b]$ before and behind it, whose ends move. A stretch is solved
in a time $s$ of its own, which stays on $[a, b]$ as it stands at the values, while the hours run at the `pace`

$$t(s) = a' + (s - a)\,\frac{b' - a'}{b - a}, \qquad \frac{dy}{ds} = \frac{b' - a'}{b - a}\, f(t(s), y)$$

At the values $a' = a$, $b' = b$, the pace is 1, and what is solved is what it was. The derivative by $a'$ and $b'$
holds the jump of the right-hand side at the end, $\partial y / \partial \tau = f_- - f_+$, and what $f$ itself makes of
a longer time. Pace and shift of the clock are two channels more of the inputs, linear in how far an end is from
where it stands: every method, engine and direction differentiates them as it does an uncharted amount.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from ..physiology.inputs import REST
from ..types import Scalar
from .lanes import Forcing, Route

type Own = Callable[[jax.Array], jax.Array]
"""What lies at a route's own stops [lane, stop, ...], from what lies at those and at the ends."""


def own_time(t: Scalar, u: jax.Array) -> tuple[Scalar, Scalar | None, jax.Array]:
    """Return the hour, the pace of the hours (None where no stop moves), and the inputs [channel] without the clock."""
    if u.shape[0] == len(REST):
        return t, None, u
    pace, shift = u[len(REST) :]
    return pace * t + shift, pace, u[: len(REST)]


def to_their_ends(route: Route, amounts: jax.Array) -> tuple[Route, jax.Array, Own]:
    """Return the route with a stop at every uncertain end, what to multiply its shares by, and its own stops' places.

    Args:
        route: of every lane.
        amounts: uncharted amounts, and for how long what has an uncertain end runs [h], [lane, event].
    """
    if route.ends is None:
        return route, amounts, lambda rows: rows
    ways, places = jax.vmap(_to_its_ends)(route, jax.lax.stop_gradient(amounts))
    moved = amounts - jnp.where(route.ends.uncertain, jax.lax.stop_gradient(amounts), 0.0)
    return ways, moved, lambda rows: jax.vmap(lambda of, own: of[own])(rows, places)


def _to_its_ends(route: Route, hours: jax.Array) -> tuple[Route, jax.Array]:
    """Return the same for one lane, and the places of its own stops [stop]."""
    start, stops, forcing, ends = route
    assert ends is not None
    hours = jnp.where(ends.uncertain, hours, 1.0)
    end = jnp.minimum(ends.begin + hours, ends.until)
    end = jnp.maximum(end, ends.begin)
    moves = jnp.diag(1.0 * (ends.uncertain & (ends.begin + hours < ends.until)))  # of each end, by each hour
    times = jnp.concatenate([jnp.asarray(stops), end])
    order = jnp.argsort(times, stable=True)
    times, moves = times[order], jnp.concatenate([jnp.zeros((len(stops), len(end))), moves])[order]
    before = jnp.concatenate([jnp.asarray(start)[None], times[:-1]])
    clock = _clock(before, times, jnp.concatenate([jnp.zeros((1, len(end))), moves[:-1]]), moves)
    middle = (before + times) / 2
    stretch = jnp.minimum(jnp.searchsorted(jnp.asarray(stops), middle), len(stops) - 1)
    runs = (middle[:, None] >= ends.begin[None]) & (middle[:, None] < end[None])  # [stop, event]
    given = jnp.asarray(forcing.charted)[stretch] + runs @ (ends.hourly + ends.total / hours[:, None])
    at_rest = jnp.concatenate([given, jnp.ones((len(times), 1)), jnp.zeros((len(times), 1))], axis=1)
    thinner = runs[..., None] * (-ends.total / hours[:, None] ** 2)[None]
    share = jnp.concatenate([jnp.asarray(forcing.share)[stretch] + thinner, clock], axis=2)
    return Route(start, times, Forcing(at_rest, share)), jnp.argsort(order)[: len(stops)]


def _clock(before: jax.Array, times: jax.Array, moves_before: jax.Array, moves: jax.Array) -> jax.Array:
    """Return how pace and shift of the clock between two stops go with each hour [stop, event, 2].

    Args:
        before: where a stretch begins [stop].
        times: where it ends [stop].
        moves_before: how its begin moves with each hour [stop, event].
        moves: the same of its end.
    """
    length = (times - before)[:, None]
    within = jnp.where(length > 0, length, jnp.inf)  # a stretch of no length is not travelled
    pace = (moves - moves_before) / within
    shift = (moves_before * times[:, None] - moves * before[:, None]) / within
    return jnp.stack([pace, shift], axis=2)
