"""Annotated types and shapes are checked while tests run."""

import jax.numpy as jnp
import pytest
from jaxtyping import TypeCheckError

from cls_infer.physiology import haematocrit
from cls_infer.solve.lanes import check_lanes


def test_a_batch_where_one_patient_is_meant_is_refused():
    with pytest.raises(TypeCheckError):
        haematocrit(jnp.ones(3), 2.0, 0.9)


def test_a_wrong_type_is_refused():
    with pytest.raises(TypeCheckError):
        check_lanes("first")
