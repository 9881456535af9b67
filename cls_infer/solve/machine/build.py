"""From pieces and the loops around them to machine code that XLA can call by name."""

import ctypes
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from hashlib import sha256
from inspect import getsource
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import jax
import llvmlite
import llvmlite.binding as llvm
from llvmlite import ir

from ...owned import ours_alone, private_folder
from . import emit as writing
from . import vector_math
from .door import Doors
from .emit import declare, emit
from .handler import add_handler
from .piece import Piece

DIGEST = sha256().digest_size
_lock = Lock()
_begun: set[str] = set()
_engines: dict[str, llvm.ExecutionEngine] = {}
_doors: list[Doors] = []


class Entry(NamedTuple):
    """A function in a module: takes numbers, then arrays of which the last so many are results; `sizes` are the
    arguments and axes that tell the numbers, None for 0."""

    function: ir.Function
    results: int
    sizes: Sequence[tuple[int, int] | None]


def build(pieces: Mapping[str, Piece], lanes: int, write: Callable[[ir.Module], Entry]) -> str:
    """Return under which name XLA can call the function that `write` adds to a module with these pieces.

    It is written beside whatever else is traced and compiled; the first call waits for it.
    """
    module = ir.Module()
    module.triple = _triple()
    bodies = {name: declare(module, name) for name in pieces}
    handler = add_handler(module, *write(module))
    target = f"cls_infer_{_digest(str(module), lanes, pieces)}"

    def compiled() -> bytes:
        for name, piece in pieces.items():
            emit(bodies[name], lanes, piece.tape, piece.outputs)
        return _compiled(str(module))

    def written() -> int:
        _engines[target] = _loaded(kept_or(target, compiled))
        return _engines[target].get_function_address(handler)

    with _lock:
        if target not in _begun:
            _begun.add(target)
            called = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(_door_to(_writer().submit(written)))
            jax.ffi.register_ffi_target(target, jax.ffi.pycapsule(called), platform="cpu")
    return target


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
        _doors.append(Doors(lambda module: _loaded(_compiled(str(module)))))
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
    cpu, features = _processor()
    return llvm.Target.from_default_triple().create_target_machine(cpu=cpu, features=features, opt=2, jit=True)


def _processor() -> tuple[str, str]:
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


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


def kept_or(target: str, make: Callable[[], bytes]) -> bytes:
    """Return the code kept beside JAX's own compilations from an earlier run, or make and keep it.

    What somebody else may have written is not run. A file begins with the digest of its rest: half a file is none.
    """
    folder = jax.config.jax_compilation_cache_dir
    if not folder:
        return make()
    of = sha256("".join([llvmlite.__version__, *_processor()]).encode()).hexdigest()[:16]
    path = Path(folder) / "machine" / f"{target}-{of}.o"
    if (kept := _kept(path)) is not None:
        return kept
    code = make()
    with suppress(OSError):  # a folder that cannot be written keeps nothing
        private_folder(path.parent)
        half = path.with_suffix(f".{os.getpid()}")
        half.unlink(missing_ok=True)
        with open(half, "xb", opener=_private) as file:
            file.write(sha256(code).digest() + code)
        half.replace(path)
    return code


def _kept(path: Path) -> bytes | None:
    """Return the code of a file that is whole and this user's alone, in a folder that is."""
    try:
        content = path.read_bytes() if ours_alone(path.parent.resolve()) and ours_alone(path) else b""
    except OSError:
        return None
    digest, code = content[:DIGEST], content[DIGEST:]
    return code if code and sha256(code).digest() == digest else None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
