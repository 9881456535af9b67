"""The population of a cohort that workers fitted, from its store, a shard at a time."""

import json
import shutil
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from cls_infer.errors import InputError
from cls_infer.inference.settings import Settings
from cls_infer.inference.two_stage import two_stage
from cls_infer.likelihood.population import population
from cls_infer.likelihood.reweighted import interim
from cls_infer.results import population_fit
from cls_infer.results.population_fit import TREE, diagnose_population, save_population
from cls_infer.results.store import open_fit
from cls_infer.scale import gather as gathering
from cls_infer.scale.again import redraw_of
from cls_infer.scale.gather import gather, usual
from cls_infer.scale.ledger import enter
from cls_infer.scale.population import fit_population
from cls_infer.scale.run import CohortRun, open_cohort
from cls_infer.scale.store import make_store, name_of, write_shard

POOLED = ("k_12", "k_10")
SHORT = Settings(chains=2, warmup=60, draws=60)


@pytest.fixture(scope="module")
def found(run, model):
    """The population of five patients by 120 draws of each, who are drawn again once."""
    said = []
    fit = fit_population(run, model, hierarchical=POOLED, settings=SHORT, rounds=1, report=said.append)
    return fit, said


def whole(run):
    """Return every patient's draws of the pooled coordinates [patient, draw, parameter], all at once, by name."""
    z = run.dataset("unconstrained_posterior")["z"].sel(coordinate=list(POOLED)).sortby("patient").load()
    weight = run.dataset("sample_stats")["log_weight"].sortby("patient").load()
    flat = [one.transpose("patient", "chain", "draw", ...).values for one in (z, weight)]
    return tuple(np.ascontiguousarray(one.reshape(len(one), -1, *one.shape[3:])) for one in flat)


def test_what_is_gathered_is_what_all_shards_hold_together(run, model):
    z, weight = whole(run)
    some = gather(run, model, POOLED, kept=10**6)
    assert [patient.name for patient in some.cohort.patients] == list("ABCDE")
    np.testing.assert_array_equal(some.draws.z, z)
    same = interim(z, log_weight=weight).log_weight  # those of the Laplace approximation are weighed
    np.testing.assert_array_equal(some.draws.log_weight, same)
    assert np.ptp(same) > 0.1 and [slot.name for slot in some.slots] == list(POOLED)
    few = gather(run, model, POOLED, kept=100)
    at = np.linspace(0, 119, 100).round().astype(int)
    np.testing.assert_array_equal(few.draws.z, z[:, at])


def test_the_population_of_a_store_is_that_of_its_draws(run, model, fitted):
    """The same program with the same numbers: to the last bit, whatever the shards."""
    people = population(gather(run, model, POOLED, kept=120).cohort, POOLED)
    z, weight = whole(run)
    law = two_stage(people, interim(z, log_weight=weight), SHORT)
    for one in (run, fitted(shard_size=32)):
        fit = fit_population(one, model, hierarchical=POOLED, settings=SHORT, rounds=0)
        np.testing.assert_array_equal(fit.tree["unconstrained_posterior"]["u"].values, law.u)
        np.testing.assert_array_equal(fit.tree["two_stage"]["effective"].values, law.effective)
    tau = fit.tree["posterior"]["k_10_tau"].values
    np.testing.assert_allclose(tau, 0.3 * np.exp(law.u[..., people.labels.index("k_10.tau")]), rtol=1e-12)


@pytest.mark.slow
def test_the_store_and_the_fit_by_two_stages_agree(model, cohort, tmp_path):
    from arviz_stats.base.array import array_stats

    from cls_infer.results.two_stage import fit_two_stage
    from cls_infer.scale.fit import fit_cohort

    settings = Settings(method="importance")
    run = fit_cohort(cohort, model, tmp_path / "run", workers="here", settings=settings)
    store = fit_population(run, model, hierarchical=POOLED, kept=2000, correlated=True)
    fit = fit_two_stage(
        cohort, model, hierarchical=POOLED, correlated=True, settings=replace(settings, method="two-stage")
    )
    sizes = [float(one["two_stage"]["effective"].min()) for one in (store.tree, fit.tree)]
    for name in (f"{one}_{part}" for one in POOLED for part in ("mu", "tau")):
        a, b = (np.log(one["posterior"][name].values) for one in (store.tree, fit.tree))
        chains = [float(array_stats.ess(one)) for one in (a, b)]
        # four Monte Carlo errors: of the chains, and of the interim draws that each road made for itself
        allowed = 4 * np.sqrt(sum(1 / size for size in (*chains, *sizes)))
        assert abs(a.mean() - b.mean()) < allowed * b.std(), name
        assert abs(np.log(a.std() / b.std())) < max(allowed, 0.15), name
    a, b = (one["posterior"][f"corr_{POOLED[0]}_{POOLED[1]}"].values for one in (store.tree, fit.tree))
    assert abs(a.mean() - b.mean()) < allowed * b.std()


