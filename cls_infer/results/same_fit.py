"""Whether a fit that goes on is the one that began: the same data, model, request, versions and kind of device."""

import json
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.checkpoint import Kept
from ..inference.device import found_devices
from ..inference.settings import Choice, Settings
from ..model.spec import Model
from ..solve.platform import devices

FIT, DEVICE = "fit", "device"

COMPUTING = ("cls_infer", "jax", "jaxlib", "numpyro", "numpy", "scipy", "llvmlite")
"""Packages of which another version may draw other numbers."""

AGAIN = "or fit again into another folder"


def check_same_fit(
    kept: Kept, model: Model, cohort: Cohort, settings: Settings, asked: Mapping[str, Any], report: Any
) -> None:
    """Note what a fit is made of where none was begun, else refuse to go on with another one.

    On another processor of the same kind it goes on, and `report` is told that the last bits may differ.

    Raises:
        InputError: names everything that changed since the fit began.
    """
    now = _made_of(model, cohort, settings, asked)
    begun = kept.read_facts(FIT)
    if begun is None:
        kept.write_facts(FIT, now)
        return
    place = str(kept.folder)
    problems = [Problem(place, message, remedy=remedy) for message, remedy in _changes(begun, now, model, cohort)]
    if problems:
        raise InputError(problems)
    if begun["processor"] != now["processor"]:
        report(f"the fit began on another processor, {begun['processor']}: the last bits of the draws may differ")


def device_again(kept: Kept) -> Choice | None:
    """Return the device that the fit began on, None where none was begun.

    Raises:
        InputError: there is none of its kind, or not as many.
    """
    begun = kept.read_facts(DEVICE)
    if begun is None:
        return None
    found = found_devices()
    now = _devices(begun["platform"]) if begun["platform"] in found else {"kind": "none", "count": 0}
    if any(begun[key] != now[key] for key in ("kind", "count")):
        message = f"the fit began on {begun['count']} x {begun['platform']} ({begun['kind']})"
        there = f"here JAX finds {now['count']} x {now['kind']}"
        raise InputError([Problem(str(kept.folder), f"{message}; {there}", remedy=f"go on with it there, {AGAIN}")])
    return Choice(found[begun["platform"]] if len(found) > 1 else None, begun["why"])


def keep_device(kept: Kept, choice: Choice) -> None:
    """Note the device that a fit computes on."""
    name = (choice.device or devices()[0]).platform
    kept.write_facts(DEVICE, {"platform": name, "why": choice.why, **_devices(name)})


def _devices(name: str) -> dict[str, Any]:
    present = jax.devices(name)
    return {"kind": present[0].device_kind, "count": len(present)}


def _made_of(model: Model, cohort: Cohort, settings: Settings, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the draws depend on, as JSON holds it; the size of a block is not among it."""
    sampled = asdict(settings)
    del sampled["block"]
    made = {
        "data": _digest(cohort),
        "model": model.digest,
        "asked": {**asked, **sampled},
        "versions": {name: version(name) for name in COMPUTING},
        "source": _source(),
        "float_width": 64 if jax.config.jax_enable_x64 else 32,
        "processor": _processor(),
    }
    return json.loads(json.dumps(made))


def _changes(
    begun: Mapping[str, Any], now: Mapping[str, Any], model: Model, cohort: Cohort
) -> Iterator[tuple[str, str]]:
    """Yield what changed since the fit began, and what to do."""
    if begun["data"] != now["data"]:
        yield f"the data set `{cohort.name}` has changed since the fit began", f"put it back as it was, {AGAIN}"
    if begun["model"] != now["model"]:
        yield f"the model `{model.name}` has changed since the fit began", f"put it back as it was, {AGAIN}"
    for name, before in begun["versions"].items():
        if before != now["versions"].get(name):
            is_now = now["versions"].get(name)
            yield f"the fit began with {name} {before}; here is {is_now}", f"install {name}=={before}, {AGAIN}"
    if begun["versions"] == now["versions"] and begun["source"] != now["source"]:
        yield "the code of cls_infer has changed since the fit began", f"put it back as it was, {AGAIN}"
    for name in sorted(begun["asked"].keys() | now["asked"].keys()):
        before, after = (one["asked"].get(name) for one in (begun, now))
        if before != after:
            yield f"the fit began with {name} = {before}, not {after}", f"ask for the same, {AGAIN}"
    if begun["float_width"] != now["float_width"]:
        yield f"the fit began with {begun['float_width']}-bit floats", f"ask for the same, {AGAIN}"


def _source() -> str:
    """Return the digest of this package's modules, by their names."""
    package = Path(__file__).parents[1]
    found = sha256()
    for path in sorted(package.rglob("*.py")):
        found.update(f"{path.relative_to(package).as_posix()}\n".encode() + path.read_bytes())
    return found.hexdigest()


def _processor() -> str:
    """Return the processor's name, where the system tells it."""
    told = Path("/proc/cpuinfo")
    names = [line for line in told.read_text().splitlines() if line.startswith("model name")] if told.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.processor() or platform.machine()


def _digest(cohort: Cohort) -> str:
    """Return the digest of the patients' charts, one after another: a cohort may be large."""
    found = sha256()
    for patient in cohort.patients:
        found.update(json.dumps(asdict(patient)).encode())
    return found.hexdigest()
