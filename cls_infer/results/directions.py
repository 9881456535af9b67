"""What data tell and do not tell, as combinations of parameters: products of powers, in words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh

from .summary import HINTED, LEARNT, listed

MOST_FACTORS = 4
"""A combination of more parameters than these says nothing to a reader."""

FAITHFUL = (0.03, 0.5, 0.1)
"""A combination may be written shorter while the share of the prior's variance left moves by no more than half of
itself: the middle number, within the outer ones."""

SAME = 0.95
"""Two combinations whose prior correlation is above this are one."""


@dataclass(frozen=True)
class Quantity:
    """One parameter: `logarithmic` where it is positive and its powers can be multiplied."""

    name: str
    unit: str
    logarithmic: bool


@dataclass(frozen=True)
class Direction:
    r"""One combination of parameters, with its standard deviation before and after the data.

    It is the product of powers with these `exponents`, and the standard deviations are of its logarithm. A parameter
    that may be of either sign enters as $e^{a x}$, its exponent $a$ per unit; where it stands alone it is itself, and
    so are its standard deviations.
    """

    parts: tuple[Quantity, ...]
    exponents: tuple[float, ...]
    prior_sd: float
    sd: float

    @property
    def contraction(self) -> float:
        """Share of the prior's variance that the data took away."""
        return 1 - (self.sd / self.prior_sd) ** 2

    @property
    def logarithmic(self) -> bool:
        """False where it is one parameter of either sign."""
        return len(self.parts) > 1 or all(part.logarithmic for part in self.parts)

    @property
    def name(self) -> str:
        """The combination as a formula: `LpS·alpha_L0^0.5/V_p0`."""
        if not self.logarithmic:
            return self.parts[0].name
        terms = list(zip(self.parts, self.exponents, strict=True))
        above = [_power(part, a) for part, a in terms if a > 0]
        below = [_power(part, -a) for part, a in terms if a < 0]
        divisor = below[0] if len(below) == 1 else f"({'·'.join(below)})"
        return "·".join(above or ["1"]) + (f"/{divisor}" if below else "")

    @property
    def words(self) -> str:
        """What is known of it and what was before the data, as one standard deviation."""
        now, before = self._spread(self.sd), self._spread(self.prior_sd)
        if self.contraction >= LEARNT:
            return f"{self.name} is known to {now} (before the data {before})"
        if self.contraction >= HINTED:
            return f"{self.name} is only hinted at: {now} (before the data {before})"
        return f"{self.name} is not known beyond the prior: {now} (before the data {before})"

    def _spread(self, sd: float) -> str:
        return spread(sd, "log" if self.logarithmic else self.parts[0].unit)


def spread(sd: float, unit: str) -> str:
    """Return one standard deviation as a reader says it: `±25 %` or `a factor of 2.5` of a logarithm (unit `log`)."""
    if unit != "log":
        return f"±{sd:.2g}" + ("" if unit == "1" else f" {unit}")
    if sd >= np.log(2):
        return f"a factor of {np.exp(sd):.2g}"
    percent = 100 * np.expm1(sd)
    return f"±{percent:.0f} %" if percent >= 9.5 else f"±{percent:.2g} %"


def _power(part: Quantity, exponent: float) -> str:
    if not part.logarithmic:
        return f"e^({exponent:.2g}·{part.name})"
    return part.name if exponent == 1 else f"{part.name}^{exponent:g}"


@dataclass(frozen=True)
class Told:
    """`known` are what is best known, `ridges` the least known combinations of parameters each of which is told
    something, `silent` the parameters that, taken alone, are told nothing."""

    known: tuple[Direction, ...]
    ridges: tuple[Direction, ...]
    silent: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """What the data tell and do not tell, in words; spreads are one standard deviation."""
        lines = [*(f"{one.words}." for one in self.known), *(f"{one.words}." for one in self.ridges)]
        if self.silent:
            lines.append(f"Taken alone, the data tell nothing of {listed(list(self.silent))}.")
        return lines


