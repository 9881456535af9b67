"""A cohort as plain values in canonical units: what the tables say once they are understood."""

from dataclasses import dataclass
from typing import Any

BETWEEN = 2
"""The `censoring` of a value of which only an interval is known."""


@dataclass(frozen=True)
class Measurement:
    """One measured value of one patient.

    `time` [h] is the end of `window` [h] where the value was collected over one. `censoring` is -1 where the
    true value lies below `value`, +1 above, BETWEEN where it lies between `value` and `upper`, 0 where it is the
    value. `extra_sd` is scatter, in the variable's unit, that comes on top of the model's noise; `time_sd` [h] is how
    uncertain the time is; `row` is the row in measurements.csv. Values of one variable that name one `assay` share
    its offset.
    """

    time: float
    variable: str
    value: float
    row: int
    extra_sd: float = 0.0
    time_sd: float = 0.0
    window: float = 0.0
    censoring: int = 0
    upper: float | None = None
    assay: str = ""


@dataclass(frozen=True)
class Event:
    """One treatment, or loss, from `start` to `end` [h].

    `amount` is the total over that time for a volume item [L], the level held for a level item [its unit].
    Where it was never charted it is None and is lognormal (`median`, `gsd`) or uniform on [`low`, `high`].
    With an `end_sd` [h] above 0 the end is uncertain. Then the amount is what was given however long that took or,
    where it was charted `by_rate`, what the rate comes to by the stated `end`.
    """

    item: str
    start: float
    end: float
    amount: float | None
    row: int
    low: float | None = None
    high: float | None = None
    median: float | None = None
    gsd: float | None = None
    end_sd: float = 0.0
    by_rate: bool = False


@dataclass(frozen=True)
class Patient:
    """One patient: covariates by name, measurements and therapy in order of time.

    `known` is what a prior may depend on: the covariates and, where anything was measured, the hour of the last
    value as `last_measurement` [h]. It is read from the rows as they are, so that a shorter chart has its own.
    `zero` is the timestamp of hour 0, in ISO form, empty where the tables count hours themselves.
    """

    name: str
    covariates: dict[str, float | str]
    measurements: tuple[Measurement, ...]
    therapy: tuple[Event, ...]
    zero: str = ""

    @property
    def known(self) -> dict[str, float | str]:
        """What the model's priors see of this patient."""
        last = max((m.time for m in self.measurements), default=None)
        return self.covariates if last is None else {**self.covariates, "last_measurement": last}


@dataclass(frozen=True)
class SetAside:
    """A row of measurements.csv that was understood but is not an observation, and why."""

    patient: str
    row: int
    variable: str
    reason: str


@dataclass(frozen=True)
class Cohort:
    """All patients of one data set.

    `digest` is the SHA-256 of the tables as they stand on disk; `notes` say what was done to the values;
    `set_aside` lists the measurements that were left out.
    """

    name: str
    patients: tuple[Patient, ...]
    digest: str
    notes: tuple[str, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @classmethod
    def from_frame(
        cls, measurements: Any, therapy: Any = None, patients: Any = None, *, name: str = "frame"
    ) -> "Cohort":
        """Return the cohort that data frames hold, by pandas, polars or whatever else narwhals reads.

        The frames have the columns of measurements.csv, therapy.csv and patients.csv, and what is refused there is
        refused here, in the same words, by the frame's name and its row, the first of which is 0. An empty cell is
        None, NaN, NaT or an empty text. An index is no column: a named one is refused.

        Args:
            measurements: a row for each measured value.
            therapy: a row for each treatment or loss, if there was any.
            patients: a row for each patient, if anything is known of them.
            name: what the cohort is called.

        Raises:
            InputError: every problem of all frames.
        """
        from .frame import read_frames

        return read_frames(measurements, therapy, patients, name=name)

    def __repr__(self) -> str:
        from .shown import cohort_text

        return cohort_text(self)

    def _repr_html_(self) -> str:
        from .shown import cohort_html

        return cohort_html(self)
