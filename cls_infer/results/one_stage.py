"""The one-stage road: a joint posterior of the cohort, or of each patient where nothing is shared."""

from collections.abc import Mapping
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


def fit_one_stage(
    cohort: Cohort,
    model: Model,
    *,
    per_patient: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    hierarchical: tuple[str, ...] = (),
    fixed: Mapping[str, float] | None = None,
    covariates: tuple[str, ...] = (),
    correlated: bool = False,
    settings: Settings = Settings(),  # noqa: B008 - a frozen value
    until: float | None = None,
    device: str = "auto",
    command: str = "",
    checkpoint: Path | str | None = None,
    report: Report = lambda _: None,
) -> Fit:
    """Fit a model to a cohort and judge the result, with the arguments and the errors of `fit`."""
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
