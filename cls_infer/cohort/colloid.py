"""Which synthetic colloid a patient was given: a model knows one, by its radius."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..errors import Problem
from .items import ITEMS
from .records import Event


def colloids_given(therapy: Iterable[Event]) -> list[str]:
    """Return the synthetic colloids among the therapy, each once, in order."""
    return list(dict.fromkeys(event.item for event in therapy if "colloid" in ITEMS[event.item].per_unit))


def with_colloids(
    covariates: Mapping[str, dict[str, float | str]],
    treated: Mapping[str, Sequence[Event]],
    where: str,
    problems: list[Problem],
) -> dict[str, dict[str, float | str]]:
    """Return each patient's covariates with the `colloid`: as charted, else the one that therapy names.

    Args:
        covariates: by patient, as patients.csv has them.
        treated: therapy by patient.
        where: the table of therapy.
        problems: gains patients given several of whom nothing is charted.
    """
    found = dict(covariates)
    for patient, therapy in treated.items():
        given = colloids_given(therapy)
        if not given or "colloid" in found.get(patient, {}):
            continue
        found[patient] = {**found.get(patient, {}), "colloid": given[0]}
        if len(given) > 1:
            row = next(event.row for event in therapy if event.item == given[1])
            message = f"patient `{patient}` is given `{given[1]}` and `{given[0]}`: a model knows one colloid a patient"
            remedy = "name in patients.csv, under `colloid`, the one that all are to be taken as"
            problems.append(Problem(where, message, row, remedy))
    return found


def colloid_notes(
    covariates: Mapping[str, dict[str, float | str]], treated: Mapping[str, Sequence[Event]]
) -> Iterator[str]:
    """Yield which colloids count as another."""
    for patient, therapy in treated.items():
        for other in colloids_given(therapy):
            if (taken := covariates[patient]["colloid"]) != other:
                yield f"`{other}` of patient `{patient}` is taken as `{taken}`, the patient's `colloid`"
