"""What a chart would have held of another value, by what its row holds."""

from dataclasses import replace

import numpy as np
import pytest

from cls_infer.cohort.grades import GRADES
from cls_infer.cohort.records import BETWEEN, Measurement
from cls_infer.likelihood.measured import recorded

ROW = Measurement(0.0, "albumin", 30.0, 1)
VALUES = np.array([10.0, 25.0, 31.0, 40.0])


def test_a_number_stays_a_number():
    value, upper, censoring = recorded(ROW, VALUES)
    assert value.tolist() == VALUES.tolist() == upper.tolist()
    assert censoring.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("side", "held", "reported"), [(-1, [30, 30, 31, 40], [-1, -1, 0, 0]), (1, [10, 25, 30, 30], [0, 0, 1, 1])]
)
def test_a_limit_is_reported_beyond_it_alone(side, held, reported):
    value, _, censoring = recorded(replace(ROW, censoring=side), VALUES)
    assert value.tolist() == held
    assert censoring.tolist() == reported


def test_an_interval_is_one_of_three():
    value, upper, censoring = recorded(replace(ROW, value=24.0, upper=32.0, censoring=BETWEEN), VALUES)
    assert censoring.tolist() == [-1, BETWEEN, BETWEEN, 1]
    assert value.tolist()[:1] == [24.0] and value.tolist()[1:] == [24.0, 24.0, 32.0]
    assert upper.tolist()[1:3] == [32.0, 32.0]


def test_a_grade_is_one_of_its_scale():
    scale = GRADES["albumin_grade"]
    low, high = scale.intervals[1]
    value, upper, censoring = recorded(replace(ROW, value=low, upper=high, censoring=BETWEEN), VALUES)
    found = [
        (None, high) if side < 0 else (low, None) if side == 1 else (low, high)
        for low, high, side in zip(value.tolist(), upper.tolist(), censoring.tolist(), strict=True)
    ]
    assert found == [scale.intervals[grade] for grade in (3, 2, 1, 0)]
