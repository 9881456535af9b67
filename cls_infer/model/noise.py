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
    relative: float = 0.0
    """share of the prediction that comes on top of `scale`: a reading error in per cent"""

    def __str__(self) -> str:
        degrees = f"{self.df:g}, " if self.shape == "student_t" else ""
        share = f" + {self.relative:.0%}" if self.relative else ""
        return f"{self.shape}({degrees}{self.scale}{share})"


def normal_noise(sd: float | str, *, relative: float = 0.0) -> Noise:
    """Return additive normal scatter with standard deviation `sd` plus a share of the prediction."""
    return Noise("normal", sd, relative=relative)


def lognormal_noise(log_sd: float | str) -> Noise:
    """Return multiplicative scatter: log(measurement) is normal about log(prediction)."""
    return Noise("lognormal", log_sd)


def student_t_noise(scale: float | str, *, df: float = 4.0) -> Noise:
    """Return heavy-tailed additive scatter."""
    return Noise("student_t", scale, df)
