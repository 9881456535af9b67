"""Answers of a cohort are what its draws say, taken all together."""

import numpy as np
import pytest

from cls_infer.errors import InputError
from cls_infer.scale import questions
from cls_infer.scale.contrasts import contrasts
from cls_infer.scale.questions import exceedances, judgements, ranks, summaries, tidy


@pytest.fixture(scope="module")
def draws(run):
    """Every patient's draws of `k_12`, all at once."""
    whole = run.dataset("posterior")["k_12"].stack(all=("chain", "draw")).load()
    return {str(name): whole.sel(patient=name).values for name in whole["patient"].values}


def test_summaries_are_those_of_the_draws(run, draws):
    found = {one.patient: one for one in summaries(run, ["k_12"], at=(0.25, 0.5))}
    assert set(found) == set("ABCDE") and found["A"].unit == "1/h"
    for name, values in draws.items():
        np.testing.assert_allclose(found[name].quantiles, np.quantile(values, (0.25, 0.5)), rtol=1e-12)  # one sum
        np.testing.assert_allclose((found[name].mean, found[name].sd), (values.mean(), values.std(ddof=1)), rtol=1e-12)


def test_without_names_all_parameters_are_summarised_also_those_that_few_have(run):
    found = [(one.quantity, one.patient) for one in summaries(run)]
    assert len(found) == len(set(found)) == 5 * 5 + 1
    assert ("uncharted_1", "D") in found


def test_an_exceedance_is_the_share_of_draws_above(run, draws):
    for one in exceedances(run, "k_12", above=4.0):
        assert one.probability == np.mean(draws[one.patient] > 4.0)


def test_the_largest_of_a_course_is_asked_by_name(run):
    found = {one.patient: one.probability for one in exceedances(run, "largest plasma_dilution", above=0.01)}
    assert found == dict.fromkeys("ABCDE", 1.0)  # all were given 1.7 L within half an hour


@pytest.mark.parametrize("block", [2**26, 200])
def test_ranks_are_those_of_every_draw(run, draws, monkeypatch, block):
    monkeypatch.setattr(questions, "BLOCK", block)  # a few draws at a time
    names = sorted(draws)
    table = np.stack([draws[name] for name in names])
    rank = 1 + np.array([(table > row).sum(axis=0) for row in table])
    found = {one.patient: one for one in ranks(run, "k_12", first=2)}
    for name, own in zip(names, rank, strict=True):
        assert found[name].rank == own.mean() and found[name].among_first == np.mean(own <= 2)
    assert [one.rank for one in ranks(run, "k_12")] == sorted(one.rank for one in found.values())


def test_a_contrast_is_the_difference_of_the_groups_means(run, draws):
    female, male = contrasts(run, "k_12", by="sex")  # of two patients nobody charted it
    away = (draws["A"] + draws["C"]) / 2 - draws["B"]
    assert (female.group, female.patients, male.group, male.patients) == ("female", 1, "male", 2)
    np.testing.assert_allclose((male.difference, male.larger), (away.mean(), np.mean(away > 0)), rtol=1e-12)  # one sum
    assert np.isnan(female.difference)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (lambda run: list(summaries(run, ["k12"])), "no patient has `k12`; did you mean `k_12`"),
        (lambda run: list(summaries(run, at=(5.0,))), "5 lies outside 0 to 1"),
        (lambda run: contrasts(run, "k_12", by="weight"), "holds numbers, from 70 to 70; say where to part them"),
        (lambda run: contrasts(run, "k_12", by="weight", at=10.0), "makes one group"),
        (lambda run: contrasts(run, "k_12", by="sexe"), "did you mean `sex`"),
        (lambda run: contrasts(run, "k_12", by="sex", at=1.0), "holds words"),
        (lambda run: ranks(run, "k_12", first=0), "--first"),
    ],
)
def test_what_cannot_be_answered_is_said_with_what_can(run, asked, words):
    with pytest.raises(InputError, match=words):
        asked(run)


def test_every_draw_is_a_row_of_the_tidy_table(run, draws):
    rows = list(tidy(run, ["k_12"]))
    assert len(rows) == 5 * 120
    assert [value for patient, *_, value in rows if patient == "E"] == draws["E"].tolist()


def test_every_patient_has_a_verdict(run):
    header, rows = judgements(run)
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert {row["patient"] for row in table} == set("ABCDE")
    assert all(row["road"] == "laplace" and row["solver_error"] < 0.05 for row in table)


def test_a_patient_that_was_picked_is_a_fit_of_its_own(run, model):
    from cls_infer.scale.pick import pick

    fit = pick(run, "D", model)
    own = run.group(next(s for s, names in run.done.shards.items() if "D" in names), "posterior").sel(patient="D")
    np.testing.assert_allclose(
        fit.tree["posterior"]["k_12"].values[..., 0], own["k_12"].values, rtol=1e-12
    )  # compiled anew
    assert list(fit.tree["observed_data"]["patient"].values) == ["D"] and fit.verdict.numbers["complete"]
    with pytest.raises(InputError, match="has no patient `Z`"):
        pick(run, "Z", model)
