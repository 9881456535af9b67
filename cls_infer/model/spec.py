"""What a model is: parameters, states, rates, observables, each with its unit and its place in a source."""

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from typing import Any, Literal

from ..types import Scalar
from .noise import Noise
from .prior import Fixed, LogNormal, Normal, Prior

type Covariates = Mapping[str, float | str]
type Scope = Literal["patient", "shared", "hierarchical"]


@dataclass(frozen=True)
class Parameter:
    """One number of the model.

    `prior` is a record, or a function of what is known of the patient that returns one: the covariates
    (weight, sex, onset) and, where anything was measured, the hour of the last value, `last_measurement` [h].
    `reference` is the value of the reference adult where it differs from the prior's median.
    `proportional_to` names a parameter (body weight) with which value and prior scale from its own reference.
    `scope` is the default of a fit of several patients: each its own, one for all, or partially pooled.
    `acts_through` names the only therapy channel through which it does anything: a fit whose patients were never
    treated so holds it at its reference value.
    """

    unit: str
    prior: Prior | Callable[[Covariates], Prior]
    source: str
    reference: float | None = None
    proportional_to: str | None = None
    scope: Scope = "patient"
    acts_through: str | None = None

    def prior_of(self, covariates: Covariates) -> Prior:
        """Return the prior of the patient of whom this is known."""
        return self.prior(covariates) if callable(self.prior) else self.prior


@dataclass(frozen=True)
class State:
    """One state: its unit and its value in health, from parameters `p` and the healthy body `h`.

    A solve that falls below `floor` [unit] has left what the model describes and is stopped. `what` it is, in
    words; `place` names the compartment that holds it, and is empty where there is none, as for a signal.
    """

    unit: str
    in_health: Callable[[Any, Any], Scalar]
    floor: float = -inf
    what: str = ""
    place: str = ""


@dataclass(frozen=True)
class HealthyRange:
    """What is known of a quantity of health that follows from parameters `p` and the healthy body `h`.

    Its density multiplies the priors of the parameters, which by themselves allow bodies nobody has.
    """

    unit: str
    of: Callable[[Any, Any], Scalar]
    prior: Normal | LogNormal
    source: str


@dataclass(frozen=True)
class Observable:
    """What the model predicts of a chart's variable, read from the flows `f`, and how measurements scatter."""

    unit: str
    of: Callable[[Any], Scalar]
    noise: Noise
    accumulates: bool = False
    """True for a volume collected over a window: the measurement is the difference over that window."""


@dataclass(frozen=True)
class Derived:
    """A quantity worth reporting over time that no chart holds."""

    unit: str
    of: Callable[[Any], Scalar]


@dataclass(frozen=True)
class Model:
    """A model file's content.

    The functions see one patient. `health(p)` returns what follows from the parameters alone, computed once;
    `flows(t, y, p, h, u)` every pressure and flux at an instant; `rates(f, y, p, h, u)` the states' derivatives
    by name. `imbalance(p, h)` says how far the healthy body is from a steady state, relative to what flows there;
    it is left out where a closed form holds for all parameters. `channels` lists the therapy inputs that change
    anything here, `healthy_ranges` what is known of health beyond the priors, `log_survival(y)` the log probability
    to have lived through a course that ended in the states y. `begins` names the parameter that says when it all
    begins: the simulation starts, in health, `lead_in` hours before the earliest that its prior allows; at time 0
    where there is none.
    """

    about: str
    parameters: Mapping[str, Parameter]
    states: Mapping[str, State]
    health: Callable[[Any], Any]
    flows: Callable[[Scalar, Any, Any, Any, Any], Any]
    rates: Callable[[Any, Any, Any, Any, Any], Mapping[str, Scalar]]
    observables: Mapping[str, Observable]
    derived: Mapping[str, Derived] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    healthy_ranges: Mapping[str, HealthyRange] = field(default_factory=dict)
    log_survival: Callable[[Any], Scalar] | None = None
    imbalance: Callable[[Any, Any], Scalar] | None = None
    begins: str = ""
    lead_in: float = 0.0
    name: str = ""
    digest: str = ""
    file: str = ""
    """Where it was read from; empty for a shipped one, which its name finds."""
    origin: str = field(default="", init=False, compare=False, repr=False)
    """The digest of a shipped model that is as its file says; a copy with something replaced has none."""

    @cached_property
    def Parameters(self) -> Callable[..., Any]:
        """The named tuple of parameter values."""
        return namedtuple("Parameters", self.parameters)

    @cached_property
    def States(self) -> Callable[..., Any]:
        """The named tuple of states."""
        return namedtuple("States", self.states)

    @property
    def title(self) -> str:
        """The first line of the model file."""
        return self.about.strip().splitlines()[0]

    def initial(self, p: Any, h: Any) -> Any:
        """Return the states in health."""
        return self.States(**{name: state.in_health(p, h) for name, state in self.states.items()})

    def derivative(self, t: Scalar, y: Any, p: Any, h: Any, u: Any) -> Any:
        """Return dy/dt at time t under inputs u."""
        return self.States(**self.rates(self.flows(t, y, p, h, u), y, p, h, u))

    def reference(self, changes: Mapping[str, float] | None = None) -> Any:
        """Return the reference adult's parameters, with `changes` by name."""
        changes = changes or {}
        values: dict[str, float] = {}
        for name, parameter in self.parameters.items():
            base = parameter.proportional_to
            scale = values[base] / self.reference_value(base) if base else 1.0
            usual = self.reference_value(name)
            value = changes[name] if name in changes else usual * scale
            values[name] = int(value) if isinstance(usual, int) and float(value).is_integer() else value
        return self.Parameters(**values)

    def is_whole(self, name: str) -> bool:
        """Tell whether a parameter is a whole number of the equations, such as how many compartments there are."""
        return isinstance(self.reference_value(name), int)

    def reference_value(self, name: str) -> float:
        """Return the reference value of one parameter: as stated, else the prior's median."""
        from .prior import value

        parameter = self.parameters[name]
        if parameter.reference is not None:
            return parameter.reference
        prior = parameter.prior_of({})
        return prior.number if isinstance(prior, Fixed) else float(value(prior, 0.0))

    def __repr__(self) -> str:
        from .shown import model_text

        return model_text(self)

    def _repr_html_(self) -> str:
        from .shown import model_html

        return model_html(self)
