"""The run folder of a fit that has not come to its end: what was asked for, and a checkpoint of what is done."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from ..inference.checkpoint import Kept
from .harmless import check_own_files
from .store import CHECKPOINT, LOG, MANIFEST, check_free, is_unfinished

FORMAT = "cls_infer checkpoint 1"
REQUEST, LOCK = "request", "lock"


def begin(folder: Path, asked: Mapping[str, Any]) -> None:
    """Make the run folder of a fit and note in it, as JSON, what was `asked` for. Of two fits at once one begins.

    Raises:
        InputError: the folder holds something already, cannot be written, or another fit has just begun into it.
    """
    check_free(folder)
    try:
        (folder / CHECKPOINT).mkdir(parents=True)
        Kept(folder / CHECKPOINT).write_facts(REQUEST, {"format": FORMAT, "asked": asked})
    except FileExistsError:
        message = "another fit has just begun into it"
        raise InputError([Problem(str(folder), message, remedy="choose another `--out`")]) from None
    except OSError as error:
        abandon(folder)
        message = f"cannot be written: {error.strerror}"
        raise InputError([Problem(str(folder), message, remedy="choose another `--out`, or free space")]) from None


def asked_for(folder: Path) -> dict[str, Any]:
    """Return what was asked for of the fit that a folder holds unfinished.

    Raises:
        InputError: the folder is missing, holds no fit, or a finished one.
    """

    def refuse(message: str, remedy: str) -> InputError:
        return InputError([Problem(str(folder), message, remedy=remedy)])

    if not folder.is_dir():
        raise refuse("is not there", "name the run folder of a fit that was killed or interrupted")
    if not is_unfinished(folder):
        if (folder / MANIFEST).is_file():
            raise refuse("holds a finished fit", "there is nothing to go on with; `cls-infer report` shows it again")
        raise refuse("is no run folder", "name the run folder of a fit that was killed or interrupted")
    check_own_files(folder)
    found = Kept(folder / CHECKPOINT).read_facts(REQUEST)
    if found is None:
        raise refuse("its checkpoint cannot be read", "nothing of the fit is left: remove the folder and fit again")
    if found.get("format") != FORMAT:
        remedy = "go on with the version that wrote it, or fit again"
        raise refuse(f"its checkpoint says `{found.get('format')}`, not `{FORMAT}`", remedy)
    asked = found.get("asked")
    return asked if isinstance(asked, dict) else {}


def abandon(folder: Path) -> None:
    """Remove the checkpoint of a fit that cannot be, and the folder if nothing else is in it."""
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    if folder.is_dir() and {path.name for path in folder.iterdir()} <= {LOG}:
        shutil.rmtree(folder)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other processes from going on with the same fit meanwhile, where the system can; a kill frees it.

    Raises:
        InputError: another process is at it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    place = folder / CHECKPOINT / LOCK
    try:
        file = place.open("wb")
    except FileNotFoundError:
        remedy = "look at it with `cls-infer report`"
        raise InputError([Problem(str(folder), "another process has just ended the fit", remedy=remedy)]) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            remedy = "wait for it, or end it"
            raise InputError([Problem(str(folder), "another process is fitting into it", remedy=remedy)]) from None
        except OSError:  # a file system without locks
            pass
        yield
    with suppress(OSError):
        place.unlink()
