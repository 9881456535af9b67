"""From pieces and the loops around them to machine code that XLA can call by name."""

import ctypes
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from inspect import getsource
from threading import Lock

import jax
import llvmlite.binding as llvm
from llvmlite import ir

from . import door, vector_math
from . import emit as writing
from . import handler as handling
from .crew import THREADS, threads
from .door import Doors, doors_module
from .emit import declare, emit
from .handler import Entry, add_handler
from .kept import kept_or, processor
from .known import Written, find, keep, key_of
from .piece import Piece

_lock = Lock()
_begun: set[str] = set()
_engines: dict[str, llvm.ExecutionEngine] = {}
_doors: list[Doors] = []


def found_or(origin: tuple | None, what: object, write: Callable[[], Written]) -> Written:
    """Return what an earlier session wrote of this origin, given all else that it depends on, or write it."""
    key = key_of(origin, what)
    if (kept := find(key)) is not None:
        written, code = kept
        _tell(written, lambda: code)
        return written
    written = write()
    keep(key, written)
    return written


def build(pieces: Mapping[str, Piece], lanes: int, write: Callable[[ir.Module], Entry]) -> Written:
    """Return under which name XLA can call the function that `write` adds to a module with these pieces.

    It is written beside whatever else is traced and compiled; the first call waits for it.
    """
    module = ir.Module()
    module.triple = _triple()
    bodies = {name: declare(module, name) for name in pieces}
    handler = add_handler(module, write(module))
    target = f"cls_infer_{_digest(str(module), lanes, pieces)}"

    def compiled() -> bytes:
        for name, piece in pieces.items():
            emit(bodies[name], lanes, piece.tape, piece.outputs)
        return _compiled(str(module))

    written = Written(target, handler)
    _tell(written, lambda: kept_or(f"{target}.o", compiled))
    return written


def _tell(written: Written, code: Callable[[], bytes]) -> None:
    """Tell XLA of a function whose code another thread makes, unless it knows it."""

    def loaded() -> int:
        engine = _engines[written.target] = _loaded(code())
        if limit := engine.get_global_value_address(THREADS):  # of a function whose lanes are shared out
            ctypes.c_int64.from_address(limit).value = threads()
        return engine.get_function_address(written.handler)

    with _lock:
        if written.target not in _begun:
            _begun.add(written.target)
            called = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(_door_to(_writer().submit(loaded)))
            jax.ffi.register_ffi_target(written.target, jax.ffi.pycapsule(called), platform="cpu")


@cache
def _triple() -> str:
    """Return this kind of machine; to ask LLVM waits for what it is writing."""
    return llvm.get_default_triple()


@cache
def _writer() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="machine code")


def _door_to(handler: "Future[int]") -> int:
    """Return the address of a custom call that leads to another which is being written."""
    if not _doors or _doors[-1].full:
        written_by = "".join(map(getsource, (door, handling))).encode()
        name = f"cls_infer_doors_{sha256(written_by).hexdigest()[:24]}.o"
        _doors.append(Doors(_loaded(kept_or(name, lambda: _compiled(str(doors_module()))))))
    return _doors[-1].opened(handler)


def _digest(loops: str, lanes: int, pieces: Mapping[str, Piece]) -> str:
    """Return what tells a module from every other before its operations are written, which takes longer than this."""
    writers = "".join(map(getsource, (writing, vector_math)))
    told = "\0".join([loops, str(lanes), writers, *(piece.told for piece in pieces.values())])
    return sha256(told.encode()).hexdigest()[:24]


def _machine() -> llvm.TargetMachine:
    """Return this very processor; an engine takes it for its own."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    cpu, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=2, jit=True)


def _compiled(text: str) -> bytes:
    """Return the machine code of a module, as an object file."""
    machine = _machine()
    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    passes.run(module, builder)
    return machine.emit_object(module)


def _loaded(code: bytes) -> llvm.ExecutionEngine:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine
