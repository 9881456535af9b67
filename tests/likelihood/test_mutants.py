"""Closed forms of the likelihood, and mistakes planted in its code that they must find.

Each mistake is one that published programs of this kind have made and shipped. A mutant that no closed form kills would
mean a path of the likelihood that could be wrong in silence.
"""

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from likelihood import closed_forms as holds

from cls_infer.inference import gauss_newton
from cls_infer.likelihood import noise, pool
from cls_infer.likelihood.posterior import Posterior
from cls_infer.solve import plan, predict, uncertain_time

LIMITS = (holds.below_a_limit, holds.above_a_limit, holds.an_offset_of_a_limit)
INTERVALS = (
    holds.between_two_bounds,
    holds.between_two_bounds_far_below_the_prediction,
    holds.between_two_bounds_far_above_the_prediction,
)
MEASURED = (
    holds.measured_with_normal_noise,
    holds.measured_with_lognormal_noise,
    holds.an_outlier_of_heavy_tailed_noise,
)


@dataclass(frozen=True)
class Mutant:
    """A mistake: in the source of this function of a module or class, `old` is replaced by `new`; what it breaks."""

    owner: Any
    function: str
    old: str
    new: str
    fails: tuple[Callable[[], None], ...]


MUTANTS = {
    "censoring's sign": Mutant(noise, "_log_limited", "censoring < 0, r, -r", "censoring > 0, r, -r", LIMITS),
    "a limit taken as a value": Mutant(noise, "log_density", "jnp.where(limited, some, measured)", "measured", LIMITS),
    "a limit ignored": Mutant(noise, "log_density", "limited, some, measured", "limited, 0.0, measured", LIMITS),
    "one limit ignored among measurements": Mutant(
        noise, "log_density", "jnp.any(limited)", "jnp.all(limited)", (holds.a_limit_among_measurements,)
    ),
    "an interval's bounds swapped": Mutant(
        noise, "log_density", "(r, r_upper, censoring", "(r_upper, r, censoring", INTERVALS
    ),
    "an interval without its upper bound": Mutant(
        noise, "_log_limited", "censoring == BETWEEN", "censoring == 99", INTERVALS[:2]
    ),
    "an interval subtracted in its worse tail": Mutant(
        noise,
        "_log_limited",
        "r + r_upper > 0",
        "r + r_upper > 99.0",
        (holds.between_two_bounds_far_above_the_prediction,),
    ),
    "an interval's probability not in logarithms": Mutant(
        noise,
        "_log_limited",
        "log_high + jax.nn.log1mexp(jnp.maximum(apart, NARROW))",
        "jnp.exp(log_high) - jnp.exp(log_low)",
        INTERVALS,
    ),
    "an interval that tells as much as a value": Mutant(
        noise,
        "information_about_mean",
        "censoring == 0, 1.0",
        "censoring == censoring, 1.0",
        (holds.the_curvature_of_an_interval,),
    ),
    "no Jacobian of the logarithm": Mutant(
        noise, "log_density", "- log_value", "", (holds.measured_with_lognormal_noise,)
    ),
    "no normaliser of the scale": Mutant(noise, "log_density", "- jnp.log(scale)", "", MEASURED),
    "variance for standard deviation": Mutant(
        noise,
        "total_scale",
        "return jnp.sqrt(",
        "return (",
        (*MEASURED, *LIMITS, holds.an_uncertain_time_on_a_slope, holds.a_converted_value_with_its_own_scatter),
    ),
    "heavy tails taken as normal": Mutant(
        noise, "_log_unit", "scatter.shape == STUDENT_T", "False", (holds.an_outlier_of_heavy_tailed_noise,)
    ),
    "heavy tails cut off by a limit": Mutant(
        noise, "_log_below", "scatter.shape == STUDENT_T", "False", (holds.below_a_limit, holds.between_two_bounds)
    ),
    "one degree of freedom too few": Mutant(
        noise, "_log_t", "(df + 1) / 2 * jnp.log1p", "df / 2 * jnp.log1p", (holds.an_outlier_of_heavy_tailed_noise,)
    ),
    "lognormal additions not relative": Mutant(
        noise,
        "total_scale",
        "1 / jnp.maximum(jnp.abs(mean), TINY)",
        "1.0",
        (holds.a_converted_value_with_its_own_scatter, holds.an_uncertain_time_under_lognormal_noise),
    ),
    "time variance dropped": Mutant(
        noise,
        "total_scale",
        "(time_variance + extra_sd**2)",
        "extra_sd**2",
        (
            holds.an_uncertain_time_on_a_slope,
            holds.an_uncertain_time_on_a_bend,
            holds.an_uncertain_time_under_lognormal_noise,
            holds.a_window_at_an_uncertain_time,
        ),
    ),
    "a conversion's scatter dropped": Mutant(
        noise,
        "total_scale",
        "(time_variance + extra_sd**2)",
        "time_variance",
        (holds.a_converted_value_with_its_own_scatter,),
    ),
    "the stated time for the uncertain one": Mutant(
        uncertain_time, "moments", "stated[..., 0] + shift", "stated[..., 0]", (holds.an_uncertain_time_on_a_bend,)
    ),
    "a node's distance for its standard deviation": Mutant(
        uncertain_time,
        "node_times",
        "sqrt(3) * time_sd",
        "time_sd",
        (holds.an_uncertain_time_on_a_slope, holds.an_uncertain_time_on_a_bend),
    ),
    "a window's start ignored": Mutant(
        predict, "predictor", "variable] - since", "variable]", (holds.a_volume_collected_over_a_window,)
    ),
    "a window's start that stands still": Mutant(
        plan,
        "_through",
        "begins = ends - window",
        "begins = ends[:, :1] - window",
        (holds.a_window_at_an_uncertain_time,),
    ),
    "a share of the prediction dropped": Mutant(
        noise,
        "total_scale",
        "scatter.scale + scatter.share * jnp.abs(mean)",
        "scatter.scale",
        (holds.a_share_of_the_prediction_on_top_of_the_noise,),
    ),
    "a share of the reading": Mutant(
        Posterior,
        "pointwise",
        "total_scale(predicted.mean,",
        "total_scale(chart.value,",
        (holds.a_share_of_the_prediction_on_top_of_the_noise,),
    ),
    "padding counted": Mutant(
        Posterior, "pointwise", "jnp.where(chart.mask, each, 0.0)", "each", (holds.padding_of_a_shorter_chart,)
    ),
    "an offset's sign": Mutant(
        Posterior,
        "with_offsets",
        "* factor + shift",
        "* factor - shift",
        (holds.an_offset_added_to_its_own_assay, holds.an_offset_of_a_limit, holds.the_expansion_by_a_shared_offset),
    ),
    "an offset's factor the wrong way": Mutant(
        Posterior,
        "with_offsets",
        "jnp.exp(offset)",
        "jnp.exp(-offset)",
        (holds.an_offset_that_is_a_factor_of_lognormal_noise,),
    ),
    "an offset's factor not on the spread": Mutant(
        Posterior, "with_offsets", "factor**2", "1.0", (holds.an_offset_that_is_a_factor_of_lognormal_noise,)
    ),
    "an offset of another assay": Mutant(
        Posterior,
        "with_offsets",
        "[none, offsets]",
        "[offsets, none]",
        (holds.an_offset_added_to_its_own_assay, holds.an_offset_shared_by_patients),
    ),
    "an offset for each patient": Mutant(
        pool,
        "_offsets",
        '"shared" if sum(has) > 1 else "patient"',
        '"patient"',
        (holds.an_offset_shared_by_patients, holds.the_expansion_by_a_shared_offset),
    ),
    "an offset's variance for its standard deviation": Mutant(
        pool,
        "_offsets",
        "assay.sd if",
        "assay.sd**2 if",
        (holds.an_offset_added_to_its_own_assay, holds.an_offset_shared_by_patients),
    ),
    "an offset left out of the expansion": Mutant(
        gauss_newton,
        "_outputs",
        "target.with_offsets(coordinates, target.predict_forward(values, amounts, route, chart), patient)",
        "target.predict_forward(values, amounts, route, chart)",
        (holds.the_expansion_by_a_shared_offset,),
    ),
}


