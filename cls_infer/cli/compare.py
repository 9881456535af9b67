"""`cls-infer compare`: runs of the same measurements side by side, and what their priors do."""

from collections.abc import Iterator
from dataclasses import asdict
from math import exp, isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem
from .fitting import NOT_MET
from .inputs import all_of
from .machine import prepare_jax
from .options import Debug, Json, Quiet
from .talk import say, write_json, write_lines, write_table

if TYPE_CHECKING:
    from ..likelihood.posterior import Posterior
    from ..results.compare import Comparison, Place
    from ..results.fitted import Fit
    from ..results.sensitivity import Sensitivity

WAYS = ("observation", "patient", "future")
COLUMNS = {  # field of a run's row -> how the table heads it
    **{"run": "run", "model": "model", "elpd": "elpd", "se": "se", "p": "p", "difference": "difference"},
    **{"difference_se": "se of it", "weight": "weight", "khat_max": "k-hat", "log_evidence": "log evidence"},
}

Runs = Annotated[list[str], typer.Argument(help="Run folders that fits of the same measurements wrote.")]
By = Annotated[
    str,
    typer.Option(
        "--by", metavar="observation|patient|future", help="What is left out at a time; future: what --until hid."
    ),
]

Mend = Annotated[
    bool, typer.Option("--moment-match", help="Where k-hat is too high, move the draws: solves the models again.")
]


def compare(
    run: Runs,
    by: By = "observation",
    moment_match: Mend = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Compare runs by what they predict of what they have not seen; of each, say where its prior matters."""
    fits, _ = all_of(lambda: open_runs(run), lambda: _check_way(by))
    from ..results.compare import compare as compared
    from ..results.same_data import check_same_measurements
    from ..results.sensitivity import sensitivities

    check_same_measurements({name: fit.tree for name, fit in fits.items()})
    solving = moment_match or by == "future"
    if solving:
        say("solving the models of the runs again", quiet=quiet)
    targets = _targets(fits) if solving else None
    found = compared(fits, by=by, targets=targets, moment_match=moment_match)
    moved = {name: sensitivities(fit.tree) for name, fit in fits.items()}
    if as_json:
        write_json(_as_json(found, moved))
    else:
        _print(found, moved)
    return 0 if found.trusted else NOT_MET


def open_runs(folders: list[str]) -> "dict[str, Fit]":
    """Return the runs by their folders.

    Raises:
        InputError: the problems of all that cannot be opened; one named twice.
    """
    prepare_jax()
    from ..results.store import open_fit

    names = [folder.rstrip("/") for folder in folders]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise InputError([Problem(name, "is named twice", remedy="name each run once") for name in twice])
    return dict(zip(names, all_of(*(lambda name=name: open_fit(name) for name in names)), strict=True))


def _targets(fits: "dict[str, Fit]") -> "dict[str, Posterior]":
    """Return by run the target that was sampled."""
    from ..results.kept import model_again, target_again
    from .named import was_named

    models = all_of(*(lambda fit=fit: model_again(fit.tree, named=was_named) for fit in fits.values()))
    pairs = zip(fits.items(), models, strict=True)
    return {name: target_again(fit.tree, model) for (name, fit), model in pairs}


def _check_way(by: str) -> None:
    if by not in WAYS:
        remedy = f"write {' or '.join(f'`{way}`' for way in WAYS)}"
        raise InputError([Problem("--by", f"there is no way `{by}`", remedy=remedy)])


def _print(found: "Comparison", moved: "dict[str, dict[str, Sensitivity]]") -> None:
    unit = {"observation": "measurement", "patient": "patient", "future": "patient's hidden measurements"}[found.by]
    title = f"leaving out one {unit} of {found.units} at a time"
    rows = [(*(_cell(getattr(one, name)) for name in COLUMNS), _bayes_factor(one)) for one in found.runs]
    write_table(title, (*COLUMNS.values(), "Bayes factor"), rows)
    write_lines(*(f"caution: {words}" for words in found.cautions))
    for one in found.runs:
        write_lines(*(f"`{one.run}`: {words}" for words in one.cautions))
        if one.no_evidence:
            write_lines(f"`{one.run}`: {one.no_evidence}")
        write_lines(*_priors(one.run, moved[one.run]))


def _cell(value: Any) -> Any:
    return "-" if isinstance(value, float) and not isfinite(value) else value


def _bayes_factor(one: "Place") -> str:
    """Return the Bayes factor against the run of the largest evidence, as a reader says it."""
    if not isfinite(one.log_bayes_factor):
        return "-"
    return "1" if one.log_bayes_factor == 0 else f"1 in {exp(min(-one.log_bayes_factor, 700.0)):.3g}"


def _priors(run: str, moved: "dict[str, Sensitivity]") -> Iterator[str]:
    """Yield in words where the prior of a run matters, the most sensitive first."""
    if not moved:
        yield f"`{run}`: no sensitivity to the prior: the run was written before it kept its log prior"
        return
    from ..results.sensitivity import CONFLICT, EITHER, FINE, STRONG, UNSURE

    ordered = sorted(moved, key=lambda name: -moved[name].prior)
    for words in (CONFLICT, EITHER, STRONG):
        those = [f"{n} ({moved[n].prior:.2f}, {moved[n].likelihood:.2f})" for n in ordered if moved[n].words == words]
        if those:
            yield f"`{run}`: {words} (sensitivity to prior, likelihood): {', '.join(those)}"
    unsure = sum(one.words == UNSURE for one in moved.values())
    if unsure:
        yield f"`{run}`: {UNSURE} whether the prior matters: {unsure} of {len(moved)} numbers"
    if all(one.words == FINE for one in moved.values()):
        yield f"`{run}`: no posterior moves with its prior"


def _as_json(found: "Comparison", moved: "dict[str, dict[str, Sensitivity]]") -> dict[str, Any]:
    runs = []
    for one in found.runs:
        entry = asdict(one)
        entry["unreliable"] = [{"unit": unit, "khat": khat} for unit, khat in one.unreliable]
        told = {name: {**asdict(each), "says": each.words} for name, each in moved[one.run].items()}
        runs.append({**entry, "sensitivity": told})
    return {
        "by": found.by,
        "units": found.units,
        "trusted": found.trusted,
        "cautions": list(found.cautions),
        "runs": runs,
    }
