"""The rates of a model as sums of named products, read from what JAX traces of them.

A Jacobian of the rates would tell which flow enters which state. The trace tells more: that lymph flow and
concentration are one product, that a total is the sum of its parts, and what is in no flow at all, as the turnover
of protein.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import jax
from jax.extend.core import Literal

from ..physiology.inputs import REST
from .spec import Model

PASSED_ON = {"convert_element_type", "copy"}
"""What JAX does to a number without changing it."""


type Name = tuple[str, str]
"""What kind of thing, and its dotted name: ("flow", "wall.J_S")."""


class Atom(NamedTuple):
    """A factor that is not taken apart further.

    `kind` is `flow`, `state`, `input`, `parameter` (with what follows from parameters in health), `time` or
    `expression`; `key` tells expressions of the same names apart; `within` lists the names it is made of, in order.
    """

    kind: str
    name: str
    key: str
    within: tuple[Name, ...]


class Term(NamedTuple):
    """A product: a number times atoms, in the order in which they were multiplied."""

    number: float
    atoms: tuple[Atom, ...]

    @property
    def moving(self) -> frozenset[Atom]:
        """The atoms that vary in time: all but parameters."""
        return frozenset(atom for atom in self.atoms if atom.kind != "parameter")


@dataclass(frozen=True)
class Traced:
    """The terms of each state's rate, and what each flow depends on at the instant."""

    rates: Mapping[str, tuple[Term, ...]]
    depends: Mapping[str, frozenset[Name]]


def traced(model: Model) -> Traced:
    """Return the rates of a model term by term, for the reference adult."""
    p = model.reference()._asdict()
    exponents = {name: number for name, number in p.items() if isinstance(number, int)}
    numbers = {name: float(number) for name, number in p.items() if name not in exponents}
    y = dict.fromkeys(model.states, 0.0)  # a trace is of any number
    h = jax.eval_shape(lambda numbers: model.health(model.Parameters(**exponents, **numbers)), numbers)

    def look(t: Any, y: dict, numbers: dict, h: Any, u: Any) -> Any:
        p, states = model.Parameters(**exponents, **numbers), model.States(**y)
        f = model.flows(t, states, p, h, u)
        return f, dict(model.rates(f, states, p, h, u))

    closed, shape = jax.make_jaxpr(look, return_shape=True)(0.0, y, numbers, h, REST)
    names = [
        *_names("time", 0.0),
        *_names("state", y),
        *_names("parameter", numbers),
        *_names("parameter", h),
        *_names("input", REST),
    ]
    known = dict(zip(closed.jaxpr.invars, names, strict=True))
    outputs = list(zip([*_names("flow", shape[0]), *_names("rate", shape[1])], closed.jaxpr.outvars, strict=True))
    flows = {var: name for (kind, name), var in reversed(outputs) if kind == "flow" and _free(var, known)}
    reader = _Reader(closed.jaxpr, known, flows)
    rates = {name: reader.terms(var) for (kind, name), var in outputs if kind == "rate"}
    return Traced(
        rates={name: rates[name] for name in model.states},
        depends={name: reader.depends(var) for (kind, name), var in outputs if kind == "flow"},
    )


def _names(kind: str, tree: Any) -> list[Name]:
    """Return kind and dotted name of every number in a tree."""
    paths = [path for path, _ in jax.tree_util.tree_flatten_with_path(tree)[0]]
    return [(kind, jax.tree_util.keystr(path, simple=True, separator=".") or kind) for path in paths]


def _free(var: Any, known: Mapping[Any, Any]) -> bool:
    """Tell whether a variable is neither a constant nor handed in."""
    return not isinstance(var, Literal) and var not in known


