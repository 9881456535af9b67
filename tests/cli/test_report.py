"""`report` writes a run's page again: alone, beside other runs, of the patients named."""

from pathlib import Path

import pytest
from results.made_up import chart, origin, sampled

from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results import store
from cls_infer.results.fitted import conclude


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of one chart, and one of another."""
    place = tmp_path_factory.mktemp("runs")
    model = load_model("volume_kinetics")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "render", lambda _: "not yet written")  # the command will
        for name, patients, seed in (("one", ("P1",), 0), ("two", ("P1",), 1), ("stranger", ("Q1",), 0)):
            target = posterior(model, chart(*patients))
            fit = conclude([sampled(target, seed=seed)], provenance=origin(model, target.cohort))
            store.save(fit, place / name)
    return place


def test_another_run_is_put_beside_it(cls_infer, runs):
    said = cls_infer("report", runs / "one", "--against", f"{runs / 'two'}/", "--patient", "P1", "--json")
    assert said.code == 0
    assert said.json == {
        "run": str(runs / "one"),
        "report": str(runs / "one" / "report.html"),
        "against": [str(runs / "two")],
    }
    page = Path(said.json["report"]).read_text(encoding="utf-8")
    assert '<th scope="row">two</th>' in page and "The same numbers in each run" in page
    assert cls_infer("report", runs / "one").out == f"{runs / 'one' / 'report.html'}\n"
    assert "The same numbers in each run" not in Path(said.json["report"]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--patient", "P11"), "the run holds no patient `P11`; did you mean `P1`?"),
        (("--against", "RUNS/stranger"), "P1"),
        (("--against", "RUNS/one"), "is named twice"),
        (("--against", "RUNS/nowhere"), "is not there"),
    ],
)
def test_what_cannot_be_shown_is_refused_and_the_page_stays(cls_infer, runs, arguments, words):
    page = runs / "one" / "report.html"
    before = page.read_bytes()
    said = cls_infer("report", runs / "one", *(one.replace("RUNS", str(runs)) for one in arguments))
    assert said.code == 2 and words in said.err
    assert page.read_bytes() == before
