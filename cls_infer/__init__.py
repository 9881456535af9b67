"""Posteriors of the leaking capillary wall: sigma, filtration coefficient and leak, with honest uncertainty."""

from importlib import import_module
from typing import Any

_HOMES = {
    "InputError": "cls_infer.errors",
    "Tolerance": "cls_infer.solve.lanes",
    "fit": "cls_infer.results.fit",
    "fit_cohort": "cls_infer.scale.fit",
    "load_model": "cls_infer.model.load",
    "open_cohort": "cls_infer.scale.run",
    "open_fit": "cls_infer.results.store",
    "read_cohort": "cls_infer.cohort",
    "simulate": "cls_infer.solve.simulate",
}
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `import cls_infer` itself loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module `cls_infer` has no `{name}`; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)
