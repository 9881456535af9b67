"""What a fit says of itself: of what it is, whether it may be believed, and each number beside its prior."""

from ..display import Table, as_html, as_text, counted
from .fitted import Fit

HEADER = ("parameter", "unit", "median", "5 %", "95 %", "prior sd", "contraction", "R-hat", "ESS")


def fit_text(fit: Fit) -> str:
    """Return the fit in a few lines."""
    return as_text(_title(fit), _lines(fit))


def fit_html(fit: Fit) -> str:
    """Return the fit as its verdict and the table of its numbers, for a notebook."""
    rows = [
        (one.name, one.unit, one.q50, one.q05, one.q95, one.prior_sd, one.contraction, one.rhat, one.ess_bulk)
        for one in fit.summary
    ]
    return as_html(_title(fit), _lines(fit), [Table("Posterior", HEADER, rows, ": `fit.summary`")])


def _title(fit: Fit) -> str:
    return f"Fit of `{fit.tree.attrs['model']}` to `{fit.tree.attrs['cohort']}`"


def _lines(fit: Fit) -> list[str]:
    sizes = fit.posterior.sizes
    drawn = f"{counted(sizes['chain'], 'chain')} of {counted(sizes['draw'], 'draw')}"
    people = counted(len(fit.tree["sample_stats"]["patient"]), "patient")
    verdict = ["verdict: met"] if fit.verdict.ok else [f"verdict: not met: {why}" for why in fit.verdict.unmet]
    return [
        f"{people}, by {fit.tree.attrs['method']}, {drawn}",
        *verdict,
        *([f"run: {fit.folder}"] if fit.folder else []),
    ]
