"""Programs that take points a fixed number of lanes at a time, on as many devices as they keep busy."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from ..solve.longer import longer
from ..solve.platform import devices


class LanesProgram(NamedTuple):
    """What is compiled for so many lanes on all devices together, and how lanes are divided among these."""

    run: Callable[..., Any]
    lanes: int
    divided: NamedSharding


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


def lanes_of(program: LanesProgram, *known: Any) -> Callable[..., Any]:
    """Return the function of points [lane, dim] and patients [lane] for any number of lanes, as NumPy arrays: one
    program, whatever the number of lanes, and the same numbers. What is known is handed to the devices once."""
    run, size, divided = program
    known = jax.device_put(known, NamedSharding(divided.mesh, PartitionSpec()))

    def over(points: np.ndarray, patient: np.ndarray) -> Any:
        lanes = len(points)
        points, patient = (longer(a, lanes + -lanes % size) for a in (points, patient))
        each = [jax.device_put((points[i : i + size], patient[i : i + size]), divided) for i in range(0, lanes, size)]
        pieces = jax.device_get([run(*known, *one) for one in each])
        return jax.tree.map(lambda *parts: np.concatenate(parts)[:lanes], *pieces)

    return over


def over_lanes(fun: Callable[..., Any], block: int, *, most: int | None = None) -> Callable[..., Any]:
    """Return `fun` of points [lane, dim] and patients [lane] for any number of lanes, as NumPy arrays."""
    return lanes_of(lanes_program(fun, block, known=0, most=most))
