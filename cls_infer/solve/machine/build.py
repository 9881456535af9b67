"""From a block to machine code that XLA can call by name."""

import ctypes
from functools import cache
from hashlib import sha256

import jax
import llvmlite.binding as llvm
from llvmlite import ir

from .block import Block, Piece
from .emit import emit
from .handler import add_handler
from .loops import ARGUMENTS, PIECES, RESULTS, SIZES, Loops

_engines: dict[str, llvm.ExecutionEngine] = {}


def build(block: Block, name: str, lanes: int) -> str:
    """Return under which name XLA can call a function of `loops.ARGUMENTS`, written for blocks of so many lanes."""
    module = ir.Module()
    module.triple = llvm.get_default_triple()
    for piece in PIECES[name]:
        found: Piece = getattr(block, piece)
        emit(module, piece, lanes, found.tape, found.outputs)
    Loops(module, block, lanes).write(name)
    arrays = [argument.removesuffix(":i") for argument in ARGUMENTS[name]]
    sizes = [(arrays.index(array), axis) if array in arrays else None for array, axis in SIZES.values()]
    handler = add_handler(module, module.globals[name], results=RESULTS[name], sizes=sizes)
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
