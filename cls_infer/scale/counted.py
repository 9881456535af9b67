"""How far a cohort is, as a value."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counted:
    """Patients `done` of `total` in the store, those that could not be fitted among them as `failed`, and the seconds
    that are `left`, NaN until the first shard of a session tells; `workers` there are."""

    done: int
    total: int
    failed: int
    left: float
    workers: int
