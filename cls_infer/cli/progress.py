"""How a fit is followed on stderr: one live line on a terminal, a few plain lines without control characters
elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite

from ..inference.progress import Forecast
from ..inference.settings import Choice
from ..printable import printable
from ..results.progress import Event as OfFit
from ..results.progress import clock, numbers, once, phase
from ..scale.counted import Counted

type Event = OfFit | Counted
type Watcher = Callable[[Event], None]


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher]:
    """Yield what a fit reports to: the device chosen, strings for phases, the forecast, progress after each block."""
    if quiet:
        yield lambda event: None
    elif sys.stderr.isatty():
        with _live() as watcher:
            yield watcher
    else:
        yield plain()


def plain() -> Watcher:
    """Return a watcher that prints a line when a phase begins and at each quarter of the sampling."""
    seen = {"phase": "", "quarter": 0}

    def watch(event: Event) -> None:
        if isinstance(event, Choice | Forecast):
            print(once(event), file=sys.stderr, flush=True)
            return
        if isinstance(event, str):
            begun = event.partition(":")[0]
            if begun != seen["phase"]:
                print(printable(event), file=sys.stderr, flush=True)
            seen.update(phase=begun, quarter=0)
            return
        if isinstance(event, Counted):
            twentieth = 20 * event.done // event.total
            if seen["phase"] != "cohort" or twentieth > seen["twentieth"]:
                print(f"cohort: {counted(event)}", file=sys.stderr, flush=True)
            seen.update(phase="cohort", twentieth=twentieth)
            return
        quarter = 4 * event.done // event.total
        if quarter > seen["quarter"]:
            print(f"sampling: {event.done} of {event.total}, {numbers(event)}", file=sys.stderr, flush=True)
        seen.update(phase="sampling", quarter=quarter % 4)

    return watch


@contextmanager
def _live() -> Iterator[Watcher]:
    from rich import progress
    from rich.console import Console

    bar = progress.Progress(
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=20),
        progress.TextColumn("{task.fields[numbers]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("reading", total=None, numbers="")

        def watch(event: Event) -> None:
            if isinstance(event, Choice | Forecast):
                bar.console.print(once(event), markup=False, highlight=False)
                return
            if isinstance(event, str):
                bar.update(task, description=printable(event), total=None, completed=0, numbers="")
                return
            if isinstance(event, Counted):
                bar.update(task, description="cohort", total=event.total, completed=event.done, numbers=counted(event))
                return
            beside = f"{event.done}/{event.total}, {numbers(event)}"
            bar.update(task, description=phase(event), total=event.total, completed=event.done, numbers=beside)

        yield watch


def counted(event: Counted) -> str:
    """Return how far a cohort is, and how long it will take."""
    failed = f", {event.failed} could not be fitted" if event.failed else ""
    left = f", {clock(event.left)} left" if isfinite(event.left) else ""
    return f"{event.done} of {event.total} patients{failed}, {event.workers} workers{left}"