def plant(monkeypatch: pytest.MonkeyPatch, mutant: Mutant) -> None:
    """Put the mutant in the place of the function, wherever the package knows it."""
    original = getattr(mutant.owner, mutant.function)
    written = inspect.unwrap(original)
    source = textwrap.dedent(inspect.getsource(written))
    assert source.count(mutant.old) == 1, f"`{mutant.old}` is not once in `{mutant.function}`: the mutant is stale"
    known = dict(vars(sys.modules[written.__module__]))
    exec(compile(source.replace(mutant.old, mutant.new), f"<{mutant.function}, mutated>", "exec"), known)
    changed = known[mutant.function]
    monkeypatch.setattr(mutant.owner, mutant.function, changed)
    modules = [module for name, module in sys.modules.items() if name.startswith("cls_infer.")]
    for module in modules:
        for name, value in list(vars(module).items()):
            if value is original:
                monkeypatch.setattr(module, name, changed)


@pytest.mark.parametrize("closed_form", holds.CLOSED_FORMS, ids=lambda one: one.__name__)
def test_the_likelihood_has_its_closed_form(closed_form):
    closed_form()


@pytest.mark.parametrize(
    ("name", "closed_form"),
    [(name, one) for name, mutant in MUTANTS.items() for one in mutant.fails],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
def test_a_planted_mistake_breaks_its_closed_form(monkeypatch, name, closed_form):
    plant(monkeypatch, MUTANTS[name])
    with pytest.raises(AssertionError):
        closed_form()


def test_every_closed_form_finds_a_mistake():
    found = {one for mutant in MUTANTS.values() for one in mutant.fails}
    assert [one.__name__ for one in holds.CLOSED_FORMS if one not in found] == []
