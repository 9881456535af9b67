"""`cls-infer demo`: the shipped case of Clarkson disease, fitted."""

from typing import TYPE_CHECKING

from ..inference.settings import Settings
from .asked import Request
from .fitting import carry_out, finish, report_of, verdict_lines
from .options import Debug, Json, Out, Quiet
from .talk import say, write_lines

if TYPE_CHECKING:
    from ..results.fitted import Fit
    from ..results.summary import Row

DATASET, MODEL, SEED = "clarkson_a", "clarkson_episode", 1


def demo(out: Out = None, as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> int:
    """Fit the shipped case of Clarkson disease."""
    say("fitting five days in hospital of one patient with Clarkson disease; this takes minutes", quiet=quiet)
    fitted = carry_out(Request(DATASET, MODEL, settings=Settings(seed=SEED), out=out), quiet=quiet)
    return finish(fitted, as_json=as_json, quiet=quiet, show=_print)


def _print(fitted: "Fit") -> None:
    """Print the result in three lines: what was learnt, whether to trust it, where to read on."""
    rows = {row.variable: row for row in fitted.summary}
    write_lines(
        f"The leak: {_range(rows['M'])} times the healthy number of large pores, for {_range(rows['D'])} h.",
        "; ".join(verdict_lines(fitted)),
        f"report: {report_of(fitted)}",
    )


def _range(row: "Row") -> str:
    return f"{row.q50:.3g} ({row.q05:.3g} to {row.q95:.3g})"