def test_a_redraw_under_the_prior_of_stage_one_is_stage_one(run, model):
    """Patients of two shards, one with an uncharted amount: 400 draws made anew against 120 that are weighed, both
    scatter by about a tenth of a posterior sd; four times over."""
    z, weight = whole(run)
    some = np.array([4, 1, 3])
    redraw = redraw_of(run, model, POOLED, draws=400, seed=1)
    again, log_weight = redraw(some, np.zeros((3, 2)), np.tile(np.eye(2), (3, 1, 1)))
    for row, patient in enumerate(some):
        old, new = (np.exp(w - np.logaddexp.reduce(w)) for w in (weight[patient], log_weight[row]))
        mean, fresh = old @ z[patient], new @ again[row]
        sd = np.sqrt(old @ (z[patient] - mean) ** 2)
        np.testing.assert_allclose(fresh, mean, atol=float(0.5 * sd.min()))
        assert 1 / np.sum(new**2) > 100
    apart = np.array([[1.5, -1.5], [0.5, -0.5], [-0.5, 0.5], [-1.5, 1.5]])
    again, log_weight = redraw(np.array([4, 1, 3, 0]), apart, np.tile(0.01 * np.eye(2), (4, 1, 1)))
    for mean, z_of, weight_of in zip(apart, again, log_weight, strict=True):  # held where each is put
        new = np.exp(weight_of - np.logaddexp.reduce(weight_of))
        np.testing.assert_allclose(new @ z_of, mean, atol=0.4)


def test_patients_whose_draws_are_thin_are_drawn_again_and_named(found):
    fit, said = found
    again = fit.tree["two_stage"].attrs["redrawn"].split(", ")
    assert set(again) <= set("ABCDE") and any(line.startswith("drawing again") for line in said)
    thin = fit.verdict.numbers["thin"]  # of 120 draws hardly 100 are left
    assert thin and any("are too few under the population" in line for line in fit.verdict.unmet)


def test_what_stage_one_left_is_part_of_the_verdict(run, model, tmp_path, found):
    shutil.copytree(run.folder, tmp_path / "run")
    enter(tmp_path / "run", {"failed": "F", "why": "no start"})
    stage_one = gather(open_cohort(tmp_path / "run"), model, POOLED, kept=100).stage_one
    assert stage_one.missing == {"F": "no start"} and set(stage_one.doubtful) <= set("ABCDE")
    tree = found[0].tree.copy()
    tree["two_stage"].attrs |= {"missing": json.dumps(stage_one.missing), "doubtful": json.dumps({"A": "k-hat 0.9"})}
    unmet = diagnose_population(tree).unmet
    assert "1 patients could not be fitted and are not in the population: `F`" in unmet
    assert any("1 patients do not meet their own verdict" in line and "`A`" in line for line in unmet)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"hierarchical": ("k12",)}, r"has no parameter `k12`; did you mean `k_12`"),
        ({"hierarchical": ()}, "a population needs a parameter"),
        ({"hierarchical": ("k_12", "k_12")}, "`k_12` is named twice"),
        ({"hierarchical": POOLED, "kept": 5}, "is 5; write 100 or more"),
        ({"hierarchical": POOLED, "covariates": ("sex",)}, "`sex` is missing of `D`, `E`"),
        ({"hierarchical": POOLED, "mixture": 9}, "9 groups of 5 patients"),
    ],
)
def test_what_cannot_be_weighed_is_refused_in_words(run, model, asked, words):
    with pytest.raises(InputError, match=words):
        fit_population(run, model, **asked)


