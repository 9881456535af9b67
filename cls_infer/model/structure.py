"""What a model is made of: its places, what moves between them, what is given, and what acts on what.

Read from the model's own equations. A product that leaves one state and enters another is an arrow between their
places; one that only leaves or only enters is an arrow out of the body or into it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from ..physiology.inputs import REST
from .spec import Model
from .terms import Atom, Name, Term, Traced, traced

OUTSIDE = "outside"


@dataclass(frozen=True)
class Edge:
    """What moves from one place to another, as a sum of `terms` in the model's own names.

    `inputs` are those among its factors; `given` tells that one of them rests at 0: it is a treatment or a loss, not
    the body's own doing.
    """

    source: str
    target: str
    what: str
    terms: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    given: bool = False

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}: {' + '.join(self.terms)} ({self.what})"


@dataclass(frozen=True)
class Influence:
    """An input, a state or a place that changes what leaves a place, or how a signal moves.

    `by` is `input` or `state`; `on` names the flows it changes, and is empty where the target is a signal.
    """

    source: str
    by: str
    target: str
    on: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.source} ~> {self.target}{': ' if self.on else ''}{', '.join(self.on)}"


@dataclass(frozen=True)
class Structure:
    """Places and signals with the states they hold, edges between places, influences, and each state's rate."""

    places: Mapping[str, tuple[str, ...]]
    signals: Mapping[str, str]
    edges: tuple[Edge, ...]
    influences: tuple[Influence, ...]
    balances: Mapping[str, str]


def structure_of(model: Model) -> Structure:
    """Return what a model is made of."""
    return _Finder(model, traced(model)).structure()


class _Crossing(NamedTuple):
    """One product on its way: the states it leaves and enters (None is outside), and how it is written."""

    source: str | None
    target: str | None
    term: Term


