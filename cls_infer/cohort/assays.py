"""Offsets between analysers: how far apart two laboratories may read one sample, by variable.

[F], [M], [A] are the trust marks of `physiology.md`: found, from memory, assumed.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Offset:
    """Prior of an assay's offset: normal about 0 with this standard deviation.

    `sd` is in the variable's unit and is added to a prediction; `log_sd` is of a factor, for lognormal noise. None
    where an offset of that kind makes no sense.
    """

    sd: float | None
    log_sd: float | None
    source: str


ASSAYS: dict[str, Offset] = {
    "hematocrit": Offset(0.005, 0.012, "physiology.md 12: analyser .005 [M]; as a factor about 0.42 [A]"),
    "hemoglobin": Offset(1.7, 0.012, "hematocrit's times 333 g/L, physiology.md 12 [M]"),
    "albumin": Offset(1.5, 0.04, "physiology.md 12: calibration offset 1.5 g/L, dyes read low albumin high [M]"),
    "total_protein": Offset(1.5, 0.02, "as albumin, physiology.md 12 [A]"),
    "oncotic_pressure": Offset(0.5, 0.02, "half of the osmometer's scatter, physiology.md 12 [A]"),
    "sodium": Offset(1.0, 0.007, "direct against indirect electrodes [A]"),
    "ang1": Offset(None, 0.5, "physiology.md 6.1: serum or plasma, kits differ [M]; their spread as of ang2 [A]"),
    "ang2": Offset(None, 0.5, "physiology.md 6.1: ELISA kits differ 2 to 3 times [M]"),
    "syndecan_1": Offset(None, 0.4, "ELISA kits differ; as ang2, somewhat less [A]"),
}


def offset_sd(variable: str, *, relative: bool) -> float | None:
    """Return the prior standard deviation of an assay's offset, None where none of this kind is known."""
    known = ASSAYS.get(variable)
    return None if known is None else known.log_sd if relative else known.sd