def test_what_was_not_estimated_is_refused_by_name(run, model, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(gathering, "held_in", lambda run, shard: {"k_10": 2.0})
        with pytest.raises(InputError, match="`k_10` was held at 2"):
            gather(run, model, POOLED, kept=100)
    lacking = next(shard for shard, names in run.done.shards.items() if "D" in names)
    whole_group = CohortRun.group

    def without(self, shard, name):
        group = whole_group(self, shard, name)
        return group.drop_sel(coordinate="k_10") if (shard, name) == (lacking, "unconstrained_posterior") else group

    monkeypatch.setattr(CohortRun, "group", without)
    with pytest.raises(InputError, match="`k_10` was not estimated of 1 patients: `D`"):
        gather(run, model, POOLED, kept=100)


def test_an_unfinished_cohort_and_another_model_are_refused(run, model, tmp_path):
    with pytest.raises(InputError, match="has changed since the fit"):
        fit_population(run, replace(model, digest="0" * 64), hierarchical=POOLED)
    shutil.copytree(run.folder, tmp_path / "run")
    (tmp_path / "run" / "manifest.json").unlink()
    with pytest.raises(InputError, match=r"holds an unfinished cohort; `cls-infer resume"):
        fit_population(open_cohort(tmp_path / "run"), model, hierarchical=POOLED)


def test_more_draws_than_fit_into_memory_are_refused_before_any_is_read(run, model, monkeypatch):
    monkeypatch.setattr(gathering, "memory", lambda: 1000)
    with pytest.raises(InputError, match=r"100 draws of 5 patients take about .* keep fewer draws by `--kept`"):
        gather(run, model, POOLED, kept=100)


def test_an_interrupted_stage_two_leaves_nothing_and_the_next_begins_again(found, run, tmp_path, monkeypatch):
    fit, _ = found
    before = sorted(path.name for path in run.folder.rglob("*"))
    killed = tmp_path / ".law.part"  # what a kill leaves in the midst of writing
    (killed / TREE).mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(population_fit, "to_csv", lambda rows: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            save_population(fit, tmp_path / "law")
    assert list(tmp_path.iterdir()) == []
    killed.mkdir()
    kept = save_population(fit, tmp_path / "law")
    assert [path.name for path in tmp_path.iterdir()] == ["law"] and kept.folder == tmp_path / "law"
    read = xr.open_datatree(tmp_path / "law" / TREE, engine="zarr", consolidated=False)
    xr.testing.assert_identical(read["posterior"].to_dataset().load(), fit.tree["posterior"].to_dataset())
    assert diagnose_population(read.load()).unmet == fit.verdict.unmet
    with pytest.raises(InputError, match="holds a run already"):
        save_population(fit, tmp_path / "law")
    with pytest.raises(InputError, match="holds the population of a cohort, not one fit"):
        open_fit(tmp_path / "law")
    assert sorted(path.name for path in run.folder.rglob("*")) == before  # the cohort's run is only read


def test_the_more_patients_the_fewer_draws_of_each():
    assert [usual(patients) for patients in (2, 5000, 10_000, 100_000)] == [2000, 1000, 500, 500]


@pytest.fixture
def large(run, tmp_path):
    """Return a function that makes a run of so many shards of four patients, of 1,000 draws of 30 coordinates each."""

    def made(shards):
        folder = tmp_path / str(shards)
        folder.mkdir()
        make_store(folder)
        pattern = next(shard for shard, names in run.done.shards.items() if names == ("A", "B"))
        patients = json.loads(run.group(pattern, "inputs").attrs["patients"])
        how, rng = run.group(pattern, "inputs").attrs["how"], np.random.default_rng(1)
        labels = np.array([*run.group(pattern, "unconstrained_posterior")["coordinate"].values, *map(str, range(25))])
        for number in range(shards):
            names = [f"P{number:03d}{one}" for one in range(4)]
            z = xr.DataArray(
                rng.standard_normal((2, 500, 4, len(labels))),
                dims=("chain", "draw", "patient", "coordinate"),
                coords={"patient": names, "coordinate": labels.astype(object)},
            )
            judged = xr.Dataset({"road": ("patient", ["nuts"] * 4), "unmet": ("patient", [""] * 4)}, {"patient": names})
            groups = {
                "/unconstrained_posterior": xr.Dataset({"z": z}),
                "/judged": judged,
                "/sample_stats": xr.Dataset({"lp": z[..., 0]}),
                "/inputs": xr.Dataset(
                    attrs={"how": how, "patients": json.dumps([{**patients[0], "name": name} for name in names])}
                ),
            }
            name = name_of(tuple(range(4 * number, 4 * number + 4)))
            write_shard(folder, name, xr.DataTree.from_dict(groups))
            enter(folder, {"shard": name, "patients": names, "unmet": {}})
        shutil.copy(run.folder / "manifest.json", folder)
        return open_cohort(folder)

    return made


def test_memory_does_not_grow_with_the_draws_that_the_store_holds(large, model):
    """Eight shards more hold 8 MB more; of those 100 draws of one coordinate of 32 patients are 26 kB, and their
    charts some more."""
    few, many = large(4), large(12)
    gather(few, model, ("k_10",), kept=100)  # imports and caches
    peaks = []
    for one in (few, many):
        tracemalloc.start()
        assert gather(one, model, ("k_10",), kept=100).draws.z.shape == (4 * len(one.done.shards), 100, 1)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 1e6 and peaks[1] < 7e6
