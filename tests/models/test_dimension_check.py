"""The dimension check sees what it is there to see."""

from dataclasses import replace

import jax.numpy as jnp
import pytest

from cls_infer.model import Derived, Observable, Parameter, fixed, load_model, normal_noise
from cls_infer.model.check import dimension_errors


@pytest.fixture(scope="module")
def sound():
    return load_model("volume_kinetics")


def with_rate(model, name, extra):
    """The model with `extra(f, y, p, u)` added to the rate of one state."""

    def rates(f, y, p, h, u):
        before = model.rates(f, y, p, h, u)
        return {**before, name: before[name] + extra(f, y, p, u)}

    return replace(model, rates=rates)


def with_unit(model, name, unit):
    parameter = replace(model.parameters[name], unit=unit)
    return replace(model, parameters={**model.parameters, name: parameter})


def test_a_bare_constant_in_a_rate_is_caught(sound):
    wrong = dimension_errors(with_rate(sound, "x_c", lambda f, y, p, u: -0.035))
    assert wrong and all("d`x_c`/dt" in line for line in wrong)


def test_a_hidden_conversion_factor_is_caught(sound):
    # millilitres a minute: 0.06 L/h
    assert dimension_errors(with_rate(sound, "x_1", lambda f, y, p, u: 0.06 * p.BW))


def test_a_bare_threshold_is_caught(sound):
    wrong = dimension_errors(with_rate(sound, "x_c", lambda f, y, p, u: jnp.tanh(y.x_c) * p.k_10 * p.V_c))
    assert any("`L`" in line for line in wrong)


def test_a_parameter_with_the_wrong_unit_is_caught(sound):
    wrong = dimension_errors(with_unit(sound, "k_12", "L/h"))
    assert any("size of `L`" in line for line in wrong)


def test_an_observable_with_the_wrong_unit_is_caught(sound):
    urine = replace(sound.observables["urine"], unit="L/h")
    wrong = dimension_errors(replace(sound, observables={**sound.observables, "urine": urine}))
    assert wrong == ["observable `urine` is not in `L/h`: it changes otherwise with the size of `h`"]


def test_a_derived_quantity_with_the_wrong_unit_is_caught(sound):
    rate = Derived("L/h/mmHg", sound.derived["urine_rate"].of)
    assert dimension_errors(replace(sound, derived={"urine_rate": rate}))


def test_a_state_with_the_wrong_unit_is_caught(sound):
    states = {**sound.states, "U": replace(sound.states["U"], unit="g")}
    assert dimension_errors(replace(sound, states=states))


def test_a_unit_that_cannot_be_read_is_reported(sound):
    (line,) = dimension_errors(with_unit(sound, "MCHC", "mg/dL"))
    assert "`MCHC`" in line and "`mg/dL`" in line


def test_a_quantity_that_is_not_finite_is_reported(sound):
    wrong = dimension_errors(with_rate(sound, "U", lambda f, y, p, u: jnp.log(-p.k_10 / p.k_10)))
    assert any("not finite" in line for line in wrong)


def test_scatter_in_another_unit_than_its_observable_is_caught(sound):
    parameters = {**sound.parameters, "sd_Hct": Parameter("g/L", fixed(0.01), "a slip")}
    hematocrit = Observable("1", sound.observables["hematocrit"].of, normal_noise("sd_Hct"))
    model = replace(sound, parameters=parameters, observables={**sound.observables, "hematocrit": hematocrit})
    assert dimension_errors(model) == ["observable `hematocrit`: its scatter `sd_Hct` is not in `1`"]
