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

from ..likelihood.posterior import Posterior
from .start import Start

FIELDS = ("z", "potential_energy", "num_steps", "accept_prob", "diverging", "energy")


ENOUGH_TO_ADAPT = 200
"""Shorter warmups keep the Laplace mass matrix: what they would learn is noisier."""


@dataclass(frozen=True)
class Settings:
    """How to sample. `block` draws run in one compiled call."""

    chains: int = 4
    warmup: int = 200
    draws: int = 300
    seed: int = 1
    target_accept: float = 0.8
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
    model = target.numpyro_model()
    kernel = NUTS(
        potential_fn=lambda params: potential_energy(model, (), {}, params),
        dense_mass=[("z",)],
        inverse_mass_matrix={("z",): jnp.asarray(start.covariance)},
        adapt_mass_matrix=settings.warmup >= ENOUGH_TO_ADAPT,
        step_size=0.5 / len(start.mode) ** 0.25,
        target_accept_prob=settings.target_accept,
        max_tree_depth=(settings.max_tree_depth_warmup, settings.max_tree_depth),
    )
    keys = jax.random.split(jax.random.key(settings.seed), settings.chains)
    begun = perf_counter()
    state = kernel.init(keys, settings.warmup, _departures(start, settings))

    def one(state, _):
        state = kernel.sample(state, (), {})
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
    return _run(block, state, settings, report, {"compile": compiled - begun}, compiled)


def _departures(start: Start, settings: Settings) -> ParamInfo:
    """Return where each chain starts, with potential and gradient there.

    They come from the program that searched for the mode: NumPyro would compile the model's gradient a second time
    to learn them.
    """
    z = start.dispersed(settings.chains, settings.seed)
    at = start.expand(z)
    potential = 0.5 * z.shape[1] * np.log(2 * np.pi) - at.log_posterior
    return ParamInfo({"z": jnp.asarray(z)}, potential, {"z": -at.gradient})


def _over_devices(run: Callable, chains: int) -> Any:
    """Return `run` compiled with the chains divided among the devices, as many as divide them evenly."""
    count = max(n for n in range(1, len(jax.devices()) + 1) if chains % n == 0)
    if count == 1:
        return jax.jit(run)
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:count]), ("chain",))
    state, rows = PartitionSpec("chain"), PartitionSpec(None, "chain")
    return jax.jit(jax.shard_map(run, mesh=mesh, in_specs=state, out_specs=(state, rows), check_vma=False))


def _run(block, state, settings: Settings, report, seconds: dict[str, float], begun: float) -> Draws:
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
