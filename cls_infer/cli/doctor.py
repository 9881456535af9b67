"""`cls-infer doctor`: whether this machine can fit, check by check, with a remedy for what it lacks."""

import platform
import shutil
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

from .machine import cache_folder, prepare_jax
from .options import Debug, Json, Quiet
from .talk import write_json, write_lines, write_table

NEWEST_KNOWN, OLDEST = (3, 14), (3, 12)
PACKAGES = ("cls_infer", "jax", "jaxlib", "numpyro", "arviz", "xarray", "zarr", "matplotlib", "numpy", "scipy")
MODEL, HOURS, LEAK = "two_pore", 24.0, {"m_L": 10.0}
"""What is solved: a day with ten times the healthy number of large pores."""

LEFT = (0.3, 0.95)
"""Share of plasma volume that such a leak may leave: less would be no patient, more no leak."""

SPACE = 1e9
"""Bytes that a run folder of a cohort may need."""

DRIVER = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True)
class Check:
    """One check: whether it is met, what was found, and what to do where it is not."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


def doctor(as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> int:
    """Check that this machine can fit: versions, double precision, devices, folders, a solve."""
    prepare_jax()
    checks = [look() for look in (_python, _packages, _precision, _devices, _cache, _space, _solve)]
    unmet = [one for one in checks if not one.ok]
    if as_json:
        write_json({"ok": not unmet, "checks": [asdict(one) for one in checks]})
    else:
        rows = [(one.name, "fine" if one.ok else "NOT MET", one.found) for one in checks]
        write_table("this machine", ("check", "result", "found"), rows)
        write_lines(*(f"{one.name}: {one.remedy}" for one in unmet))
    return 1 if unmet else 0


def _python() -> Check:
    found, here = platform.python_version(), sys.version_info[:2]
    remedy = f"use Python {'.'.join(map(str, OLDEST))} to {'.'.join(map(str, NEWEST_KNOWN))}"
    return Check("python", OLDEST <= here <= NEWEST_KNOWN, f"{found} on {platform.machine()}", remedy)


def _packages() -> Check:
    found, missing = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    remedy = f"install {', '.join(missing)}: `pip install --upgrade cls_infer` brings them"
    return Check("packages", not missing, ", ".join(found), remedy)


def _precision() -> Check:
    import jax.numpy as jnp

    found = str(jnp.ones(1).dtype)
    return Check("double precision", found == "float64", found, "unset JAX_ENABLE_X64, which holds it off")


def _devices() -> Check:
    import jax

    from ..inference.device import found_devices

    found = found_devices()
    named = ", ".join(f"{name} ({one.device_kind})" for name, one in found.items())
    unused = DRIVER.is_file() and "gpu" not in found
    said = f"{named}; {jax.local_device_count()} seen by JAX" + (
        "; an NVIDIA driver, but no GPU in JAX" if unused else ""
    )
    return Check("devices", not unused, said, "install `cls_infer[cuda]`, or leave it: fits run on the processor")


def _cache() -> Check:
    folder = cache_folder()
    remedy = "set XDG_CACHE_HOME to a folder that you alone can write to; until then every fit compiles anew"
    found = str(folder or "none that you alone can write to")
    return Check("cache of compiled programs", folder is not None, found, remedy)


def _space() -> Check:
    free = shutil.disk_usage(Path.cwd()).free
    found = f"{free / 1e9:.1f} GB free in {Path.cwd()}"
    return Check("space for runs", free > SPACE, found, "free some, or write runs elsewhere by `--out`")


def _solve() -> Check:
    """Return whether a leak is solved and does what a leak does, and how long it takes to say so."""
    name, remedy = "a solve", "run `cls-infer simulate two_pore --set m_L=10 --debug`, and report what it says"
    begun = perf_counter()
    try:
        left, status = _left()
    except Exception as error:  # whatever is wrong with this machine, the other checks must still be told
        return Check(name, False, f"{type(error).__name__}: {str(error).partition(chr(10))[0]}", remedy)
    seconds = perf_counter() - begun
    found = (
        f"{MODEL} with a leak for {HOURS:g} h: {status}, {left:.0%} of plasma left, {seconds:.1f} s with compilation"
    )
    return Check(name, status == "ok" and LEFT[0] < left < LEFT[1], found, remedy)


def _left() -> tuple[float, str]:
    """Return the share of plasma volume that a day of leak leaves, and the solver's status."""
    from ..model import load_model
    from ..solve.simulate import simulate

    run = simulate(load_model(MODEL), changes=LEAK, therapy=(), hours=HOURS, every=1.0)
    _, volume = run.columns["plasma_volume"]
    return float(volume[-1] / volume[0]), run.status
