"""NumPyro's NUTS in blocks of draws: progress, an interrupt that keeps what is there, one compiled program."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import PartitionSpec
from numpyro.infer import NUTS
from numpyro.infer.util import ParamInfo, potential_energy

from ..likelihood.centring import from_centred, to_centred
from ..likelihood.pooling import Pooling
from ..likelihood.posterior import FAILED, Posterior
from ..solve.platform import devices
from .centring import choose_centred
from .pooled import learnt_covariance, with_mass_matrix_of, with_one_step_size
from .settings import Settings
from .start import Start

WALL = 700.0
"""Potential energy above the mode where a patient cannot be simulated; NumPyro calls an error of 1000 divergent."""

FIELDS = ("z", "potential_energy", "num_steps", "accept_prob", "diverging", "energy")


ENOUGH_TO_ADAPT = 200
"""Shorter warmups keep the Laplace mass matrix: what they would learn is noisier."""


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
    """Draws of z [chain, draw, dim] and the sampler's statistics [chain, draw]; `complete` unless interrupted.

    `centred` names the pooled parameters that were sampled as each patient's own coordinate, with the share of
    patients whose data outweigh the population for every pooled one.
    """

    z: np.ndarray
    stats: dict[str, np.ndarray]
    seconds: dict[str, float] = field(default_factory=dict)
    complete: bool = True
    centred: str = ""


@dataclass(frozen=True)
class Sampler:
    """NUTS for one target and settings, before anything is known of where to start.

    `ready` makes NumPyro's state of all chains from a covariance and where they depart; nothing is solved for it.
    `block` takes that state, the height of the wall and which pooled parameters are centred to the state after a
    block of draws and their rows.
    """

    settings: Settings
    pooling: Pooling
    ready: Callable[[Any, ParamInfo], Any]
    block: Callable[[Any, jax.Array, jax.Array], tuple[Any, Any]]
    seconds: float


def trace_sampler(target: Posterior, settings: Settings) -> Callable[[], Sampler]:
    """Return the function that compiles the sampler.

    Compiling leaves Python free for other work beside it; two programs traced beside one another take longer than
    one after the other.
    """
    begun = perf_counter()
    dimension = target.pooling.dimension
    nowhere = jnp.zeros((settings.chains, dimension))
    anything = ParamInfo({"z": nowhere}, jnp.zeros(settings.chains), {"z": nowhere})

    def run(state: Any, wall: jax.Array, centred: jax.Array) -> tuple[Any, Any]:
        """Take one chain through a block of draws."""
        kernel = _kernel(target, settings, jnp.eye(dimension), wall, centred)
        one_of = jax.tree.map(lambda a: a[0], anything)
        kernel.init(_keys(settings)[0], settings.warmup, one_of)  # sets the kernel up; its state is not used

        def one(state: Any, _: None) -> tuple[Any, Any]:
            state = kernel.sample(state, (), {})
            z = from_centred(target.pooling, state.z["z"], centred)[0]
            return state, {name: getattr(state, name) for name in FIELDS[1:]} | {"z": z}

        return jax.lax.scan(one, state, None, length=settings.block)

    nothing = jnp.zeros(len(target.pooling.pooled), bool)

    @jax.jit
    def ready(covariance: Any, departures: ParamInfo) -> Any:
        return _kernel(target, settings, covariance, 0.0, nothing).init(_keys(settings), settings.warmup, departures)

    state = ready(np.eye(dimension), anything)
    traced = _over_devices(run, settings.chains).lower(state, jnp.zeros(()), nothing)
    return lambda: Sampler(settings, target.pooling, ready, traced.compile(), perf_counter() - begun)


def sample_nuts(
    sampler: Sampler,
    start: Start,
    *,
    enough: Callable[[np.ndarray], bool] = lambda _: True,
    report: Callable[[Any], None] = lambda _: None,
) -> Draws:
    """Return NUTS draws, every chain on its own device where there are enough.

    Pooled parameters of which most patients' data say more than their population are sampled as each patient's own
    coordinate, the others as deviations; the draws are of deviations either way.

    The mass matrix comes from the Laplace approximation and what all chains learn in the warmup. After every
    `draws` draws `enough` looks at all kept so far [chain, draw, dim]; where it says no, as many again follow,
    up to `most_draws`. An interrupt (Ctrl-C) after the warmup ends sampling and returns the draws so far, marked
    incomplete.
    """
    settings, pooling = sampler.settings, sampler.pooling
    begun = perf_counter()
    centred, share = choose_centred(pooling, start)
    told = _in_words(pooling, centred, share)
    if told:
        report(f"pooled parameters: {told}")
    covariance = _covariance(pooling, start, centred)
    departures = _departures(start, settings, pooling, centred)
    state = sampler.ready(covariance, departures)
    wall = jnp.asarray(WALL + _normalised(start.log_posterior.max(), len(start.mode)))

    def learn(state: Any, z: np.ndarray) -> Any:
        """Give every chain the mass matrix learnt from all chains' draws z [draw, chain, dim]."""
        flat = z.reshape(-1, z.shape[-1])
        moved = np.asarray(jax.vmap(lambda one: to_centred(pooling, one, centred))(flat)) if centred.any() else flat
        return with_mass_matrix_of(state, sampler.ready(learnt_covariance(covariance, moved), departures))

    chosen = jnp.asarray(centred)
    draws = _run(lambda state: sampler.block(state, wall, chosen), state, settings, learn, enough, report, begun)
    return replace(draws, centred=told, seconds={"compile": sampler.seconds, "sample": perf_counter() - begun})