@dataclass(frozen=True)
class _Finder:
    model: Model
    found: Traced

    def structure(self) -> Structure:
        states = self.model.states
        places: dict[str, tuple[str, ...]] = {}
        for name, state in states.items():
            if state.place:
                places[state.place] = (*places.get(state.place, ()), name)
        signals = {name: state.what for name, state in states.items() if not state.place}
        influences = (*self._of_inputs(), *self._of_signals(signals), *self._on_signals(signals))
        balances = {name: self._sum(terms) for name, terms in self.found.rates.items()}
        return Structure(places, signals, tuple(self._edges()), influences, balances)

    @cached_property
    def crossings(self) -> list[_Crossing]:
        """Every product in a rate of a state that has a place, each once."""
        movers: dict[frozenset[Atom], list[tuple[str, Term]]] = {}
        lone: list[_Crossing] = []
        for name, terms in self.found.rates.items():
            for term in terms if self.model.states[name].place else ():
                if term.moving:
                    movers.setdefault(term.moving, []).append((name, term))
                else:
                    lone.append(_crossing(name, term))
        return [crossing for group in movers.values() for crossing in _paired(group)] + lone

    def _edges(self) -> Iterator[Edge]:
        sums: dict[tuple[str, str, str, bool], list[_Crossing]] = {}
        for crossing in self.crossings:
            state = self.model.states[crossing.source or crossing.target or ""]
            given = any(not getattr(REST, name) for name in _inputs(crossing.term))
            key = (self._place(crossing.source), self._place(crossing.target), state.what, given)
            sums.setdefault(key, []).append(crossing)
        edges = []
        for key, crossings in sums.items():
            terms = dict.fromkeys(self._written(crossing) for crossing in crossings)
            inputs = dict.fromkeys(name for crossing in crossings for name in _inputs(crossing.term))
            edges.append(Edge(*key[:3], tuple(terms), tuple(inputs), key[3]))
        kinds = list(dict.fromkeys(state.what for state in self.model.states.values()))
        # each substance for itself: within the body, then its own exchange with the outside, then treatment
        yield from sorted(edges, key=lambda e: (kinds.index(e.what), e.given, OUTSIDE in (e.source, e.target)))

    def _place(self, state: str | None) -> str:
        return self.model.states[state].place if state else OUTSIDE

    def _written(self, crossing: _Crossing) -> str:
        inside = crossing.source and crossing.target
        return self._product(crossing.term, [a for a in crossing.term.atoms if not inside or a.kind != "parameter"])

    def _product(self, term: Term, atoms: Sequence[Atom]) -> str:
        number = abs(term.number)
        above = [self._label(atom) for atom in atoms if not atom.name.startswith("1/")]
        below = "".join(self._label(atom)[1:] for atom in atoms if atom.name.startswith("1/"))
        return "·".join([f"{number:.3g}"] * (number != 1 or not above) + above) + below

    def _sum(self, terms: Sequence[Term]) -> str:
        signed = " ".join(f"{'-' if term.number < 0 else '+'} {self._product(term, term.atoms)}" for term in terms)
        return signed.removeprefix("+ ").replace("- ", "-", signed.startswith("- ")) or "0"

    def _label(self, atom: Atom) -> str:
        parameters = {path: path.rpartition(".")[2] for kind, path in atom.within if kind == "parameter"}
        return re.sub(r"[\w.]*[A-Za-z_][\w.]*", lambda word: self._plain(word[0], parameters), atom.name)

    def _plain(self, name: str, parameters: Mapping[str, str]) -> str:
        return parameters.get(name) or self.short.get(name, name)

    @cached_property
    def short(self) -> Mapping[str, str]:
        """The shortest name of each flow in a rate: its own, with its owner's where two share it."""
        atoms = [atom for terms in self.found.rates.values() for term in terms for atom in term.atoms]
        return short_names({path for atom in atoms for kind, path in atom.within if kind == "flow"})

    def _behind(self, term: Term) -> frozenset[Name]:
        """Return all that a product depends on at the instant, through the flows in it."""
        within = frozenset[Name]().union(*(atom.within for atom in term.atoms))
        return within.union(*(self.found.depends[path] for kind, path in within if kind == "flow"))

    def _acting(self, cause: Name) -> dict[str, tuple[str, ...]]:
        """Return where a cause changes what leaves, and which flows: place -> flows."""
        on: dict[str, list[str]] = {}
        for crossing in self.crossings:
            for atom in crossing.term.atoms:
                flows = [path for kind, path in atom.within if kind == "flow" and cause in self.found.depends[path]]
                changed = [self.short[flow] for flow in sorted(flows)]
                if cause in atom.within and atom.kind == "expression":
                    changed.append(self._written(crossing))
                if changed:
                    on.setdefault(self._place(crossing.source or crossing.target), []).extend(changed)
        return {place: tuple(dict.fromkeys(flows)) for place, flows in on.items()}

    def _of_inputs(self) -> Iterator[Influence]:
        seen = {a.name for c in self.crossings for a in c.term.atoms if a.kind == "input"}
        for channel in self.model.channels:
            cause = ("input", channel)
            if channel not in seen:
                yield from (Influence(channel, "input", place, on) for place, on in self._acting(cause).items())
            for name, terms in self.found.rates.items():
                if not self.model.states[name].place and any(cause in self._behind(term) for term in terms):
                    yield Influence(channel, "input", name)

    def _of_signals(self, signals: Iterable[str]) -> Iterator[Influence]:
        for name in signals:
            yield from (Influence(name, "state", place, on) for place, on in self._acting(("state", name)).items())

    def _on_signals(self, signals: Iterable[str]) -> Iterator[Influence]:
        for name in signals:
            behind = frozenset[Name]().union(*(self._behind(term) for term in self.found.rates[name]))
            for other, state in self.model.states.items():
                if other != name and ("state", other) in behind:
                    yield Influence(state.place or other, "state", name, (other,) if state.place else ())


def _paired(group: list[tuple[str, Term]]) -> Iterator[_Crossing]:
    """Yield the ways of one product: from each state it leaves to each it enters, or to and from outside."""
    left = [(name, term) for name, term in group if term.number < 0]
    entered = [(name, term) for name, term in group if term.number > 0]
    if left and entered and not {name for name, _ in left} & {name for name, _ in entered}:
        yield from (_Crossing(source, target, term) for source, term in left for target, _ in entered)
    else:
        yield from (_crossing(name, term) for name, term in group)


def _crossing(name: str, term: Term) -> _Crossing:
    return _Crossing(name, None, term) if term.number < 0 else _Crossing(None, name, term)


def _inputs(term: Term) -> list[str]:
    return [atom.name for atom in term.atoms if atom.kind == "input"]


def short_names(paths: Iterable[str]) -> dict[str, str]:
    """Return the last part of each dotted name, with the first part before it that tells it from others."""
    paths = sorted(paths)
    short = {}
    for path in paths:
        *before, last = path.split(".")
        rivals = [set(other.split(".")[:-1]) for other in paths if other != path and other.split(".")[-1] == last]
        own = next((part for part in before if all(part not in rival for rival in rivals)), "")
        short[path] = last if not rivals else f"{own}.{last}" if own else path
    return short
