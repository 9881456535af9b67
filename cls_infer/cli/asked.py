"""What was asked for of work that takes long: as its checkpoint holds it, and read from there again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from ..inference.settings import Settings

CALIBRATION, FIT = "calibration", "request"
"""Under which word a checkpoint holds what was asked for."""


@dataclass(frozen=True)
class Request:
    """What the user asked of `fit`, as written."""

    dataset: str
    model: str
    per_patient: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    hierarchical: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    correlated: bool = False
    mixture: int = 0
    fix: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    until: float | None = None
    device: str = "auto"
    workers: str = ""
    shard_size: int = 32
    out: str | None = None

    @property
    def run_name(self) -> str:
        """The name of a run folder nobody named."""
        return f"{Path(self.dataset).resolve().name}-{Path(self.model).stem}-{self.settings.seed}"


@dataclass(frozen=True)
class CalibrationRequest:
    """What the user asked of `calibrate`, as written."""

    model: str
    dataset: str
    fits: int
    draws: int
    per_patient: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    hierarchical: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    correlated: bool = False
    fix: tuple[str, ...] = ()
    most_nuts: int = 20
    settings: Settings = field(default_factory=Settings)
    out: str | None = None


def written(request: Request | CalibrationRequest, word: str, command: str) -> dict[str, Any]:
    """Return a request as JSON holds it, with places that another working directory finds."""
    model = _absolute(request.model) if request.model.endswith(".py") else request.model
    placed = replace(request, dataset=_absolute(request.dataset), model=model, out=None)
    return {word: asdict(placed), "command": command}


def _absolute(name_or_path: str) -> str:
    return str(Path(name_or_path).resolve()) if Path(name_or_path).exists() else name_or_path


def read_again[R: (Request, CalibrationRequest)](
    kind: type[R], word: str, asked: Mapping[str, Any], folder: Path
) -> tuple[R, str]:
    """Return the request and the command that were written.

    Raises:
        InputError: they are not of this version, or name a model file that the user has not.
    """
    try:
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in asked[word].items()}
        request = kind(**values | {"settings": Settings(**asked[word]["settings"])})
        command, path = str(asked["command"]), Path(request.model)
    except (TypeError, KeyError, AttributeError) as error:
        message = f"its checkpoint asks for what this version does not know: {error}"
        remedy = "go on with the version that wrote it, or begin again into another folder"
        raise InputError([Problem(str(folder), message, remedy=remedy)]) from None
    if request.model.endswith(".py") and path.is_file():
        from ..results.kept import check_named
        from .named import was_named

        check_named(path, was_named)
    return request, command
