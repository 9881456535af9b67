"""A run that ended early goes on with what is missing, and with nothing else."""

import json
import shutil
from contextlib import contextmanager

import pytest
import xarray as xr

from cls_infer.errors import InputError
from cls_infer.results.store import is_unfinished, open_fit
from cls_infer.scale import fit as fitting
from cls_infer.scale import work
from cls_infer.scale.run import open_cohort
from cls_infer.scale.store import STORE, write_shard
from cls_infer.scale.work import fit_shard
from cls_infer.scale.workers import Here


class Stopped(BaseException):
    """As a kill would."""


def by(fit):
    """Return workers of this process that fit so."""

    @contextmanager
    def workers_of(asked, job):
        yield Here(job, fit)

    return workers_of


@pytest.fixture
def interrupted(fitted, tmp_path, monkeypatch):
    """The folder of a run that was stopped when two of its four shards were done."""
    seen = []

    def fit(job, shard):
        if len(seen) == 2:
            raise Stopped
        seen.append(shard)
        return fit_shard(job, shard)

    with monkeypatch.context() as patch:
        patch.setattr(fitting, "workers_of", by(fit))
        with pytest.raises(Stopped):
            fitted(folder=tmp_path / "run", shard_size=2)
    return tmp_path / "run"


def test_a_resumed_run_does_only_what_is_missing_and_ends_as_if_never_stopped(run, fitted, interrupted, monkeypatch):
    assert is_unfinished(interrupted) and len(open_cohort(interrupted).done.shards) == 2
    unledgered = interrupted / STORE / "shard-0000004-00009"
    shutil.copytree(next((interrupted / STORE).glob("shard-*")), unledgered)
    (interrupted / STORE / "shard-0000001-00001.7.part").mkdir()
    fitted_now = []

    def fit(job, shard):
        fitted_now.append([one.name for one in shard.patients])
        return fit_shard(job, shard)

    monkeypatch.setattr(fitting, "workers_of", by(fit))
    again = fitted(folder=interrupted, shard_size=2)
    assert fitted_now == [["D"], ["E"]] and not unledgered.exists()
    assert sorted(path.name for path in (interrupted / STORE).iterdir()) == sorted([*again.done.shards, "zarr.json"])
    for shard in run.done.shards:
        xr.testing.assert_identical(run.group(shard, "posterior").load(), again.group(shard, "posterior").load())
    assert not is_unfinished(interrupted) and again.manifest["numbers"]["fitted"] == 5


def test_a_full_disk_costs_the_shard_that_met_it_and_the_next_call_does_the_rest(run, fitted, tmp_path, monkeypatch):
    written = []

    def full(folder, name, tree):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(name)
        return write_shard(folder, name, tree)

    place = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(work, "write_shard", full)
        with pytest.raises(OSError, match="No space left"):
            fitted(folder=place, shard_size=2)
    assert is_unfinished(place) and sorted(open_cohort(place).done.shards) == sorted(written)
    monkeypatch.setattr(work, "write_shard", lambda *given: written.append(given[1]) or write_shard(*given))
    again = fitted(folder=place, shard_size=2)
    assert len(written) == len(set(written)) == 4 and again.done.patients == set(run.done.patients)


def test_another_fit_is_not_gone_on_with(interrupted, fitted, cohort):
    with pytest.raises(InputError, match=r"the fit began with until = None, not 2\.0"):
        fitted(folder=interrupted, until=2.0)


def test_a_shard_is_in_the_store_whole_or_not_at_all(tmp_path, run, monkeypatch):
    shard = next(iter(run.done.shards))
    tree = xr.DataTree.from_dict({"/posterior": run.group(shard, "posterior").load()})
    (tmp_path / STORE).mkdir()

    def full(*given, **options):
        write(*given, **options)
        raise OSError(28, "No space left on device")

    write = xr.DataTree.to_zarr
    with monkeypatch.context() as patch:
        patch.setattr(xr.DataTree, "to_zarr", full)
        with pytest.raises(OSError, match="No space"):
            write_shard(tmp_path, shard, tree)
    assert list((tmp_path / STORE).iterdir()) == []
    assert write_shard(tmp_path, shard, tree) == sum(p.stat().st_size for p in tmp_path.rglob("*") if p.is_file())


def test_the_manifest_tells_of_a_cohort_and_other_commands_say_what_to_do(run):
    written = json.loads((run.folder / "manifest.json").read_text())
    assert written["numbers"]["patients"] == 5 and written["provenance"]["seed"] == 1
    with pytest.raises(InputError, match="cls-infer cohort pick"):
        open_fit(run.folder)


def test_two_patients_of_one_name_are_refused(model, cohort, tmp_path):
    from dataclasses import replace

    from cls_infer.scale.fit import fit_cohort

    twice = replace(cohort, patients=(cohort.patients[0], cohort.patients[0]))
    with pytest.raises(InputError, match="two patients are called `A`"):
        fit_cohort(twice, model, tmp_path / "run", workers="here")


def test_a_patient_of_whom_nothing_is_predicted_is_named_and_the_others_are_fitted(model, cohort, fitted, tmp_path):
    from dataclasses import replace

    from scale.conftest import SMALL

    from cls_infer.scale.fit import fit_cohort

    first, second, *_ = cohort.patients
    blank = replace(second, measurements=tuple(replace(m, variable="albumin") for m in second.measurements))
    mixed = replace(cohort, patients=(first, blank))
    found = fit_cohort(mixed, model, tmp_path / "run", workers="here", settings=SMALL)
    assert list(found.done.failed) == ["B"] and found.done.patients == {"A"} and not found.ok
    assert "B" in found.manifest["verdict"]["failed"]