class _Reader:
    """Takes apart the variables of one trace."""

    def __init__(self, jaxpr: Any, known: Mapping[Any, Name], flows: Mapping[Any, str]):
        self.made_by = {out: eqn for eqn in jaxpr.eqns for out in eqn.outvars}
        self.known = known
        self.flows = flows
        self.terms_of: dict[Any, tuple[Term, ...]] = {}
        self.depends_of: dict[Any, frozenset[Name]] = {}

    def terms(self, var: Any) -> tuple[Term, ...]:
        """Return a variable as a sum of products, alike ones together and none that cancel."""
        if isinstance(var, Literal):
            return (Term(float(var.val), ()),) if float(var.val) else ()
        if var not in self.terms_of:
            self.terms_of[var] = _gathered(self._terms(var))
        return self.terms_of[var]

    def depends(self, var: Any) -> frozenset[Name]:
        """Return what a variable depends on of all that was handed in."""
        if isinstance(var, Literal):
            return frozenset()
        if var in self.known:
            return frozenset({self.known[var]})
        if var not in self.depends_of:
            self.depends_of[var] = _all(self.depends(each) for each in self._made_of(var))
        return self.depends_of[var]

    def _made_of(self, var: Any) -> Sequence[Any]:
        return self.made_by[var].invars if var in self.made_by else ()

    def _names(self, var: Any) -> frozenset[Name]:
        """Return the names a variable is made of, a flow's own where it comes by a flow."""
        if isinstance(var, Literal):
            return frozenset()
        if var in self.known:
            return frozenset({self.known[var]})
        if var in self.flows:
            return frozenset({("flow", self.flows[var])})
        return _all(self._names(each) for each in self._made_of(var))

    def _terms(self, var: Any) -> Iterator[Term]:
        if var in self.known or (var in self.flows and not self._is_total(var)):
            kind, name = self.known.get(var) or ("flow", self.flows[var])
            yield Term(1.0, (Atom(kind, name, name, ((kind, name),)),))
            return
        eqn = self.made_by[var]
        parts = [self.terms(each) for each in eqn.invars]
        match eqn.primitive.name:
            case "add" | "sub" | "neg" as how:
                signs = {"add": (1, 1), "sub": (1, -1), "neg": (-1,)}[how]
                yield from (Term(s * t.number, t.atoms) for s, part in zip(signs, parts, strict=True) for t in part)
            case "mul":
                yield from _multiplied(*(_whole(part) for part in parts))
            case "div" if len(parts[1]) == 1 and not parts[1][0].moving:
                (below,) = parts[1]
                over = tuple(a._replace(name=f"1/{a.name}", key=f"1/{a.key}") for a in below.atoms)
                yield from _multiplied(parts[0], (Term(1 / below.number, over),))
            case how if how in PASSED_ON:
                yield from parts[0]
            case how:
                same = re.sub(r" at 0x[0-9a-f]+", "", f"{how} {eqn.params}")  # an address is no part of a formula
                yield Term(1.0, (_function_of(self._names(var), key=f"{same} of {parts!r}"),))

    def _is_total(self, var: Any) -> bool:
        """Tell whether a flow is nothing but the sum of other flows, as that of all tissues is."""
        summands = list(self._summands(var))
        return len(summands) > 1 and all(each in self.flows for each in summands)

    def _summands(self, var: Any) -> Iterator[Any]:
        eqn = self.made_by.get(var)
        if eqn is None or eqn.primitive.name not in PASSED_ON | {"add"}:
            yield var
            return
        for each in eqn.invars:
            if isinstance(each, Literal):
                yield from [each] if float(each.val) else []
            elif each in self.flows:
                yield each
            else:
                yield from self._summands(each)


def _all(names: Iterable[frozenset[Name]]) -> frozenset[Name]:
    return frozenset().union(*names)


def _multiplied(first: tuple[Term, ...], second: tuple[Term, ...]) -> Iterator[Term]:
    for a, b in product(first, second):
        yield Term(a.number * b.number, (*a.atoms, *b.atoms))


def _gathered(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Return a sum with like terms as one; how often each factor occurs makes them alike, not their order."""
    alike: dict[frozenset[tuple[Atom, int]], Term] = {}
    for term in terms:
        key = frozenset(Counter(term.atoms).items())
        before = alike.get(key, Term(0.0, term.atoms))
        alike[key] = before._replace(number=before.number + term.number)
    return tuple(term for term in alike.values() if term.number)


def _whole(part: tuple[Term, ...]) -> tuple[Term, ...]:
    """Keep a sum with a bare number in it together, as 1 - x: its parts mean nothing apart."""
    if len(part) < 2 or all(term.atoms for term in part):
        return part
    one = _function_of(_all(frozenset(atom.within) for term in part for atom in term.atoms), key=repr(part))
    if len(part) == 2:
        bare, varying = sorted(part, key=lambda term: len(term.atoms))
        if len(varying.atoms) == 1 and abs(varying.number) == 1 and varying.atoms[0].kind != "expression":
            sign = "-" if varying.number < 0 else "+"
            one = one._replace(name=f"({bare.number:g} {sign} {varying.atoms[0].name})")
    return (Term(1.0, (one,)),)


def _function_of(within: frozenset[Name], key: str) -> Atom:
    names = tuple(sorted(within))
    moving = [name for kind, name in names if kind != "parameter"]
    shown = moving or [name for _, name in names]
    return Atom("expression" if moving else "parameter", f"f({', '.join(shown)})", key, names)
