"""A kernel called by XLA: on a GPU, or thread after thread on a processor, to be tested."""

from typing import Any

import jax
import numpy as np
from llvmlite import ir

from ..machine.build import build
from ..machine.handler import Entry
from ..machine.script import Script
from ..machine.vector_math import I64
from .ptx import ABREAST, kernel_name, ptx_of
from .thread import Threads

TARGET = "__gpu$xla.gpu.ptx"
"""Under this name XLA takes a kernel in PTX; its arguments are the call's, then the results."""


def launch(threads: Threads, shapes: Any, *arrays: Any) -> Any:
    """Return the results, of these shapes, of a kernel on the arrays of whatever GPU there is."""
    config = {
        "name": kernel_name(threads),
        "kernel_type": "ptx",
        "kernel_data": ptx_of(threads),
        **{f"grid_{axis}": np.int32(n) for axis, n in zip("xyz", (-(-threads.count // ABREAST), 1, 1), strict=True)},
        **{f"block_{axis}": np.int32(n) for axis, n in zip("xyz", (ABREAST, 1, 1), strict=True)},
        "shared_mem_bytes": np.int32(0),
    }
    return jax.ffi.ffi_call(TARGET, shapes)(*arrays, **config)


def emulate(threads: Threads, shapes: Any, *arrays: Any) -> Any:
    """Return the same from the processor: the very code of a thread, for one thread after the other."""
    written = build(threads.pieces(), 1, lambda module: _one_by_one(module, threads))
    return jax.ffi.ffi_call(written.target, shapes)(*arrays)


def _one_by_one(module: ir.Module, threads: Threads) -> Entry:
    thread = threads.write(module)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [a.type for a in thread.args[1:]]), "one_by_one")
    s = Script(ir.IRBuilder(function.append_basic_block()), 1)
    with s.each(ir.Constant(I64, threads.count)) as number:
        s.b.call(thread, [number, *function.args])
    s.b.ret_void()
    return Entry(function, threads.results, [])
