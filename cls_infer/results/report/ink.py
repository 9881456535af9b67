"""The colours of the page by their meaning, once for light and once for dark, and the numbers as a reader wants them.

Blue and green are those of Okabe and Ito (2008), orange and purple near them and darker, for white paper: colour-blind
readers can tell them apart. Where colour tells two things apart, a dash, a shape or a word tells them apart too.
"""

from typing import NamedTuple

import numpy as np


class Shade(NamedTuple):
    """One colour in light and in dark; pictures are drawn in light, the page swaps them."""

    light: str
    dark: str


SHADES = {
    "paper": Shade("#ffffff", "#14171a"),
    "ink": Shade("#1a1a1a", "#e6e6e6"),
    "soft": Shade("#555a60", "#a9b0b8"),
    "line": Shade("#cfd3d8", "#3c434b"),
    "posterior": Shade("#0072b2", "#56b4e9"),
    "prior": Shade("#777c82", "#8f979f"),
    "data": Shade("#111111", "#f2f2f2"),
    "given": Shade("#009e73", "#2fc79b"),
    "lost": Shade("#b34700", "#ff9248"),
    "other": Shade("#8f4a7a", "#dd9ac6"),
    "good": Shade("#1b6b34", "#5fc481"),
    "bad": Shade("#a11a1a", "#ff8a80"),
}
"""What each colour stands for; no two may be alike in light, for the pictures are told by it."""

INK, SOFT, LINE = SHADES["ink"].light, SHADES["soft"].light, SHADES["line"].light
POSTERIOR, PRIOR, DATA = SHADES["posterior"].light, SHADES["prior"].light, SHADES["data"].light
GIVEN, LOST, OTHER = SHADES["given"].light, SHADES["lost"].light, SHADES["other"].light


def rules(side: str) -> str:
    """Return the colours of one side, `light` or `dark`, as custom properties of CSS."""
    return " ".join(f"--{name}: {getattr(shade, side)};" for name, shade in SHADES.items())


def number(value: float | None) -> str:
    """Return a number as a reader wants it: three significant digits, no exponent where none is needed."""
    if value is None or not np.isfinite(value):
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        digits = 0 if value == 0 else max(0, 2 - int(np.floor(np.log10(abs(value)))))
        return f"{value:.{digits}f}".replace("-", "−")
    return f"{value:.2e}".replace("-", "−")


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{share:.0%}".replace("%", " %").replace("-", "−")