def _in_words(pooling: Pooling, centred: np.ndarray, share: np.ndarray) -> str:
    """Return how each pooled parameter is sampled, and the share of patients whose data outweigh the population."""
    ways = zip(pooling.pooled, centred, share, strict=True)
    return ", ".join(f"{pooling.slots[n].name} {'centred' if c else 'non-centred'} ({s:.0%})" for n, c, s in ways)


def _covariance(pooling: Pooling, start: Start, centred: np.ndarray) -> np.ndarray:
    """Return the Laplace covariance [dim, dim] of what is sampled."""
    if not centred.any():
        return start.covariance
    slope = np.asarray(jax.jacfwd(lambda z: to_centred(pooling, z, centred))(jnp.asarray(start.mode)))
    return slope @ start.covariance @ slope.T


def _kernel(target: Posterior, settings: Settings, covariance: Any, wall: Any, centred: Any) -> NUTS:
    return NUTS(
        potential_fn=_potential(target, wall, centred),
        dense_mass=[("z",)],
        inverse_mass_matrix={("z",): jnp.asarray(covariance)},
        adapt_mass_matrix=False,
        step_size=0.5 / target.pooling.dimension**0.25,
        target_accept_prob=settings.target_accept,
        max_tree_depth=(settings.max_tree_depth_warmup, settings.max_tree_depth),
    )


def _keys(settings: Settings) -> jax.Array:
    return jax.random.split(jax.random.key(settings.seed), settings.chains)


def _potential(target: Posterior, wall: Any, centred: Any = None) -> Callable[[dict], jax.Array]:
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


def _normalised(log_posterior: Any, dimension: int) -> Any:
    """Return the potential energy of the NumPyro model where `expand` found this log posterior."""
    return 0.5 * dimension * np.log(2 * np.pi) - log_posterior


def _departures(start: Start, settings: Settings, pooling: Pooling, centred: np.ndarray) -> ParamInfo:
    """Return where each chain starts, with potential and gradient there, of what is sampled.

    They come from the program that searched for the mode: NumPyro would compile the model's gradient a second time
    to learn them.
    """
    z = start.dispersed(settings.chains, settings.seed)
    at = start.expand(z)
    while np.any(astray := np.asarray(at.log_posterior) < start.log_posterior.max() - WALL / 2):
        z[astray] = (z[astray] + start.mode) / 2
        at = start.expand(z)
    potential, slope = _normalised(at.log_posterior, z.shape[1]), -at.gradient
    if not centred.any():
        return ParamInfo({"z": jnp.asarray(z)}, potential, {"z": slope})

    def moved(z: jax.Array, slope: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        c = to_centred(pooling, z, centred)
        (_, log_slope), pull = jax.vjp(lambda c: from_centred(pooling, c, centred), c)
        return c, log_slope, pull((slope, -jnp.ones(())))[0]

    c, log_slope, slope = jax.vmap(moved)(jnp.asarray(z), slope)
    return ParamInfo({"z": c}, potential - log_slope, {"z": slope})


def _over_devices(run: Callable, chains: int) -> Any:
    """Return `run`, of one chain, for all chains, divided among the devices, as many as divide them evenly.

    A chain with a device to itself runs without a chain axis: half to trace and to compile, and faster.
    """
    present = devices()
    count = max(n for n in range(1, len(present) + 1) if chains % n == 0)
    mesh = jax.sharding.Mesh(np.array(present[:count]), ("chain",))

    def together(state: Any, wall: jax.Array, centred: jax.Array) -> tuple[Any, Any]:
        if count < chains:
            return jax.vmap(run, in_axes=(0, None, None), out_axes=(0, 1))(state, wall, centred)
        state, rows = run(jax.tree.map(lambda a: a[0], state), wall, centred)
        return jax.tree.map(lambda a: a[None], state), jax.tree.map(lambda a: a[:, None], rows)

    state, rows = PartitionSpec("chain"), PartitionSpec(None, "chain")
    split = jax.shard_map(
        together,
        mesh=mesh,
        in_specs=(state, PartitionSpec(), PartitionSpec()),
        out_specs=(state, rows),
        check_vma=False,
    )
    return jax.jit(split)


def _learning(settings: Settings) -> tuple[int, ...]:
    """Return after how many draws the mass matrix is learnt: twice, so late that the step size can still follow."""
    if settings.warmup < ENOUGH_TO_ADAPT:
        return ()
    return tuple(int(share * settings.warmup) // settings.block * settings.block for share in (0.4, 0.75))


def _run(block, state, settings: Settings, learn, enough, report, begun: float) -> Draws:
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
            room = total + settings.draws <= settings.warmup + settings.most_draws
            if total <= done and room and not enough(_joined(kept, "z", settings.warmup, total)):
                total += settings.draws
    except KeyboardInterrupt:
        if done <= settings.warmup:
            raise
        complete = False
    by_chain = {name: _joined(kept, name, settings.warmup, total) for name in FIELDS}
    return Draws(by_chain.pop("z"), by_chain, complete=complete)


def _joined(blocks: list[dict[str, np.ndarray]], name: str, first: int, last: int) -> np.ndarray:
    """Return one field of draws `first` to `last` of every chain [chain, draw, ...]."""
    return np.moveaxis(np.concatenate([rows[name] for rows in blocks])[first:last], 0, 1)
