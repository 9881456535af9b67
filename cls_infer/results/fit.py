"""Model + cohort -> Fit: the whole way from charts to a judged posterior."""

from functools import partial
from time import perf_counter

from ..cohort.records import Cohort
from ..inference.accuracy import tolerance_at
from ..inference.run import Report
from ..inference.settings import Settings
from ..likelihood.posterior import posterior
from ..model.spec import Model
from .fitted import Fit, conclude
from .kept import hide_after
from .provenance import provenance
from .sampling import on_device, sample


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
        report: receives the device chosen and progress, as words or as `Progress`.

    Raises:
        InputError: names that the model does not have, nothing left to fit, a patient that cannot be solved, a
            device that is not there.
    """
    begun = perf_counter()
    seen, hidden = hide_after(cohort, until)
    target = partial(
        posterior,
        model,
        per_patient=per_patient,
        shared=shared,
        hierarchical=hierarchical,
        fixed=fixed,
        covariates=covariates,
        correlated=correlated,
        tolerance=tolerance_at(settings.rtol, settings.solver),
    )
    with on_device(device, lambda: target(seen), report) as choice:
        parts = sample(target, seen, settings, report)
        report("reading the draws: predictions, trajectories, solver error")
        asked = {"command": command, "hidden": hidden, "until": until, "device_because": choice.why}
        done = conclude(parts, provenance=provenance(model, seen, settings, **asked), whole=cohort)
    done.tree.attrs["seconds_total"] = perf_counter() - begun
    return done
