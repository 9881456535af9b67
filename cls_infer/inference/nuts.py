"""NumPyro's NUTS in blocks of draws: progress, an interrupt that keeps what is there, one compiled program."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from numpyro.infer import NUTS
from numpyro.infer.util import ParamInfo, potential_energy

from ..likelihood.posterior import FAILED, Posterior
from .pooled import learnt_covariance, with_mass_matrix_of, with_one_step_size
from .start import Start

WALL = 700.0
"""Potential energy above the mode where a patient cannot be simulated; NumPyro calls an error of 1000 divergent."""

FIELDS = ("z", "potential_energy", "num_steps", "accept_prob", "diverging", "energy")


ENOUGH_TO_ADAPT = 200
"""Shorter warmups keep the Laplace mass matrix: what they would learn is noisier."""


@dataclass(frozen=True)
class Settings:
    """How to sample. `block` draws run in one compiled call."""

    chains: int = 4
    warmup: int = 300
    draws: int = 400
    seed: int = 1
    target_accept: float = 0.95
    max_tree_depth: int = 8
    max_tree_depth_warmup: int = 5
    block: int = 25


@dataclass(frozen=True)
class Progress:
    """Where sampling stands after a block."""

    done: int
    total: int
    warmup: int
    divergences: int
    step_size: float
    leapfrogs: float
    seconds: float


@dataclass
class Draws:
    """Draws of z [chain, draw, dim] and the sampler's statistics [chain, draw]; `complete` unless interrupted."""

    z: np.ndarray
    stats: dict[str, np.ndarray]
    seconds: dict[str, float] = field(default_factory=dict)
    complete: bool = True


def sample_nuts(
    target: Posterior,
    start: Start,
    settings: Settings,
    *,
    report: Callable[[Progress], None] = lambda _: None,
) -> Draws:
    """Return NUTS draws, all chains in one vectorised program, mass matrix from the Laplace approximation.

    An interrupt (Ctrl-C) after the warmup ends sampling and returns the draws so far, marked incomplete.
    """
    potential = _potential(target, start)

    def kernel(covariance: np.ndarray) -> NUTS:
        return NUTS(
            potential_fn=potential,
            dense_mass=[("z",)],
            inverse_mass_matrix={("z",): jnp.asarray(covariance)},
            adapt_mass_matrix=False,
            step_size=0.5 / len(start.mode) ** 0.25,
            target_accept_prob=settings.target_accept,
            max_tree_depth=(settings.max_tree_depth_warmup, settings.max_tree_depth),
        )

    sampler = kernel(start.covariance)
    keys = jax.random.split(jax.random.key(settings.seed), settings.chains)
    begun = perf_counter()
    departures = _departures(start, settings)
    state = sampler.init(keys, settings.warmup, departures)

    def learn(state: Any, z: np.ndarray) -> Any:
        """Give every chain the mass matrix learnt from all chains' draws z [draw, chain, dim]."""
        covariance = learnt_covariance(start.covariance, z.reshape(-1, z.shape[-1]))
        return with_mass_matrix_of(state, kernel(covariance).init(keys, settings.warmup, departures))

    def one(state, _):
        state = sampler.sample(state, (), {})
        return state, {
            "z": state.z["z"],
            "potential_energy": state.potential_energy,
            "num_steps": state.num_steps,
            "accept_prob": state.accept_prob,
            "diverging": state.diverging,
            "energy": state.energy,
        }

    block = _over_devices(lambda state: jax.lax.scan(one, state, None, length=settings.block), settings.chains)
    block = block.lower(state).compile()
    compiled = perf_counter()
    return _run(block, state, settings, learn, report, {"compile": compiled - begun}, compiled)


def _potential(target: Posterior, start: Start) -> Callable[[dict], jax.Array]:
    """Return the NumPyro model's potential energy, level where the patient cannot be simulated.

    There it stands WALL above the mode: no weight worth a draw, yet less than the energy error that NumPyro calls
    a divergence. A path that ends where the simulated patient would have died is rejected and says nothing
    against the step size; with an unbounded wall it would count as divergent.
    """
    model = target.numpyro_model()
    unsolved = -FAILED / 2
    wall = WALL + _normalised(start.log_posterior.max(), len(start.mode))

    def potential(params: dict) -> jax.Array:
        energy = potential_energy(model, (), {}, params)
        return jnp.where(energy > unsolved, wall, energy)

    return potential


def _normalised(log_posterior: Any, dimension: int) -> Any:
    """Return the potential energy of the NumPyro model where `expand` found this log posterior."""
    return 0.5 * dimension * np.log(2 * np.pi) - log_posterior


def _departures(start: Start, settings: Settings) -> ParamInfo:
    """Return where each chain starts, with potential and gradient there.

    They come from the program that searched for the mode: NumPyro would compile the model's gradient a second time
    to learn them.
    """
    z = start.dispersed(settings.chains, settings.seed)
    at = start.expand(z)
    while np.any(astray := np.asarray(at.log_posterior) < start.log_posterior.max() - WALL / 2):
        z[astray] = (z[astray] + start.mode) / 2
        at = start.expand(z)
    return ParamInfo({"z": jnp.asarray(z)}, _normalised(at.log_posterior, z.shape[1]), {"z": -at.gradient})


def _over_devices(run: Callable, chains: int) -> Any:
    """Return `run` compiled with the chains divided among the devices, as many as divide them evenly."""
    count = max(n for n in range(1, len(jax.devices()) + 1) if chains % n == 0)
    if count == 1:
        return jax.jit(run)
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:count]), ("chain",))
    state, rows = PartitionSpec("chain"), PartitionSpec(None, "chain")
    return jax.jit(jax.shard_map(run, mesh=mesh, in_specs=state, out_specs=(state, rows), check_vma=False))


def _learning(settings: Settings) -> tuple[int, ...]:
    """Return after how many draws the mass matrix is learnt: twice, so late that the step size can still follow."""
    if settings.warmup < ENOUGH_TO_ADAPT:
        return ()
    return tuple(int(share * settings.warmup) // settings.block * settings.block for share in (0.4, 0.75))


def _run(block, state, settings: Settings, learn, report, seconds: dict[str, float], begun: float) -> Draws:
    learning = _learning(settings)
    total = settings.warmup + settings.draws
    kept: list[dict[str, np.ndarray]] = []
    done = 0
    complete = True
    try:
        while done < total:
            state, rows = block(state)
            rows = jax.tree.map(np.asarray, rows)
            done += settings.block
            kept.append(rows)
            if done in learning:
                state = learn(state, np.concatenate([r["z"] for r in kept[len(kept) // 3 :]]))
            if done - settings.block < settings.warmup <= done:
                state = with_one_step_size(state)
            report(
                Progress(
                    done=min(done, total),
                    total=total,
                    warmup=settings.warmup,
                    divergences=int(sum(r["diverging"].sum() for r in kept[settings.warmup // settings.block :])),
                    step_size=float(np.mean(state.adapt_state.step_size)),
                    leapfrogs=float(np.mean(rows["num_steps"])),
                    seconds=perf_counter() - begun,
                )
            )
    except KeyboardInterrupt:
        if done <= settings.warmup:
            raise
        complete = False
    joined = {name: np.concatenate([r[name] for r in kept])[settings.warmup : total] for name in FIELDS}
    by_chain = {name: np.moveaxis(a, 0, 1) for name, a in joined.items()}
    seconds["sample"] = perf_counter() - begun
    z = by_chain.pop("z")
    return Draws(z, by_chain, seconds, complete)