def tell(quantities: Sequence[Quantity], prior: np.ndarray, posterior: np.ndarray, *, most: int = 4) -> Told:
    """Return what is known and what is not, from covariances of the quantities [quantity, quantity].

    Those of logarithms, where a quantity is logarithmic. At most so many combinations of either kind.
    """
    kept = np.diag(posterior) / np.diag(prior)
    told = [i for i in range(len(kept)) if 1 - kept[i] >= HINTED]
    silent = tuple(quantities[i].name for i in range(len(kept)) if i not in told)
    known = [one for one in directions(quantities, prior, posterior) if one.contraction >= LEARNT]
    some = np.ix_(told, told)
    weakest = directions([quantities[i] for i in told], prior[some], posterior[some])[::-1] if len(told) else []
    ridges = [one for one in weakest if one.contraction < LEARNT and len(one.parts) > 1]
    return Told(tuple(known[:most]), tuple(ridges[:most]), silent)


def directions(quantities: Sequence[Quantity], prior: np.ndarray, posterior: np.ndarray) -> list[Direction]:
    r"""Return combinations from the best known to the least, few parameters each.

    They are the eigenvectors $a$ of $\Sigma_{post}\, a = \rho\, \Sigma_{prior}\, a$, whose $\rho$ is the share of the
    prior's variance left, written with the fewest parameters and the roundest exponents that keep $\rho$ within
    `FAITHFUL`. The standard deviations belong to what is written.
    """
    _, vectors = eigh(posterior, prior)
    powers = np.array([quantity.logarithmic for quantity in quantities])
    found: list[np.ndarray] = []
    for vector in vectors.T:
        written = _shortest(vector, prior, posterior, powers=powers)
        if all(abs(_correlation(written, other, prior)) < SAME for other in found):
            found.append(written)
    found.sort(key=lambda a: _left(a, prior, posterior))
    return [_direction(quantities, a, prior, posterior) for a in found]


def _direction(quantities: Sequence[Quantity], a: np.ndarray, prior: np.ndarray, posterior: np.ndarray) -> Direction:
    there = sorted((i for i in range(len(a)) if a[i]), key=lambda i: -abs(a[i]) * np.sqrt(prior[i, i]))
    parts = tuple(quantities[i] for i in there)
    if len(parts) == 1:
        a = a / a[there[0]]
    exponents = tuple(float(a[i]) for i in there)
    return Direction(parts, exponents, float(np.sqrt(a @ prior @ a)), float(np.sqrt(a @ posterior @ a)))


def _shortest(vector: np.ndarray, prior: np.ndarray, posterior: np.ndarray, *, powers: np.ndarray) -> np.ndarray:
    """Return the exponents to write for an eigenvector [quantity], most of them 0."""
    sd = np.sqrt(np.diag(prior))
    weight = np.abs(vector) * sd
    order, aim = np.argsort(-weight), min(_left(vector, prior, posterior), 1.0)
    least, share, most = FAITHFUL
    allowed, written = min(max(share * aim, least), most), vector
    for number in range(1, min(MOST_FACTORS, len(vector)) + 1):
        few = order[:number]
        for written in _rounded(_within(few, vector, prior, posterior), sd, powers):
            if written.any() and abs(min(_left(written, prior, posterior), 1.0) - aim) <= allowed:
                return written
    return written


def _within(few: np.ndarray, vector: np.ndarray, prior: np.ndarray, posterior: np.ndarray) -> np.ndarray:
    """Return the eigenvector of these quantities alone that is most like the whole one."""
    part = np.ix_(few, few)
    candidates = np.zeros((len(few), len(vector)))
    candidates[:, few] = eigh(posterior[part], prior[part])[1].T
    return max(candidates, key=lambda a: abs(_correlation(a, vector, prior)))


def _rounded(a: np.ndarray, sd: np.ndarray, powers: np.ndarray) -> Iterator[np.ndarray]:
    """Yield exponents relative to that of the weightiest power, rounded to halves, then to tenths.

    The exponent of a parameter of either sign is rounded per prior standard deviation.
    """
    weight = np.abs(a) * sd
    first = np.argmax(np.where(powers, weight, 0.0) if np.any(weight[powers] > 0) else weight)
    grain = np.where(powers, 1.0, 1 / sd)
    for step in (0.5, 0.1):
        yield np.round(a / a[first] / grain / step) * step * grain + 0.0


def _left(a: np.ndarray, prior: np.ndarray, posterior: np.ndarray) -> float:
    """Return the share of the prior's variance of a combination that is left."""
    return float(a @ posterior @ a / (a @ prior @ a))


def _correlation(a: np.ndarray, b: np.ndarray, prior: np.ndarray) -> float:
    return float(a @ prior @ b / np.sqrt((a @ prior @ a) * (b @ prior @ b)))
