"""Where a fit comes from, as attributes of its tree: plain strings and numbers."""

import json
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import jax

from ..cohort.records import Cohort
from ..inference.settings import Settings
from ..model.spec import Model
from ..solve.platform import devices

PACKAGES = ("cls_infer", "jax", "numpyro", "arviz", "xarray", "numpy")

type Attributes = dict[str, str | int | float]


def provenance(
    model: Model,
    cohort: Cohort,
    settings: Settings,
    *,
    command: str,
    hidden: int,
    until: float | None = None,
    device_because: str = "",
) -> Attributes:
    """Return what a reader needs to do the fit again: model, data, versions, machine, seed, command.

    `hidden` counts the measurements that `until` [h] kept from the likelihood; `device_because` says why this device.
    """
    device = devices()[0]
    return {
        "model": model.name,
        "model_title": model.title,
        "model_digest": model.digest,
        **({"model_file": model.file} if model.file else {}),
        "cohort": cohort.name,
        "cohort_digest": cohort.digest,
        "notes": json.dumps(cohort.notes),
        "hidden_measurements": hidden,
        **({} if until is None else {"until": float(until)}),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "seed": settings.seed,
        "chains": settings.chains,
        "warmup": settings.warmup,
        "draws": settings.draws,
        "target_accept": settings.target_accept,
        "rtol": settings.rtol,
        "solver": settings.solver,
        "device": f"{device.platform} ({device.device_kind})",
        "device_because": device_because,
        "float_width": 64 if jax.config.jax_enable_x64 else 32,
        "python": platform.python_version(),
        **{f"version_{name}": _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
