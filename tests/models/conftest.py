"""Every test that asks for `model` runs over every shipped model."""

import pytest

from cls_infer.model import Model, available, load_model


@pytest.fixture(scope="session", params=available())
def model(request) -> Model:
    return load_model(request.param)
