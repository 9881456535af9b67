"""What holds for every model file: complete records, units, health as a steady state."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import Lane, courses, give, in_health, values_of, whole_system

from cls_infer.cohort.vocabulary import VARIABLES
from cls_infer.model.check import dimension_errors
from cls_infer.model.prior import Fixed, LogitNormal, LogNormal, Normal, TruncatedNormal, value
from cls_infer.physiology.inputs import REST, Inputs

PRIORS = (Fixed, Normal, LogNormal, LogitNormal, TruncatedNormal)
CUMULATIVE = {"U", "V_uf", "H"}  # volumes and hazard since the start: they have no steady state
HEALTHY_OR_SHOWN = {
    "m",
    "m_L",
    "m_Ll",
    "m_L_skin",
    "m_L_muscle",
    "m_L_viscera",
    "intake_attack",
    "t_0",
    "g_h",
    "g_s",
}  # no illness: the end of a prior; t_0 suits a demonstration
SEVERAL_COVARIATES = (
    {},
    {"weight": 80.0, "sex": "female", "onset": 12.0, "onset_sd": 3.0},
    {"onset": -24.0, "onset_gsd": 1.6},
    {"sex": "male", "baseline_hematocrit": 0.45, "baseline_albumin": 40.0, "blood_flow": 18.0},
)


def test_rates_do_not_depend_on_the_units(model):
    assert dimension_errors(model) == []


def test_every_number_has_a_source_and_a_prior_for_every_patient(model):
    for name, parameter in model.parameters.items():
        assert len(parameter.source) > 2, name
        assert all(isinstance(parameter.prior_of(patient), PRIORS) for patient in SEVERAL_COVARIATES), name


def test_the_reference_adult_is_complete_and_lies_within_the_priors(model):
    reference = model.reference()._asdict()
    assert list(reference) == list(model.parameters)
    for name, number in reference.items():
        prior = model.parameters[name].prior_of({})
        if isinstance(prior, Fixed):
            assert number == prior.number, name
        elif name not in HEALTHY_OR_SHOWN:
            low, high = float(value(prior, -2.5)), float(value(prior, 2.5))
            assert low <= number <= high, f"`{name}` = {number} is outside {low} to {high}"


def test_the_reference_adult_lies_within_what_is_known_of_health(model):
    _, p, h, _ = in_health(model.name)
    for name, known in model.healthy_ranges.items():
        assert len(known.source) > 2, name
        z = float(known.prior.coordinate(known.of(p, h)))
        assert abs(z) < 1, f"`{name}` lies {z:.2f} sd from its prior's median"


def test_what_scales_with_a_parameter_is_listed_after_it(model):
    names = list(model.parameters)
    for name, parameter in model.parameters.items():
        if parameter.proportional_to:
            assert names.index(parameter.proportional_to) < names.index(name)


def test_body_weight_scales_the_volumes_that_say_so(model):
    scaled = [n for n, p in model.parameters.items() if p.proportional_to == "BW"]
    if not scaled:
        pytest.skip(f"nothing in `{model.name}` scales with body weight")
    light, heavy = model.reference({"BW": 50.0}), model.reference({"BW": 100.0})
    for name in scaled:
        np.testing.assert_allclose(getattr(heavy, name), 2 * getattr(light, name), rtol=1e-12)


def test_rates_and_states_have_the_same_names(model):
    model, p, h, y = in_health(model.name)
    rates = model.rates(model.flows(0.0, y, p, h, REST), y, p, h, REST)
    assert set(rates) == set(model.states)


def test_it_begins_at_a_time_that_is_a_parameter(model):
    assert model.begins or not model.lead_in
    assert not model.begins or model.parameters[model.begins].unit == "h"


def test_a_model_is_named_after_its_file_and_says_what_it_is(model):
    assert model.name in {
        "ang2_two_pore",
        "bighamian_2016",
        "burn",
        "clarkson_episode",
        "colloid",
        "dialyzer",
        "free_leak",
        "lung",
        "multi_tissue",
        "one_pore",
        "revised_starling",
        "sodium",
        "sodium_episode",
        "tagraxofusp",
        "two_pore",
        "two_pore_experiment",
        "two_pore_reflex",
        "volume_kinetics",
        "wheal",
        "xie_1995",
    }
    assert model.title.endswith(".") and len(model.digest) == 64


def test_every_channel_is_one_that_therapy_can_feed(model):
    assert set(model.channels) <= set(Inputs._fields)


def test_observables_are_those_of_a_chart_in_its_units(model):
    for name, observable in model.observables.items():
        assert VARIABLES[name].unit == observable.unit, name


def test_a_channel_outside_the_models_list_changes_nothing(model):
    model, p, h, y = in_health(model.name)
    others = [c for c in Inputs._fields if c not in model.channels]
    imposed = REST._replace(**dict.fromkeys(others, 0.7))
    assert model.derivative(3.0, y, p, h, imposed) == model.derivative(3.0, y, p, h, REST)


def test_every_channel_of_the_list_changes_something(model):
    leaks = [name for name in model.parameters if name in HEALTHY_OR_SHOWN and name.startswith("m")]
    effects = [name for name, parameter in model.parameters.items() if parameter.acts_through]
    model, p, h, healthy = in_health(model.name, {**dict.fromkeys(leaks, 3.0), **dict.fromkeys(effects, -0.5)})
    y = model.States(*(1.05 * value + 0.01 for value in healthy))
    at_rest = model.derivative(3.0, y, p, h, REST)
    for channel in model.channels:
        imposed = REST._replace(**{channel: 0.7})
        assert model.derivative(3.0, y, p, h, imposed) != at_rest, channel


def test_what_acts_through_therapy_does_nothing_without_it_and_is_none_in_the_reference_adult(model):
    effects = {name: p.acts_through for name, p in model.parameters.items() if p.acts_through}
    assert set(effects.values()) <= set(model.channels)
    model, p, h, y = in_health(model.name)
    _, q, other, _ = in_health(model.name, dict.fromkeys(effects, 0.7))
    assert model.derivative(3.0, y, p, h, REST) == model.derivative(3.0, y, q, other, REST)
    assert all(getattr(p, name) == 0.0 for name in effects)


def healthy_changes(model) -> dict[str, float]:
    """What takes the illness out of a model: no leak, no attack, no pressure to filter against."""
    return {
        "ang2_two_pore": {"a_C": 0.0},
        "burn": {"M_burnt": 1.0, "M_intact": 1.0, "dP_burnt": 0.0, "J_ev_burnt": 0.0},
        "clarkson_episode": {"M": 1.0},
        "dialyzer": {"pi_eff": 0.0},
        "sodium_episode": {"M": 1.0},
        "revised_starling": {"V_g": 0.5},  # no illness, but within the explicit method's steps; health is the same
        "tagraxofusp": {"M": 1.0, "f_syn": 1.0},
        "two_pore_experiment": {"T_0": 0.0},
        "wheal": {"M": 1.0},
    }.get(model.name, {})


def test_health_is_a_steady_state(model):
    model, p, h, y = in_health(model.name, healthy_changes(model))
    for name, slope in model.derivative(30.0, y, p, h, REST)._asdict().items():
        # per hour; the Newton steady state is solved to rounding, and so is the closed form
        if name not in CUMULATIVE:
            assert abs(float(slope)) < 1e-12 * max(1.0, abs(float(getattr(y, name)))), name


def test_health_holds_for_a_thousand_hours(model):
    (course,) = courses(model.name, [Lane((0.0, 1.0, 100.0, 1000.0), healthy_changes(model))])
    assert course.status == "ok"
    for name, trace in course.y.items():
        if name not in CUMULATIVE:
            np.testing.assert_allclose(trace, trace[0], rtol=1e-9, atol=1e-12, err_msg=name)


def test_health_is_regained_after_a_perturbation(model):
    if model.name == "dialyzer":
        pytest.skip("a dialyser has no state that could return")
    if model.name in {"bighamian_2016", "two_pore_experiment", "xie_1995"}:
        pytest.skip("without a kidney what is infused stays")
    therapy = [
        give("ringer", 0.0, 0.5, 1.5),
        give("albumin_20", 1.0, 2.0, 0.2),
        give("oral_intake", 2.0, 9.0, 0.0),
    ]
    # turnover, the slowest mode, made ten times as fast: its half-life is 1.8 days
    slow = [name for name in ("k_deg_A", "k_deg_G", "k_clear") if name in model.parameters]
    quick = {name: 10 * model.reference_value(name) for name in slow}
    lane = Lane((0.0, 2.0, 1500.0), {**healthy_changes(model), **quick}, therapy)
    (course,) = courses(model.name, [lane])
    assert course.status == "ok"
    for name, trace in course.y.items():
        if name not in CUMULATIVE:
            # lymph and turnover together have their slowest mode at about 75 h: 20 half-lives of a tenth
            np.testing.assert_allclose(trace[2], trace[0], rtol=1e-5, atol=1e-7, err_msg=name)
    moved = "x_c" if model.name == "volume_kinetics" else "V_p"
    assert abs(course.y[moved][1] - course.y[moved][0]) > 0.05


def test_a_model_predicts_finite_numbers_at_every_patients_prior_median(model):
    system = whole_system(model)
    medians = [
        {
            name: float(value(prior, 0.0))
            for name, parameter in model.parameters.items()
            if not isinstance(prior := parameter.prior_of(covariates), Fixed)
        }
        for covariates in SEVERAL_COVARIATES
    ]
    # outside a program: each operation is compiled once for all models
    y, numbers = jax.vmap(system.prepare)(values_of(system, medians))
    seen = jax.vmap(lambda y, numbers: system.observe(3.0, y, numbers, jnp.array(REST, float)))(y, numbers)
    assert np.all(jax.vmap(system.steady)(y, numbers))
    assert not np.any(jax.vmap(system.steady)(y.at[:, 0].set(jnp.nan), numbers))
    assert np.all(np.isfinite(seen)) and np.all(np.isfinite(y))
