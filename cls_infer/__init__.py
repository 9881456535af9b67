"""Posteriors of the leaking capillary wall: sigma, filtration coefficient and leak, with honest uncertainty."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the same names, for those who read types; a test holds the two together
    from .cli.machine import prepare_jax as prepare_jax
    from .cohort import Cohort as Cohort
    from .cohort import Event as Event
    from .cohort import read_cohort as read_cohort
    from .cohort.scenario import read_scenario as read_scenario
    from .errors import InputError as InputError
    from .inference.settings import Settings as Settings
    from .model import Model as Model
    from .model import load_model as load_model
    from .results.ask import compare as compare
    from .results.ask import predict as predict
    from .results.fit import fit as fit
    from .results.fitted import Fit as Fit
    from .results.store import open_fit as open_fit
    from .results.store import save as save
    from .scale.fit import fit_cohort as fit_cohort
    from .scale.run import open_cohort as open_cohort
    from .solve.lanes import Tolerance as Tolerance
    from .solve.simulate import Simulation as Simulation
    from .solve.simulate import simulate as simulate

_HOMES = {
    "Cohort": "cls_infer.cohort",
    "Event": "cls_infer.cohort",
    "Fit": "cls_infer.results.fitted",
    "InputError": "cls_infer.errors",
    "Model": "cls_infer.model",
    "Settings": "cls_infer.inference.settings",
    "Simulation": "cls_infer.solve.simulate",
    "Tolerance": "cls_infer.solve.lanes",
    "compare": "cls_infer.results.ask",
    "fit": "cls_infer.results.fit",
    "fit_cohort": "cls_infer.scale.fit",
    "load_model": "cls_infer.model",
    "open_cohort": "cls_infer.scale.run",
    "open_fit": "cls_infer.results.store",
    "predict": "cls_infer.results.ask",
    "prepare_jax": "cls_infer.cli.machine",
    "read_cohort": "cls_infer.cohort",
    "read_scenario": "cls_infer.cohort.scenario",
    "save": "cls_infer.results.store",
    "simulate": "cls_infer.solve.simulate",
}
__all__ = sorted(_HOMES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: `import cls_infer` itself loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module `cls_infer` has no `{name}`; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """Return the public names, for completion in a notebook."""
    return __all__
