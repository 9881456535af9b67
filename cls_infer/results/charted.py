"""What the chart held, as groups of the tree: measurements with everything known of them, and therapy."""

import numpy as np
import xarray as xr

from ..cohort.items import ITEMS
from ..cohort.vocabulary import VARIABLES
from ..likelihood.posterior import Posterior
from ..solve.plan import usable
from ..solve.route import uncharted


def observed_data(target: Posterior) -> xr.Dataset:
    """Return the measurements the likelihood saw, [patient, obs], NaN and empty where a patient has fewer.

    `censoring` is -1 below, +1 above, 2 between `measurement` and `upper`, 0 measured; `time_sd` [h]; `extra_sd` in the
    variable's unit; `row` is the row of measurements.csv; `assay` what the laboratory is called, empty where unsaid.
    """
    chart = target.plan.chart
    names = np.array(list(target.model.observables))
    units = np.array([o.unit for o in target.model.observables.values()])
    shapes = np.array([o.noise.shape for o in target.model.observables.values()])

    def number(a: np.ndarray, **attrs: str) -> tuple:
        return ("patient", "obs"), np.where(chart.mask, a, np.nan), attrs

    def word(a: np.ndarray, places: np.ndarray = chart.variable) -> tuple:
        return ("patient", "obs"), np.where(chart.mask, a[places], "").astype(object)

    return xr.Dataset(
        {
            "measurement": number(chart.value),
            "upper": number(chart.upper),
            "censoring": number(chart.censoring),
            "time_sd": number(chart.time_sd, unit="h"),
            "extra_sd": number(chart.extra_sd),
        },
        coords={
            "patient": list(target.plan.patients),
            "time": number(chart.time, unit="h"),
            "row": number(chart.row),
            "variable": word(names),
            "unit": word(units),
            "noise": word(shapes),
            "assay": word(np.array(["", *(assay.name for assay in target.plan.assays)]), chart.assay),
        },
    )


def label_of(variable: str) -> str:
    """Return how a reader calls an observable, capitalised: the vocabulary's label where there is one."""
    label = VARIABLES[variable].label if variable in VARIABLES else variable.replace("_", " ")
    return label[0].upper() + label[1:]


def therapy_table(target: Posterior) -> xr.Dataset:
    """Return every treatment and loss, one an event; `amount` is NaN where it was never charted.

    `parameter` names the number that the fit estimated of it, the amount, or the length [h] where `end_sd` [h] is above
    0; it is empty where everything was charted or nothing is changed by it. `by_rate` is 1 where the amount is what a
    charted rate comes to by the stated end, 0 elsewhere.
    """
    events = [(patient.name, event) for patient in target.cohort.patients for event in patient.therapy]
    columns = {
        "patient": [name for name, _ in events],
        "item": [event.item for _, event in events],
        "unit": [ITEMS[event.item].unit for _, event in events],
        "parameter": _parameters(target),
    }
    numbers = {
        "start": ([event.start for _, event in events], "h"),
        "end": ([event.end for _, event in events], "h"),
        "amount": ([np.nan if event.amount is None else event.amount for _, event in events], ""),
        "end_sd": ([event.end_sd for _, event in events], "h"),
        "by_rate": ([event.by_rate for _, event in events], "1"),
        "row": ([event.row for _, event in events], "1"),
    }
    data = {name: ("event", np.array(column, dtype=object)) for name, column in columns.items()}
    for name, (column, unit) in numbers.items():
        data[name] = ("event", np.array(column, float), {"unit": unit})
    return xr.Dataset(data)


def _parameters(target: Posterior) -> list[str]:
    """Return of every event the name of the number that was estimated of it, empty of most."""
    names = [slot.name for slot in target.pooling.slots if slot.is_amount]
    found = []
    for patient in target.cohort.patients:
        unknown = uncharted(usable(target.model, patient))
        found += [names[unknown.index(event)] if event in unknown else "" for event in patient.therapy]
    return found
