"""NumPyro's NUTS as one compiled program, which takes all chains through any number of draws up to a block."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from numpyro.infer import NUTS
from numpyro.infer.util import ParamInfo, potential_energy

from ..likelihood.centring import from_centred
from ..likelihood.facts import Facts
from ..likelihood.pooling import Pooling
from ..likelihood.posterior import FAILED, Posterior
from ..solve.platform import devices
from .programs import Programs
from .settings import Settings

FIELDS = ("z", "potential_energy", "num_steps", "accept_prob", "diverging", "energy")
"""What is kept of every draw: z, and NumPyro's statistics by its names."""


@dataclass(frozen=True)
class Sampler:
    """NUTS for one target and settings, before anything is known of where to start.

    `ready` makes NumPyro's state of all chains from a covariance and where they depart; nothing is solved for it.
    `block` takes that state, how many draws to make, the height of the wall and which pooled parameters are centred
    to the state after them and their rows [block, chain, ...], of which those beyond the draws are empty. How many
    it is at a time changes no bit of them.
    """

    settings: Settings
    pooling: Pooling
    ready: Callable[[Any, ParamInfo], Any]
    block: Callable[[Any, Any, jax.Array, jax.Array], tuple[Any, Any]]
    seconds: float


def trace_sampler(target: Posterior, settings: Settings, programs: Programs | None = None) -> Callable[[], Sampler]:
    """Return the function that compiles the sampler, unless `programs` holds that of another patient.

    Compiling leaves Python free for other work beside it; two programs traced beside one another take longer than
    one after the other.
    """
    begun = perf_counter()
    form = "sampler", target.form, replace(settings, seed=0)
    compiled = (programs or Programs()).once(form, lambda: _traced(target, settings))

    def bound() -> Sampler:
        ready, block = compiled()
        facts, keys = target.facts, _keys(settings)
        return Sampler(
            settings,
            target.pooling,
            ready=lambda covariance, departures: ready(facts, keys, covariance, departures),
            block=lambda *state: block(facts, *state),
            seconds=perf_counter() - begun,
        )

    return bound


def _traced(target: Posterior, settings: Settings) -> Callable[[], tuple[Any, Any]]:
    """Return the function that compiles `ready` and `block` of targets of this form; it does so once."""
    dimension = target.pooling.dimension
    nowhere = jnp.zeros((settings.chains, dimension))
    anything = ParamInfo({"z": nowhere}, jnp.zeros(settings.chains), {"z": nowhere})

    def run(facts: Facts, state: Any, count: jax.Array, wall: jax.Array, centred: jax.Array) -> tuple[Any, Any]:
        """Take one chain through `count` draws."""
        kernel = _kernel(target.with_facts(facts), settings, jnp.eye(dimension), wall, centred)
        one_of = jax.tree.map(lambda a: a[0], anything)
        kernel.init(jax.random.key(0), settings.warmup, one_of)  # sets the kernel up; its state is not used

        def one(number: jax.Array, carried: tuple[Any, Any]) -> tuple[Any, Any]:
            state, rows = carried
            state = kernel.sample(state, (), {})
            z = from_centred(target.pooling, state.z["z"], centred)[0]
            row = {name: getattr(state, name) for name in FIELDS[1:]} | {"z": z}
            return state, jax.tree.map(lambda column, new: column.at[number].set(new), rows, row)

        like = {name: getattr(state, name) for name in FIELDS[1:]} | {"z": state.z["z"]}
        empty = jax.tree.map(lambda a: jnp.zeros((settings.block, *a.shape), a.dtype), like)
        return jax.lax.fori_loop(0, count, one, (state, empty))

    nothing = jnp.zeros(len(target.pooling.pooled), bool)

    @jax.jit
    def ready(facts: Facts, keys: jax.Array, covariance: Any, departures: ParamInfo) -> Any:
        kernel = _kernel(target.with_facts(facts), settings, covariance, 0.0, nothing)
        return kernel.init(keys, settings.warmup, departures)

    state = ready(target.facts, _keys(settings), np.eye(dimension), anything)
    traced = _over_devices(run, settings.chains).lower(target.facts, state, np.zeros((), int), jnp.zeros(()), nothing)
    return cache(lambda: (ready, traced.compile()))


def _kernel(target: Posterior, settings: Settings, covariance: Any, wall: Any, centred: Any) -> NUTS:
    return NUTS(
        potential_fn=potential_of(target, wall, centred),
        dense_mass=[("z",)],
        inverse_mass_matrix={("z",): jnp.asarray(covariance)},
        adapt_mass_matrix=False,
        step_size=first_step(target.pooling.dimension),
        target_accept_prob=settings.target_accept,
        max_tree_depth=(settings.max_tree_depth_warmup, settings.max_tree_depth),
    )


def first_step(dimension: int) -> float:
    """Return the step size that sampling begins with: that of a standard normal."""
    return 0.5 / dimension**0.25


def _keys(settings: Settings) -> jax.Array:
    return jax.random.split(jax.random.key(settings.seed), settings.chains)


def potential_of(target: Posterior, wall: Any, centred: Any = None) -> Callable[[dict], jax.Array]:
    """Return the NumPyro model's potential energy, level at `wall` where the patient cannot be simulated.

    A path that ends where the simulated patient would have died is rejected and says nothing against the step
    size; with an unbounded wall it would count as divergent. `centred` [pooled] says what is held, nothing if None.
    """
    model = target.numpyro_model()
    unsolved = -FAILED / 2
    held = jnp.zeros(len(target.pooling.pooled), bool) if centred is None else centred

    def potential(params: dict) -> jax.Array:
        z, log_slope = from_centred(target.pooling, params["z"], held)
        energy = potential_energy(model, (), {}, {"z": z})
        return jnp.where(energy > unsolved, wall, energy - log_slope)

    return potential


def _over_devices(run: Callable, chains: int) -> Any:
    """Return `run`, of one chain, for all chains, divided among the devices, as many as divide them evenly.

    A chain with a device to itself runs without a chain axis: half to trace and to compile, and faster.
    """
    present = devices()
    count = max(n for n in range(1, len(present) + 1) if chains % n == 0)
    mesh = jax.sharding.Mesh(np.array(present[:count]), ("chain",))

    def together(facts: Facts, state: Any, draws: jax.Array, wall: jax.Array, centred: jax.Array) -> tuple[Any, Any]:
        if count < chains:
            all_of = jax.vmap(run, in_axes=(None, 0, None, None, None), out_axes=(0, 1))
            return all_of(facts, state, draws, wall, centred)
        state, rows = run(facts, jax.tree.map(lambda a: a[0], state), draws, wall, centred)
        return jax.tree.map(lambda a: a[None], state), jax.tree.map(lambda a: a[:, None], rows)

    state, rows, all_alike = PartitionSpec("chain"), PartitionSpec(None, "chain"), PartitionSpec()
    split = jax.shard_map(
        together,
        mesh=mesh,
        in_specs=(all_alike, state, all_alike, all_alike, all_alike),
        out_specs=(state, rows),
        check_vma=False,
    )
    return jax.jit(split)
