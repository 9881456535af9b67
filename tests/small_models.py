"""Models without a course, whose posterior has a closed form or whose ridge is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.model import Model, Observable, Parameter, State, lognormal, normal, normal_noise

SD = 0.5
"""Noise of what is seen."""


class Flows(NamedTuple):
    t: Any
    p: Any


def seen(of: Callable[[Any, Any], Any], parameters: Mapping[str, Parameter], **others: Callable) -> Model:
    """Return a model in which nothing flows; `albumin` is `of(t, p)`, and so are `others` by name."""
    observables = {"albumin": of, **others}
    return Model(
        "Nothing flows.",
        parameters,
        {"x": State("1", lambda p, h: 0.0)},
        lambda p: (),
        lambda t, y, p, h, u: Flows(t, p),
        lambda f, y, p, h, u: {"x": 0.0 * f.t},
        observables={
            name: Observable("g/L", lambda f, of=of: of(f.t, f.p), normal_noise(SD)) for name, of in observables.items()
        },
        name="seen",
    )


def straight_line() -> Model:
    """y = a + b t with normal priors: everything about it is linear and Gaussian."""
    parameters = {
        "a": Parameter("g/L", normal(3.0, 2.0), "a test"),
        "b": Parameter("g/L/h", normal(0.0, 0.4), "a test"),
    }
    return seen(lambda t, p: p.a + p.b * t, parameters)


def product() -> Model:
    """y = A B (1 + t/10): of A and B the product alone can be told; C is never seen."""
    parameters = {
        "A": Parameter("g/L", lognormal(2.0, 0.6), "a test"),
        "B": Parameter("1", lognormal(1.0, 0.4), "a test"),
        "C": Parameter("1", normal(0.0, 1.0), "a test"),
    }
    return seen(lambda t, p: p.A * p.B * (1 + t / 10) + 0 * p.C, parameters)


def measured(times: Sequence[float], values: Sequence[float], variable: str = "albumin") -> Cohort:
    """Return one patient with these values."""
    pairs = zip(times, values, strict=True)
    rows = tuple(Measurement(float(t), variable, float(v), row) for row, (t, v) in enumerate(pairs))
    return Cohort("small", (Patient("P1", {}, rows, ()),), "")


def several(name: str, *times: Sequence[float]) -> Cohort:
    """Return patients P1, P2 and so on, measured at these times of each."""
    each = [measured(own, (1.0,) * len(own)).patients[0] for own in times]
    return Cohort(name, tuple(replace(one, name=f"P{i}") for i, one in enumerate(each, start=1)), "")


def line_posterior(times: Sequence[float], values: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of (a, b) of the straight line in closed form."""
    X = np.stack([np.ones(len(times)), np.asarray(times, float)], axis=1)
    before, prior = np.array([3.0, 0.0]), np.diag([1 / 2.0**2, 1 / 0.4**2])
    covariance = np.linalg.inv(prior + X.T @ X / SD**2)
    return covariance @ (prior @ before + X.T @ np.asarray(values, float) / SD**2), covariance
