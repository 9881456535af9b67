"""What patients would share is refused where they are fitted apart; what nobody's therapy moves is shared by nobody."""

from dataclasses import replace

import pytest

from cls_infer.cohort.items import ITEMS
from cls_infer.cohort.read import read_cohort
from cls_infer.cohort.records import Event
from cls_infer.errors import InputError
from cls_infer.model import load_model
from cls_infer.scale.decide import check_apart


@pytest.fixture(scope="module")
def episode():
    return load_model("clarkson_episode")


@pytest.fixture(scope="module")
def twice():
    """One episode, of two patients; neither got a steroid."""
    cohort = read_cohort("data/clarkson_a")
    (one,) = cohort.patients
    return replace(cohort, patients=(one, replace(one, name="another")))


def test_effects_of_what_nobody_got_are_not_shared(episode, twice):
    check_apart(episode, twice, per_patient=(), fixed={})


def test_the_effect_of_what_one_patient_got_is_shared(episode, twice):
    channel = episode.parameters["beta_steroid"].acts_through
    item = next(name for name, item in ITEMS.items() if channel in item.per_unit)
    one, other = twice.patients
    given = Event(item, 1.0, 2.0, 100.0, row=9)
    treated = replace(twice, patients=(one, replace(other, therapy=(*other.therapy, given))))
    with pytest.raises(InputError, match="`beta_steroid` is shared by patients who are fitted apart") as refused:
        check_apart(episode, treated, per_patient=(), fixed={})
    assert len(refused.value.problems) == 1
    check_apart(episode, treated, per_patient=("beta_steroid",), fixed={})
    check_apart(episode, treated, per_patient=(), fixed={"beta_steroid": 0.0})
