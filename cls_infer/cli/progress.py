"""How a fit is followed on stderr: one live line on a terminal, a few plain lines anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..inference.settings import Choice

if TYPE_CHECKING:
    from ..inference.nuts import Progress

type Watcher = Callable[["str | Choice | Progress"], None]


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watcher]:
    """Yield what a fit reports to: the device chosen, strings for phases, sampling's progress after each block."""
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

    def watch(event: "str | Choice | Progress") -> None:
        if isinstance(event, Choice):
            print(f"device: {event.why}", file=sys.stderr, flush=True)
            return
        if isinstance(event, str):
            phase = event.partition(":")[0]
            if phase != seen["phase"]:
                print(event, file=sys.stderr, flush=True)
            seen.update(phase=phase, quarter=0)
            return
        quarter = 4 * event.done // event.total
        if quarter > seen["quarter"]:
            print(f"sampling: {event.done} of {event.total}, {numbers(event)}", file=sys.stderr, flush=True)
        seen.update(phase="sampling", quarter=quarter % 4)

    return watch


@contextmanager
def _live() -> Iterator[Watcher]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[numbers]}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("reading", total=None, numbers="")

        def watch(event: "str | Choice | Progress") -> None:
            if isinstance(event, Choice):
                bar.console.print(f"device: {event.why}", markup=False, highlight=False)
                return
            if isinstance(event, str):
                bar.update(task, description=event, total=None, completed=0, numbers="")
                return
            phase = "warming up" if event.done <= event.warmup else "sampling"
            counted = f"{event.done}/{event.total}, {numbers(event)}"
            bar.update(task, description=phase, total=event.total, completed=event.done, numbers=counted)

        yield watch


def numbers(event: "Progress") -> str:
    """Return what tells whether sampling goes well, and how long it will take."""
    left = event.seconds * (event.total - event.done) / max(event.done, 1)
    divergent = f"{event.divergences} divergence{'s' if event.divergences != 1 else ''}"
    steps = f"step {event.step_size:.2g}, {event.leapfrogs:.0f} leapfrogs"
    return f"{divergent}, {steps}, {_clock(left)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
