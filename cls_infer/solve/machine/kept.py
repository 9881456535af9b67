"""What is kept for later sessions on this kind of processor, beside JAX's own compilations: machine code, its index."""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import jax
import llvmlite
import llvmlite.binding as llvm

from ...owned import ours_alone, private_folder

DIGEST = sha256().digest_size


def kept_or(name: str, make: Callable[[], bytes]) -> bytes:
    """Return what an earlier session kept under a file's name, or make and keep it."""
    if (kept := read_kept(name)) is not None:
        return kept
    content = make()
    write_kept(name, content)
    return content


def read_kept(name: str) -> bytes | None:
    """Return what is kept under a file's name; None unless it is whole and this user's alone, in a folder that is.

    What somebody else may have written is not run. A file begins with the digest of its rest: half a file is none.
    """
    path = _path(name)
    if path is None:
        return None
    try:
        content = path.read_bytes() if ours_alone(path.parent.resolve()) and ours_alone(path) else b""
    except OSError:
        return None
    digest, rest = content[:DIGEST], content[DIGEST:]
    return rest if rest and sha256(rest).digest() == digest else None


def write_kept(name: str, content: bytes) -> None:
    """Keep something under a file's name; a folder that cannot be written keeps nothing."""
    path = _path(name)
    if path is None:
        return
    with suppress(OSError):
        private_folder(path.parent)
        half = path.with_suffix(f".{os.getpid()}")
        half.unlink(missing_ok=True)
        with open(half, "xb", opener=_private) as file:
            file.write(sha256(content).digest() + content)
        half.replace(path)


def processor() -> tuple[str, str]:
    """Return the name and the features of this very processor."""
    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _path(name: str) -> Path | None:
    """Return where a file is kept that this kind of processor can use; None where nothing is kept."""
    folder, plain = jax.config.jax_compilation_cache_dir, Path(name)
    return Path(folder) / "machine" / f"{plain.stem}-{_kind()}{plain.suffix}" if folder else None


@cache
def _kind() -> str:
    return sha256("".join([llvmlite.__version__, *processor()]).encode()).hexdigest()[:16]


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
