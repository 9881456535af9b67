"""A cohort as Stan's data and back: nothing is lost, and the arrays are what Stan can declare."""

import json

from cls_infer.cohort import read_cohort
from cls_infer.cohort.convert import from_stan, to_stan
from cls_infer.cohort.records import BETWEEN, Cohort, Event, Measurement, Patient, SetAside
from cls_infer.cohort.shipped import shipped_folder, shipped_names

WARD = Cohort(
    "ward",
    (
        Patient(
            "one",
            {"weight": 70.0, "sex": "female", "person": "a"},
            (
                Measurement(0.0, "albumin", 30.0, 2, extra_sd=1.0, time_sd=0.5, assay="kit"),
                Measurement(1.0, "albumin", 20.0, 3, censoring=BETWEEN, upper=25.0),
                Measurement(2.0, "urine", 0.2, 4, window=2.0),
                Measurement(3.0, "hematocrit", 0.6, 5, censoring=1),
            ),
            (
                Event("ringer", 0.0, 1.0, 0.5, 2, end_sd=0.1, by_rate=True),
                Event("ringer", 1.0, 2.0, None, 3, low=0.0, high=1.0),
                Event("norepinephrine", 1.0, 2.0, None, 4, median=0.1, gsd=2.0),
                Event("oral_intake", 1.0, 2.0, 0.0, 5),
            ),
            "2130-01-01T00:00:00",
        ),
        Patient("two", {"age": 50.0, "sex": "male"}, (Measurement(0.5, "hematocrit", 0.4, 6, censoring=-1),), ()),
    ),
    "0" * 64,
    ("a note",),
    (SetAside("one", 9, "sbp", "no partner"),),
)


def through_json(cohort):
    data, names = to_stan(cohort)
    return from_stan(json.loads(json.dumps(data, allow_nan=False)), json.loads(json.dumps(names)))


def test_a_cohort_comes_back_as_it_was():
    assert through_json(WARD) == WARD


def test_every_shipped_data_set_comes_back_as_it_was():
    for name in shipped_names():
        cohort = read_cohort(shipped_folder() / name)
        assert through_json(cohort) == cohort


def test_arrays_are_full_rectangles_of_the_sizes_they_say():
    data, _ = to_stan(WARD)
    assert (data["n_patient"], data["n_obs"], data["n_event"], data["n_variable"]) == (2, 4, 4, 3)
    widths = {"obs": data["n_obs"], "event": data["n_event"], "covariate": data["n_covariate"], "word": data["n_word"]}
    for name, value in data.items():
        if name.startswith("n_"):
            assert isinstance(value, int)
        else:
            assert [len(row) for row in value] == [widths[name.partition("_")[0]]] * data["n_patient"], name
            assert all(isinstance(x, int | float) for row in value for x in row)


def test_padding_is_nothing_and_places_count_from_one():
    data, names = to_stan(WARD)
    assert data["obs_mask"] == [[1, 1, 1, 1], [1, 0, 0, 0]]
    for name, table in data.items():
        if name.startswith(("obs_", "event_")):
            mask = data[f"{name.partition('_')[0]}_mask"]
            assert all(
                x == 0 for row, there in zip(table, mask, strict=True) for x, m in zip(row, there, strict=True) if not m
            )
    assert [names["variable"][at - 1] for at in data["obs_variable"][0]] == [
        "albumin",
        "albumin",
        "urine",
        "hematocrit",
    ]
    assert data["event_known"] == [[1, 2, 3, 1], [0, 0, 0, 0]]
    assert names["unit"]["albumin"] == "g/L" and names["unit"]["ringer"] == "L"
