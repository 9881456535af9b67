"""From pieces and the loops around them to machine code that XLA can call by name."""

import ctypes
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from typing import NamedTuple

import jax
import llvmlite.binding as llvm
from llvmlite import ir

from .emit import emit
from .handler import add_handler
from .piece import Piece

_engines: dict[str, llvm.ExecutionEngine] = {}


class Entry(NamedTuple):
    """A function in a module: takes numbers, then arrays of which the last so many are results; `sizes` are the
    arguments and axes that tell the numbers, None for 0."""

    function: ir.Function
    results: int
    sizes: Sequence[tuple[int, int] | None]


def build(pieces: Mapping[str, Piece], lanes: int, write: Callable[[ir.Module], Entry]) -> str:
    """Return under which name XLA can call the function that `write` adds to a module with these pieces."""
    module = ir.Module()
    module.triple = llvm.get_default_triple()
    for name, piece in pieces.items():
        emit(module, name, lanes, piece.tape, piece.outputs)
    handler = add_handler(module, *write(module))
    text = str(module)
    target = f"cls_infer_{sha256(text.encode()).hexdigest()[:24]}"
    if target not in _engines:
        _engines[target] = _compiled(text)
        address = _engines[target].get_function_address(handler)
        entry = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(address)
        jax.ffi.register_ffi_target(target, jax.ffi.pycapsule(entry), platform="cpu")
    return target


@cache
def _machine() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=2, jit=True)


def _compiled(text: str) -> llvm.ExecutionEngine:
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    passes.run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine
