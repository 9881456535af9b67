"""Who may have written a file that is about to be run: machine code is code, and so is a compiled program."""

import os
import stat
from pathlib import Path

OTHERS = stat.S_IWGRP | stat.S_IWOTH
KNOWN = hasattr(os, "geteuid")
"""Whether the system tells who owns a file."""


def ours_alone(path: Path) -> bool:
    """Return whether a file or folder is this user's and nobody else may write to it; a link never is."""
    try:
        found = path.lstat()
    except OSError:
        return False
    plain = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    return plain and (not KNOWN or (found.st_uid == os.geteuid() and not found.st_mode & OTHERS))


def private_folder(path: Path) -> bool:
    """Make a folder that others cannot write to, and return whether it is such a one.

    One of this user's that others could write to, as a careless umask makes it, is closed to them.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = path.resolve()
    if KNOWN and there.stat().st_uid == os.geteuid() and not ours_alone(there):
        there.chmod(stat.S_IMODE(there.stat().st_mode) & ~OTHERS)
    return ours_alone(there)
