"""Whether runs speak of the same measurements: only then can what they predict be compared."""

from collections.abc import Mapping

import xarray as xr

from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior
from .forecast import ahead_of
from .loo import measurements

NAMED = 5
"""So many places are named in a message, the others counted."""

type Rows = dict[tuple[str, int, str], tuple]
"""Of every measurement by patient, row and variable, what makes it the same."""


def check_same_measurements(trees: Mapping[str, xr.DataTree]) -> None:
    """Refuse runs of different measurements: their densities are of different things.

    Raises:
        InputError: names, run by run, what it lacks, has beyond the first run, or has with another value.
    """
    _refuse_differences({name: _rows(tree) for name, tree in trees.items()}, "was not fitted to the measurements of")


def check_same_future(trees: Mapping[str, xr.DataTree], targets: Mapping[str, Posterior]) -> None:
    """Refuse runs from which different measurements were hidden.

    Raises:
        InputError: names what differs.
    """

    def hidden(name: str) -> Rows:
        ahead = ahead_of(trees[name], targets[name])
        return {(one.patient.name, m.row, m.variable): (m.value, m.time) for one in ahead for m in one.hidden}

    _refuse_differences({name: hidden(name) for name in trees}, "does not forecast the measurements of")


def _refuse_differences(by_run: Mapping[str, Rows], verb: str) -> None:
    first, *others = by_run
    known = by_run[first]
    problems = []
    for name in others:
        rows = by_run[name]
        lacking, beyond = ([key for key in a if key not in b] for a, b in ((known, rows), (rows, known)))
        other = [key for key in known if key in rows and known[key] != rows[key]]
        differs = {"lacks": lacking, "has besides": beyond, "has another value, time or unit of": other}
        said = [f"it {word} {_named(keys)}" for word, keys in differs.items() if keys]
        if said:
            message = f"{verb} `{first}`: {'; '.join(said)}"
            remedy = "compare fits of the same rows: leave out of the data set what one of the models cannot predict"
            problems.append(Problem(name, message, remedy=remedy))
    if problems:
        raise InputError(problems)


def _rows(tree: xr.DataTree) -> Rows:
    observed = tree["observed_data"].to_dataset()
    columns = [
        observed[name].values.ravel() for name in ("measurement", "upper", "time", "censoring", "time_sd", "extra_sd")
    ]
    units = observed["unit"].values.ravel()
    return {key: (*(float(one[at]) for one in columns), str(units[at])) for key, at in measurements(tree).items()}


def _named(keys: list[tuple[str, int, str]]) -> str:
    """Return the first of some rows and how many there are more."""
    shown = [f"`{variable}` of `{patient}` (row {row})" for patient, row, variable in keys[:NAMED]]
    return ", ".join(shown) + (f" and {len(keys) - NAMED} more" if len(keys) > NAMED else "")
