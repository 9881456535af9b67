"""How far a fit is, in words and as a bar: in a notebook by its widget, elsewhere by a line on stderr."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..inference.progress import Forecast, Progress
from ..inference.settings import Choice
from ..printable import printable

type Event = str | Choice | Forecast | Progress
type Watcher = Callable[[Event], None]


def numbers(event: Progress) -> str:
    """Return what tells whether sampling goes well, and how long it will take."""
    divergent = f"{event.divergences} divergence{'s' if event.divergences != 1 else ''}"
    effective = "" if event.ess is None else f"effective size {event.ess:.0f}, "
    steps = f"step {event.step_size:.2g}, {event.leapfrogs:.0f} leapfrogs"
    return f"{divergent}, {effective}{steps}, {clock(event.left)} left"


def phase(event: Progress) -> str:
    """Return what the sampler is doing."""
    return "warming up" if event.done <= event.warmup else "sampling"


def forecast(event: Forecast) -> str:
    """Return what sampling is expected to cost, in a line."""
    fewest, most = event.leapfrogs
    each = f"a gradient takes {1e3 * event.gradient:.2g} ms in each chain, a draw {fewest} to {most} of them"
    lasting = f"{clock(event.seconds[0])} to {clock(event.seconds[1])} for {event.draws} draws"
    return f"forecast: {each}: {lasting}, at most {clock(event.longest)} if R-hat asks for more"


def once(event: Choice | Forecast) -> str:
    """Return the line of what is told but once."""
    return f"device: {event.why}" if isinstance(event, Choice) else forecast(event)


@contextmanager
def shown(progress: bool, report: Watcher | None) -> Iterator[Watcher]:
    """Yield what a fit tells its progress to: `report`, if there is one, and a bar, if `progress` is wanted."""
    own = report or (lambda _: None)
    if not progress:
        yield own
        return
    with _bar() as watch:

        def both(event: Event) -> None:
            watch(event)
            own(event)

        yield both


@contextmanager
def _bar() -> Iterator[Watcher]:
    from tqdm.auto import tqdm

    with tqdm(total=None, desc="reading", bar_format="{desc} {bar:20} {n_fmt}/{total_fmt}{postfix}") as bar:

        def watch(event: Event) -> None:
            if isinstance(event, Choice | Forecast):
                bar.write(once(event))
            elif isinstance(event, str):
                bar.set_description_str(printable(event))
            else:
                if bar.total != event.total:
                    bar.reset(total=event.total)
                bar.n = event.done
                bar.set_description_str(phase(event), refresh=False)
                bar.set_postfix_str(numbers(event))

        yield watch


def clock(seconds: float) -> str:
    """Return seconds as a clock shows them."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
