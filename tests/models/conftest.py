"""Every test that asks for `model` runs over every shipped model; the long ones of the younger models are slow."""

import pytest

from cls_infer.model import Model, available, load_model

IN_EVERY_RUN = {"clarkson_episode", "dialyzer", "one_pore", "two_pore", "volume_kinetics"}
"""What is solved for minutes is solved here; the others share these bodies and have courses of their own to meet."""

LONG = {
    "test_health_holds_for_a_thousand_hours",
    "test_health_is_regained_after_a_perturbation",
    "test_the_reverse_gradient_is_the_slope",
    "test_both_directions_of_differentiation_agree",
    "test_machine_code_does_what_xla_does",
}


@pytest.fixture(scope="session", params=available())
def model(request) -> Model:
    return load_model(request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark as slow what takes a younger model more than half a minute."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        name = callspec.params.get("model") if callspec else None
        if isinstance(name, str) and name not in IN_EVERY_RUN and item.originalname in LONG:
            item.add_marker(pytest.mark.slow)
