"""One deterministic run of a model: the reference adult, some parameters changed, some therapy given."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.records import Event
from ..errors import InputError, Problem
from ..model.spec import Model
from .lanes import OK, STATUS_WORDS, Tolerance
from .predict import Along, along_route
from .route import route_of, stack_routes
from .states import reverse_solver
from .system import System

EXACT = Tolerance(rtol=1e-8, atol=1e-10, max_steps=20_000)
"""One run can afford to be exact: what is printed is the model, not the solver."""


@dataclass(frozen=True)
class Simulation:
    """Times [h] and every observable and derived quantity: name -> (unit, values [time]); `status` in words."""

    time: np.ndarray
    columns: dict[str, tuple[str, np.ndarray]]
    status: str

    @property
    def ok(self) -> bool:
        """True when the whole time was solved."""
        return self.status == STATUS_WORDS[OK]


def simulate(
    model: Model,
    *,
    changes: Mapping[str, float] | None = None,
    therapy: Sequence[Event] = (),
    hours: float = 48.0,
    every: float = 1.0,
) -> Simulation:
    """Return the model's course from health at time 0.

    Args:
        model: the model.
        changes: parameters that differ from the reference adult's, by name.
        therapy: what is given, with every amount charted.
        hours: how long [h], above 0.
        every: distance of the reported times [h], above 0.

    Raises:
        InputError: unknown parameters, impossible times, uncharted amounts.
    """
    changes = dict(changes or {})
    _check(model, changes, therapy, hours, every)
    reference = model.reference(changes)
    free = tuple(name for name, value in reference._asdict().items() if not isinstance(value, int))
    system = System(model, free, {k: v for k, v in reference._asdict().items() if k not in free})
    times = np.arange(0.0, hours + 1e-9 * every, every)
    route = stack_routes([route_of(0.0, times.tolist(), therapy, slots=0)])
    solve = reverse_solver(system.rhs, system.floor, EXACT)
    values = tuple(jnp.full((1,), float(getattr(reference, name))) for name in free)

    @jax.jit
    def run(values: tuple) -> tuple[Along, jax.Array]:
        along = along_route(system, solve, values, jnp.zeros((1, 0)), route)
        over_time = jax.vmap(system.quantities, in_axes=(0, 0, None, 0))
        return along, over_time(along.t[0], along.y[0], along.numbers[0], along.u[0])

    along, table = run(values)
    rows = np.searchsorted(np.asarray(route.stops[0]), times) + 1
    quantities = {**model.observables, **model.derived}
    columns = {
        name: (quantity.unit, np.asarray(table)[rows, i]) for i, (name, quantity) in enumerate(quantities.items())
    }
    return Simulation(times, columns, STATUS_WORDS[int(along.status[0])])


def _check(model: Model, changes: dict, therapy: Sequence[Event], hours: float, every: float) -> None:
    problems = []
    for name in changes:
        if name not in model.parameters:
            near = difflib.get_close_matches(name, model.parameters, n=1)
            remedy = f"did you mean `{near[0]}`?" if near else f"`cls-infer models {model.name}` lists them"
            problems.append(Problem("--set", f"`{model.name}` has no parameter `{name}`", remedy=remedy))
    if not (hours > 0 and np.isfinite(hours)):
        problems.append(Problem("--hours", f"`{hours:g}` is not a time above 0"))
    if not (every > 0 and np.isfinite(every)):
        problems.append(Problem("--every", f"`{every:g}` is not a time above 0"))
    for event in therapy:
        if event.amount is None:
            problems.append(
                Problem("therapy", f"`{event.item}` has no amount", row=event.row, remedy="a simulation needs one")
            )
    if problems:
        raise InputError(problems)
