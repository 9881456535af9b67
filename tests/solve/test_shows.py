"""Numbers read from a course: each way of reading, on courses whose answer is plain."""

import numpy as np
import pytest

from cls_infer.cohort.scenario import Shows
from cls_infer.errors import InputError
from cls_infer.solve.shows import found
from cls_infer.solve.simulate import Simulation

TIME = np.array([0.0, 1.0, 2.0, 4.0, 6.0, 8.0])
RUN = Simulation(
    TIME,
    {
        "volume": ("L", np.array([3.0, 4.0, 5.0, 4.5, 3.5, 3.25])),
        "tissue": ("L", np.array([12.0, 11.0, 10.0, 10.5, 11.5, 11.75])),
        "albumin": ("g/L", np.array([40.0, 36.0, 30.0, 32.0, 36.0, 38.0])),
    },
    {},
    "ok",
)
READ = {  # how it is read, and the number
    "at an hour": ({"measure": "at", "hour": 4}, 4.5),
    "largest": ({"measure": "largest"}, 5.0),
    "smallest": ({"measure": "smallest"}, 3.0),
    "relative to health": ({"measure": "largest", "relative": True}, 5 / 3),
    "gained": ({"measure": "largest", "change": "rise"}, 2.0),
    "gained since": ({"measure": "at", "hour": 2, "change": "rise", "since": 1}, 1.0),
    "lost since": ({"measure": "at", "hour": 6, "change": "fall", "since": 2}, 1.5),
    "share lost": ({"measure": "at", "hour": 6, "change": "fall", "since": 2, "relative": True}, 0.3),
    "share of what was given": ({"measure": "at", "hour": 2, "change": "rise", "per": 4}, 0.5),
    "with what was lost": ({"measure": "at", "hour": 1, "change": "rise", "offset": 0.5}, 1.5),
    "two together": ({"measure": "at", "hour": 2, "plus": ("tissue",)}, 15.0),
    "one over two": ({"measure": "at", "hour": 0, "over": ("volume", "tissue")}, 0.2),
    "mean over a window": ({"measure": "mean", "hour": 2, "until": 6}, (4.75 * 2 + 4.0 * 2) / 4),
    "while another is largest": ({"quantity": "albumin", "measure": "at_largest", "of": "volume"}, 30.0),
    "hour of the largest": ({"measure": "hour_of_largest"}, 2.0),
    "half of the gain left": ({"measure": "half_life", "change": "rise"}, 3.0),  # 2 L at 2 h, 1 L at 5 h
    "first below": ({"quantity": "albumin", "measure": "first_below", "level": 33}, 1.5),
    "hours below": ({"quantity": "albumin", "measure": "hours_below", "level": 34}, 5 - 4 / 3),
}


def shows(**how) -> Shows:
    return Shows(**{"quantity": "volume", "low": 0.0, "high": 1.0, "source": "made up", **how})


@pytest.mark.parametrize("case", READ)
def test_a_number_is_read_as_it_says(case):
    how, number = READ[case]
    assert found(shows(**how), RUN) == pytest.approx(number, rel=1e-12)  # rounding


WRONG = {
    "no such quantity": ({"measure": "largest", "over": ("lactate",)}, "no quantity `lactate`"),
    "an hour between": ({"measure": "at", "hour": 3}, "not among the simulated times"),
    "a half that is not reached": ({"measure": "half_life"}, "stays above 2.5 for all of its 8 h"),
    "a level that is not reached": ({"measure": "first_below", "level": 2}, "stays above 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_read_is_said(case):
    how, words = WRONG[case]
    with pytest.raises(InputError, match=words):
        found(shows(**how), RUN)
