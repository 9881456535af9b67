"""What is charted of every patient, as columns of a design: standardised numbers, a column for each further word."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..cohort.names import did_you_mean
from ..cohort.patients import COVARIATES
from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem

WORDS = ("sex", "colloid", "cause")
NUMBERS = (*COVARIATES, "onset")


@dataclass(frozen=True)
class Effect:
    """One column: of a number x, (x - centre) / scale; of a word, 1 where it is `level`, less the share of those.

    A population's mean coordinate is thereby that of the cohort's mean patient. `unit` is of `scale`.
    """

    covariate: str
    level: str
    centre: float
    scale: float
    unit: str

    @property
    def label(self) -> str:
        """The column's name: `weight`, or `sex=female`."""
        return f"{self.covariate}={self.level}" if self.level else self.covariate

    @property
    def about(self) -> str:
        """What an effect is the change for, in words."""
        if self.level:
            return f"for {self.covariate} `{self.level}` against the commonest"
        return f"per {self.scale:.3g} {self.unit} of {self.covariate}, about {self.centre:.3g} {self.unit}"

    def of(self, patient: Patient) -> float:
        """Return the column's entry of a patient."""
        found = patient.covariates[self.covariate]
        number = float(found == self.level) if self.level else float(found)
        return (number - self.centre) / self.scale


def effects(cohort: Cohort, covariates: Sequence[str]) -> tuple[Effect, ...]:
    """Return the columns that these covariates make of a cohort.

    Raises:
        InputError: a name that is no covariate or comes twice, a covariate that some patient lacks or that is the
            same for all, columns of which one follows from the others, or more of them than patients can tell apart.
    """
    problems = [problem for name in dict.fromkeys(covariates) for problem in _problems(cohort, name, covariates)]
    if problems:
        raise InputError(problems)
    columns = tuple(effect for name in covariates for effect in _columns(cohort, name))
    _check_told_apart(cohort, columns)
    return columns


def design(patients: Sequence[Patient], columns: Sequence[Effect]) -> np.ndarray:
    """Return the columns' entries [patient, effect]."""
    entries = [[effect.of(patient) for effect in columns] for patient in patients]
    return np.array(entries, float).reshape(len(patients), len(columns))


def _problems(cohort: Cohort, name: str, covariates: Sequence[str]) -> Iterator[Problem]:
    if name not in (*NUMBERS, *WORDS):
        yield Problem("--covariate", f"there is no covariate `{name}`", remedy=did_you_mean(name, (*NUMBERS, *WORDS)))
        return
    if list(covariates).count(name) > 1:
        yield Problem("--covariate", f"`{name}` is named twice", remedy="name it once")
    lacking = [f"`{patient.name}`" for patient in cohort.patients if name not in patient.covariates]
    if lacking:
        remedy = f"chart `{name}` in patients.csv, leave these patients out, or leave out the covariate"
        yield Problem("--covariate", f"`{name}` is missing of {', '.join(lacking)}", remedy=remedy)
        return
    found = {patient.covariates[name] for patient in cohort.patients}
    if len(found) == 1:
        remedy = "leave it out: what does not differ explains no difference"
        yield Problem("--covariate", f"`{name}` is {found.pop()} of every patient", remedy=remedy)


def _columns(cohort: Cohort, name: str) -> Iterator[Effect]:
    found = [patient.covariates[name] for patient in cohort.patients]
    if name not in WORDS:
        numbers = np.array(found, float)
        unit = COVARIATES[name].unit if name in COVARIATES else "h"
        yield Effect(name, "", float(numbers.mean()), float(numbers.std()), unit)
        return
    counts = Counter(str(word) for word in found)
    commonest = min(counts, key=lambda word: (-counts[word], word))
    for level in sorted(counts):
        if level != commonest:
            yield Effect(name, level, counts[level] / len(found), 1.0, "")


def _check_told_apart(cohort: Cohort, columns: Sequence[Effect]) -> None:
    """Refuse columns that the cohort cannot tell apart: their effects would be their prior's."""
    with_mean = np.column_stack([np.ones(len(cohort.patients)), design(cohort.patients, columns)])
    rank = np.linalg.matrix_rank(with_mean, tol=1e-8 * len(cohort.patients))
    if rank < with_mean.shape[1]:
        named = ", ".join(f"`{effect.label}`" for effect in columns)
        found = f"{len(cohort.patients)} patients cannot tell {named} apart: one of them follows from the others"
        raise InputError([Problem("--covariate", found, remedy="leave one of the covariates out")])
