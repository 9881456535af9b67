"""How a measurement scatters about the model's prediction, as plain records."""

from dataclasses import dataclass
from typing import Literal

type Shape = Literal["normal", "lognormal", "student_t"]


@dataclass(frozen=True)
class Noise:
    """Scatter of one observable.

    `scale` is a standard deviation in the observable's unit (of the logarithm for `lognormal`), or the
    name of the parameter that holds it when it is estimated. `df` matters to Student's t alone.
    """

    shape: Shape
    scale: float | str
    df: float = 4.0

    def __str__(self) -> str:
        degrees = f"{self.df:g}, " if self.shape == "student_t" else ""
        return f"{self.shape}({degrees}{self.scale})"


def normal_noise(sd: float | str) -> Noise:
    """Return additive normal scatter with standard deviation `sd`."""
    return Noise("normal", sd)


def lognormal_noise(log_sd: float | str) -> Noise:
    """Return multiplicative scatter: log(measurement) is normal about log(prediction)."""
    return Noise("lognormal", log_sd)


def student_t_noise(scale: float | str, *, df: float = 4.0) -> Noise:
    """Return heavy-tailed additive scatter."""
    return Noise("student_t", scale, df)
