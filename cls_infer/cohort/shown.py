"""What a cohort says of itself: who is in it, what was measured and given, and what was done to the values."""

from ..display import Table, as_html, as_text, counted
from .records import Cohort, Patient

HEADER = ("patient", "known", "measurements", "variables", "from [h]", "to [h]", "therapy")


def cohort_text(cohort: Cohort) -> str:
    """Return the cohort in a few lines."""
    return as_text(f"Cohort `{cohort.name}`", _lines(cohort))


def cohort_html(cohort: Cohort) -> str:
    """Return the cohort as a table of its patients, for a notebook."""
    tables = [Table("Patients", HEADER, [_row(patient) for patient in cohort.patients], ": `cohort.patients`")]
    if cohort.set_aside:
        aside = [(one.patient, one.row, one.variable, one.reason) for one in cohort.set_aside]
        head = ("patient", "row", "variable", "why")
        tables.append(Table("Measurements set aside", head, aside, ": `cohort.set_aside`"))
    return as_html(f"Cohort `{cohort.name}`", _lines(cohort), tables)


def _lines(cohort: Cohort) -> list[str]:
    measured = [one for patient in cohort.patients for one in patient.measurements]
    given = [one for patient in cohort.patients for one in patient.therapy]
    variables = dict.fromkeys(one.variable for one in measured)
    items = dict.fromkeys(one.item for one in given)
    lines = [
        counted(len(cohort.patients), "patient"),
        f"{counted(len(measured), 'measurement')}: {', '.join(variables)}",
        f"{counted(len(given), 'row')} of therapy: {', '.join(items)}" if given else "no therapy",
    ]
    return [*lines, *cohort.notes]


def _row(patient: Patient) -> tuple:
    times = [one.time for one in patient.measurements]
    known = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in patient.covariates.items()
    )
    variables = ", ".join(dict.fromkeys(one.variable for one in patient.measurements))
    span = (min(times), max(times)) if times else ("", "")
    return (patient.name, known, len(times), variables, *span, len(patient.therapy))
