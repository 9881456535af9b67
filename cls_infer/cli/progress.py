"""How a fit is followed on stderr: one live line on a terminal, a few plain lines without control characters
elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite

from ..inference.progress import Forecast, Progress
from ..inference.settings import Choice
from ..printable import printable
from ..scale.counted import Counted

type Event = str | Choice | Forecast | Progress | Counted
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
            print(_once(event), file=sys.stderr, flush=True)
            return
        if isinstance(event, str):
            phase = event.partition(":")[0]
            if phase != seen["phase"]:
                print(printable(event), file=sys.stderr, flush=True)
            seen.update(phase=phase, quarter=0)
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
                bar.console.print(_once(event), markup=False, highlight=False)
                return
            if isinstance(event, str):
                bar.update(task, description=printable(event), total=None, completed=0, numbers="")
                return
            if isinstance(event, Counted):
                bar.update(task, description="cohort", total=event.total, completed=event.done, numbers=counted(event))
                return
            phase = "warming up" if event.done <= event.warmup else "sampling"
            beside = f"{event.done}/{event.total}, {numbers(event)}"
            bar.update(task, description=phase, total=event.total, completed=event.done, numbers=beside)

        yield watch


def numbers(event: Progress) -> str:
    """Return what tells whether sampling goes well, and how long it will take."""
    divergent = f"{event.divergences} divergence{'s' if event.divergences != 1 else ''}"
    effective = "" if event.ess is None else f"effective size {event.ess:.0f}, "
    steps = f"step {event.step_size:.2g}, {event.leapfrogs:.0f} leapfrogs"
    return f"{divergent}, {effective}{steps}, {_clock(event.left)} left"


def counted(event: Counted) -> str:
    """Return how far a cohort is, and how long it will take."""
    failed = f", {event.failed} could not be fitted" if event.failed else ""
    left = f", {_clock(event.left)} left" if isfinite(event.left) else ""
    return f"{event.done} of {event.total} patients{failed}, {event.workers} workers{left}"


def forecast(event: Forecast) -> str:
    """Return what sampling is expected to cost, in a line."""
    fewest, most = event.leapfrogs
    each = f"a gradient takes {1e3 * event.gradient:.2g} ms in each chain, a draw {fewest} to {most} of them"
    lasting = f"{_clock(event.seconds[0])} to {_clock(event.seconds[1])} for {event.draws} draws"
    return f"forecast: {each}: {lasting}, at most {_clock(event.longest)} if R-hat asks for more"


def _once(event: Choice | Forecast) -> str:
    """Return the line of what is told but once."""
    return f"device: {event.why}" if isinstance(event, Choice) else forecast(event)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
