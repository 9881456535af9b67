import json
import re

import pytest
import xarray as xr

from cls_infer.errors import InputError
from cls_infer.results.fitted import Fit, fit_json
from cls_infer.results.store import check_free, is_unfinished, open_fit, save


@pytest.fixture(scope="module")
def run(fit, tmp_path_factory):
    return save(fit, tmp_path_factory.mktemp("runs") / "one")


@pytest.fixture(scope="module")
def page(run):
    return (run.folder / "report.html").read_text(encoding="utf-8")


def test_a_run_opens_as_it_was_saved(run):
    again = open_fit(run.folder)
    xr.testing.assert_identical(again.tree, run.tree)
    assert again.tree.attrs == run.tree.attrs
    assert again.verdict == run.verdict and again.folder == run.folder


def test_the_run_folder_holds_what_the_manifest_says(run):
    manifest = json.loads((run.folder / "manifest.json").read_text())
    assert manifest["verdict"] == {"ok": True, "unmet": []}
    assert manifest["provenance"]["model"] == "volume_kinetics"
    assert all((run.folder / name).exists() for name in manifest["files"])


def test_a_run_is_never_overwritten(run, fit):
    with pytest.raises(InputError, match="holds a run already; choose another `--out`"):
        save(fit, run.folder)


def test_a_foreign_folder_is_left_alone(fit, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match=r"not empty: it holds `thesis\.txt`"):
        save(fit, tmp_path)
    with pytest.raises(InputError, match=r"no readable `manifest\.json`"):
        open_fit(tmp_path)


def test_an_empty_folder_and_one_with_a_log_are_free(tmp_path):
    assert check_free(tmp_path) == tmp_path
    (tmp_path / "log.jsonl").write_text("{}\n")
    assert check_free(tmp_path) == tmp_path
    assert check_free(tmp_path / "new") == tmp_path / "new"


def test_missing_and_damaged_runs_are_named(tmp_path):
    with pytest.raises(InputError, match="is not there"):
        open_fit(tmp_path / "nowhere")
    (tmp_path / "manifest.json").write_text('{"format": "another"}')
    with pytest.raises(InputError, match="says `another`"):
        open_fit(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": "cls_infer run 3"}')
    with pytest.raises(InputError, match=r"`fit\.zarr` is missing"):
        open_fit(tmp_path)


def test_a_save_that_fails_leaves_the_folder_free(fit, tmp_path):
    tree = fit.tree.copy()
    tree.attrs = tree.attrs | {"notes": "not JSON"}
    with pytest.raises(ValueError, match="Expecting value"):
        save(Fit(tree, fit.verdict), tmp_path / "run")
    assert check_free(tmp_path / "run")


def test_the_end_of_an_unfinished_fit_replaces_what_a_kill_left_of_it(fit, tmp_path):
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "fit.zarr").mkdir()
    (tmp_path / "fit.zarr" / "torn").write_text("half")
    with pytest.raises(InputError, match="holds an unfinished fit; `cls-infer resume"):
        open_fit(tmp_path)
    save(fit, tmp_path)
    assert not (tmp_path / "checkpoint").exists() and not (tmp_path / "fit.zarr" / "torn").exists()
    assert open_fit(tmp_path).verdict == fit.verdict


def test_an_interrupted_fit_keeps_its_checkpoint(fit, tmp_path):
    from cls_infer.results.diagnose import diagnose

    tree = fit.tree.copy()
    tree["sample_stats"].attrs["complete"] = 0
    (tmp_path / "checkpoint").mkdir()
    save(Fit(tree, diagnose(tree)), tmp_path)
    assert (tmp_path / "checkpoint").is_dir() and is_unfinished(tmp_path)
    save(fit, tmp_path)
    assert not is_unfinished(tmp_path)


def test_the_json_has_the_documented_keys(run):
    found = json.loads(json.dumps(fit_json(run), allow_nan=False))
    assert found["verdict"] == "ok" and found["run"] == str(run.folder) and found["khat_max"] is None
    assert found["seconds"] == {"total": 6.5, "compile": 1.0, "start": 2.0, "sample": 3.0}
    keys = {"unit", "mean", "sd", "q05", "q50", "q95", "prior_sd", "contraction", "shift", "rhat", "ess_bulk"}
    keys |= {"prior_sensitivity", "likelihood_sensitivity", "power_scaling"}
    assert set(found["parameters"]["k_12[P1]"]) == keys
    assert {
        "run",
        "verdict",
        "method",
        "rhat_max",
        "ess_bulk_min",
        "ess_tail_min",
        "divergences",
        "khat_max",
        "ess_weights_min",
        "roads",
        "belongs",
        "log_evidence",
        "failed_solves",
        "solver_error_nats_max",
        "solver_khat_max",
        "seconds",
        "parameters",
        "coverage_90",
    } == set(found)


def test_the_page_stands_alone(page):
    assert not re.search(r"https?:|<script|@import|url\((?!#)|<img", page)
    assert re.findall(r"<link [^>]*>", page) == ['<link rel="icon" href="data:,">']
    assert len(re.findall("<svg ", page)) == len(re.findall(r'<svg [^>]*aria-label="[^"]+"', page)) > 10


def test_the_page_says_what_matters(page):
    for words in (
        "met every check",
        "For research; not for clinical use",
        "`volume_kinetics` does not predict it",
        "twice at the same time",
        "inside their 90 % predictive band",
        "by 37.5 standard deviations",
        "What the data could not tell",
        "nats at the median",
        "model digest",
    ):
        assert words in " ".join(page.split()), words


def test_an_unmet_verdict_heads_the_page(fit):
    from cls_infer.results.diagnose import diagnose
    from cls_infer.results.report import render

    tree = fit.tree.copy(deep=True)
    tree["sample_stats"]["diverging"].values[0, :4] = True
    page = render(Fit(tree, diagnose(tree)))
    assert "Verdict: not met" in page and "4 divergent transitions" in page and "met every check" not in page
