"""Model + cohort -> Fit: the whole way from charts to a judged posterior."""

from functools import partial
from pathlib import Path
from time import perf_counter

from ..cohort.records import Cohort
from ..inference.accuracy import tolerance_at
from ..inference.checkpoint import NOWHERE, Kept
from ..inference.run import Report
from ..inference.settings import Settings
from ..likelihood.posterior import posterior
from ..model.spec import Model
from .fitted import Fit, conclude
from .kept import hide_after
from .provenance import provenance
from .same_fit import check_same_fit
from .sampling import on_device, sample
from .streamed import LARGE_GROUPS


def fit(
    cohort: Cohort,
    model: Model,
    *,
    per_patient: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    hierarchical: tuple[str, ...] = (),
    fixed: dict[str, float] | None = None,
    covariates: tuple[str, ...] = (),
    correlated: bool = False,
    settings: Settings = Settings(),  # noqa: B008 - a frozen value
    until: float | None = None,
    device: str = "auto",
    command: str = "",
    checkpoint: Path | str | None = None,
    report: Report = lambda _: None,
) -> Fit:
    """Fit a model to a cohort and judge the result.

    Args:
        cohort: as `read_cohort` returns it.
        model: as `load_model` returns it.
        per_patient: parameters estimated for each patient alone.
        shared: parameters with one value for all patients.
        hierarchical: parameters partially pooled between patients.
        fixed: values to hold.
        covariates: what of the chart moves the partially pooled parameters.
        correlated: whether the partially pooled parameters vary together.
        settings: method, chains, draws, seed.
        until: hides measurements after this time [h] from the fit; the tree keeps them for a score.
        device: `cpu`, `gpu`, or `auto` for the one on which a gradient of the fit takes less time.
        command: what the user typed, for the provenance.
        checkpoint: a folder that takes what is done as it is done. After a kill the same call goes on from there, and
            its draws are those of a fit that was not killed, to the last bit. Large groups of the tree are read from
            there until the fit is saved; then it may be removed.
        report: receives the device chosen and progress, as words, `Forecast` or `Progress`.

    Raises:
        InputError: names that the model does not have, nothing left to fit, a patient that cannot be solved, a
            device that is not there, a checkpoint of another fit.
    """
    begun, kept = perf_counter(), Kept(Path(checkpoint)) if checkpoint else NOWHERE
    seen, hidden = hide_after(cohort, until)
    pooling = {
        "per_patient": per_patient,
        "shared": shared,
        "hierarchical": hierarchical,
        "fixed": fixed,
        "covariates": covariates,
        "correlated": correlated,
    }
    check_same_fit(kept, model, cohort, settings, {**pooling, "until": until}, report)
    before = kept.seconds_before()
    target = partial(posterior, model, tolerance=tolerance_at(settings.rtol, settings.solver), **pooling)
    with on_device(device, lambda: target(seen), report, kept) as choice:
        parts = sample(target, seen, settings, report, kept)
        report("reading the draws: predictions, trajectories, solver error")
        asked = {"command": command, "hidden": hidden, "until": until, "device_because": choice.why}
        made = provenance(model, seen, settings, **asked)
        done = conclude(parts, provenance=made, whole=cohort, store=kept.place(LARGE_GROUPS))
    done.tree.attrs["seconds_total"] = before + perf_counter() - begun
    return done
