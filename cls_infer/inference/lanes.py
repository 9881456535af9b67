"""Programs that take points a fixed number of lanes at a time, on as many devices as they keep busy."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ..solve.longer import longer
from ..solve.platform import devices

BESIDE = ThreadPoolExecutor(thread_name_prefix="compile")
"""Who compiles what will be needed later. XLA lets other threads of Python go on meanwhile; tracing does not, and is
not done here."""


@dataclass
class LanesProgram:
    """What is compiled for so many `lanes` on all devices together, how lanes are divided among these, and the compiler
    at work on it, if it was set to work before it is needed."""

    traced: Any
    lanes: int
    divided: NamedSharding
    ahead: Future[Any] | None = None

    @property
    def run(self) -> Callable[..., Any]:
        """The program of what is known, points and patients."""
        return self.traced if self.ahead is None else self.ahead.result()


@dataclass(frozen=True)
class OverLanes[Found]:
    """The function of points [lane, dim] and patients [lane] for any number of lanes, as NumPy arrays: one program,
    whatever the number of lanes, and the same numbers. What is `known` lies on the devices."""

    program: LanesProgram
    known: tuple[Any, ...]

    def __call__(self, points: np.ndarray, patient: np.ndarray) -> Found:
        """Return what is found of each lane."""
        lanes, size, run = len(points), self.program.lanes, self.program.run
        points, patient = (longer(a, lanes + -lanes % size) for a in (points, patient))
        each = [self._divided(points[i : i + size], patient[i : i + size]) for i in range(0, lanes, size)]
        pieces = jax.device_get([run(*self.known, *one) for one in each])
        return jax.tree.map(lambda *parts: np.concatenate(parts)[:lanes], *pieces)

    def compile_beside(self, dimension: int) -> None:
        """Trace the program now, and begin to compile it beside what is done next, unless that was begun before."""
        if self.program.ahead is None:
            lanes = np.zeros((self.program.lanes, dimension)), np.zeros(self.program.lanes, int)
            lowered = self.program.traced.lower(*self.known, *self._divided(*lanes))
            self.program.ahead = BESIDE.submit(lowered.compile)

    def _divided(self, points: np.ndarray, patient: np.ndarray) -> tuple[jax.Array, jax.Array]:
        return jax.device_put((points, patient), self.program.divided)


def lanes_program(fun: Callable[..., Any], block: int, *, known: int, most: int | None = None) -> LanesProgram:
    """Return what computes `fun` of so many arguments that are `known` of all patients, so that they are no part of the
    program, and of points [lane, dim] and patients [lane], of which every device takes `block` lanes at a time. Where
    there are never more than `most` lanes, no device is there that would only repeat others' lanes."""
    present = devices()[: None if most is None else -(-most // block)]
    by_lane = PartitionSpec("lane")
    specs = (*(PartitionSpec() for _ in range(known)), by_lane, by_lane)
    mesh = Mesh(np.array(present), ("lane",))
    split = jax.shard_map(fun, mesh=mesh, in_specs=specs, out_specs=by_lane, check_vma=False)
    return LanesProgram(jax.jit(split), block * len(present), NamedSharding(mesh, by_lane))


def lanes_of(program: LanesProgram, *known: Any) -> OverLanes[Any]:
    """Return the function of points and patients that a program is. What is known is handed to the devices once."""
    return OverLanes(program, jax.device_put(known, NamedSharding(program.divided.mesh, PartitionSpec())))


def over_lanes(fun: Callable[..., Any], block: int, *, most: int | None = None) -> OverLanes[Any]:
    """Return `fun` of points [lane, dim] and patients [lane] for any number of lanes, as NumPy arrays."""
    return lanes_of(lanes_program(fun, block, known=0, most=most))
