"""`compare` prints a table and what does not hold, and refuses what cannot be compared."""

import pytest
from results.conjugate import measured as made
from results.test_compare import VALUES, about_nought

from cls_infer.errors import InputError, Problem


@pytest.fixture
def runs(monkeypatch):
    """Return a function that puts made-up runs where `open_fit` finds them by name."""

    def place(**fits):
        def open_fit(name):
            if name not in fits:
                raise InputError([Problem(name, "is not there")])
            return fits[name]

        monkeypatch.setattr("cls_infer.results.store.open_fit", open_fit)

    return place


def test_two_runs_make_a_table(cls_infer, runs):
    runs(zero=about_nought(VALUES), mean=made(VALUES, log_evidence=-40.25, log_evidence_se=0.1))
    said = cls_infer("compare", "zero", "mean/")
    assert said.code == 0 and said.err == ""
    lines = [line.strip() for line in said.out.splitlines()]
    assert lines[0].startswith("leaving out one measurement of 24")
    first = next(i for i, line in enumerate(lines) if line.startswith("mean"))
    assert lines[first + 1].startswith("zero") and "-40.25" in lines[first]
    assert "`zero`: fitted by nuts, which estimates no evidence" in lines
    assert any(line.startswith("caution: 24 units") for line in lines)
    assert "`mean`: no posterior moves with its prior" in lines


def test_json_holds_every_number(cls_infer, runs):
    runs(a=made(VALUES), b=made(VALUES, seed=2))
    found = cls_infer("compare", "a", "b", "--by", "patient", "--json").json
    assert (found["by"], found["units"], found["trusted"]) == ("patient", 6, True)
    assert {"run", "elpd", "difference", "weight", "khat_max", "unreliable", "log_evidence", "sensitivity"} <= set(
        found["runs"][0]
    )
    assert found["runs"][0]["log_evidence"] is None
    assert found["runs"][0]["sensitivity"]["mu"]["says"] == "no concern"


def test_what_cannot_be_trusted_exits_3(cls_infer, runs):
    values = VALUES.copy()
    values[4, 2] = 50.0
    runs(a=made(values, prior_sd=0.5))
    said = cls_infer("compare", "a")
    assert said.code == 3
    assert "albumin of P5 at 2 h (row 20)" in said.out and "not to be trusted" in said.out
    assert "`a`: prior-data conflict (sensitivity to prior, likelihood): mu (" in said.out


def test_what_cannot_be_compared_exits_2(cls_infer, runs):
    runs(a=made(VALUES), b=made(VALUES[:3]))
    said = cls_infer("compare", "a", "b")
    assert (said.code, said.out) == (2, "") and "lacks `albumin` of `P4`" in said.err and "and 7 more" in said.err
    said = cls_infer("compare", "c", "d", "--by", "cause")
    assert said.code == 2 and said.err.count("is not there") == 2 and "there is no way `cause`" in said.err
    said = cls_infer("compare", "a", "a/")
    assert said.code == 2 and "named twice" in said.err


def test_a_run_of_an_earlier_version_is_compared_without_its_prior(cls_infer, runs):
    fit = made(VALUES)
    del fit.tree["log_prior"]
    runs(a=fit)
    assert "no sensitivity to the prior" in cls_infer("compare", "a").out
