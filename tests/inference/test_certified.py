"""Roads: who is certified keeps weighed draws, the others go on to NUTS, and all stand in the cohort's order."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.inference import certified as module
from cls_infer.inference.apart import Apart
from cls_infer.inference.certified import Certify, by_importance
from cls_infer.inference.checkpoint import Kept
from cls_infer.inference.importance import weigh
from cls_infer.inference.run import infer_cohort
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.diagnose import certified
from cls_infer.results.joint import join
from cls_infer.results.pareto import smoothed
from cls_infer.solve.lanes import Tolerance

SETTINGS = Settings(chains=2, warmup=50, draws=150, block=25, method="importance", seed=1)
NAMES = ("P1", "P2", "P3")


@pytest.fixture(scope="module")
def target():
    model = load_model("volume_kinetics")
    return partial(posterior, model, per_patient=tuple(model.parameters))


@pytest.fixture(scope="module")
def weighed(target):
    """All three patients by importance sampling."""
    cohort = simulated(NAMES, seed=5)
    return infer_cohort(target, cohort, settings=SETTINGS, certify=Certify(smoothed, certified))


def test_every_certified_patient_stands_in_one_part(weighed):
    (part,) = weighed
    assert part.method == "importance" and part.numbers == (0, 1, 2)
    assert part.draws.z.shape == (2, 150, part.target.pooling.dimension)
    assert np.all(part.certificate.khat < 0.7) and np.all(part.certificate.effective >= 400)
    assert part.draws.stats["log_weight"].shape == (2, 150, 3)


def test_batches_do_not_change_the_draws(weighed, monkeypatch):
    monkeypatch.setattr(module, "TOGETHER", 1)
    again = by_importance(Apart(weighed[0].target), SETTINGS, certify=Certify(smoothed, certified))
    np.testing.assert_array_equal(again.draws.z, weighed[0].draws.z)


def test_the_patient_without_a_certificate_goes_on_to_nuts(target, monkeypatch):
    cohort = simulated(NAMES, seed=5)

    def all_but_the_second(*given, **options):
        first, second, third = weigh(*given, **options)
        return [first, replace(second, khat=2.0), third]

    monkeypatch.setattr(module, "weigh", all_but_the_second)
    told = []
    parts = infer_cohort(target, cohort, settings=SETTINGS, certify=Certify(smoothed, certified), report=told.append)
    assert [part.method for part in parts] == ["importance", "nuts"]
    assert any(isinstance(one, str) and one.startswith("P2: no certificate") for one in told)
    joint = join(parts)
    assert joint.roads == ("importance", "nuts", "importance")
    assert joint.target.plan.patients == NAMES
    assert np.isnan(joint.certificate.khat[1]) and np.all(np.isfinite(joint.certificate.khat[[0, 2]]))
    assert not joint.stats["diverging"][..., [0, 2]].any() and np.isnan(joint.stats["energy"][..., 0]).all()
    # P3's draws stand in P3's columns
    slot = next(slot for slot in joint.target.pooling.slots if slot.size)
    np.testing.assert_array_equal(joint.z[..., slot.start + 2], parts[0].draws.z[..., slot.start + 1])


def test_patients_who_share_are_weighed_as_one(pooled):
    (part,) = infer_cohort(
        lambda cohort: pooled, pooled.cohort, settings=SETTINGS, certify=Certify(smoothed, lambda *_: True)
    )
    assert part.method == "importance" and len(part.certificate.khat) == 3
    assert part.draws.stats["log_weight"].shape == (2, 150)
    assert len(set(part.certificate.log_evidence)) == 1


@pytest.mark.slow
def test_few_unknowns_are_weighed_unasked_and_many_are_not(target, pooled, monkeypatch):
    cohort = simulated(("P1",))
    auto = Settings(chains=2, warmup=50, draws=50, block=25)
    certify = Certify(smoothed, certified)
    (part,) = infer_cohort(target, cohort, settings=auto, certify=certify)
    assert part.method == "importance"
    monkeypatch.setattr("cls_infer.inference.run.FEW", 2)
    (part,) = infer_cohort(target, cohort, settings=auto, certify=certify)
    assert part.method == "hmc"
    (part,) = infer_cohort(lambda cohort: pooled, pooled.cohort, settings=auto, certify=certify)
    assert part.method == "nuts"  # patients who share


def test_a_coarse_tolerance_is_tightened_before_anything_is_weighed(target):
    coarse = partial(target, tolerance=Tolerance(rtol=0.1, atol=1e-2))
    told = []
    (part,) = infer_cohort(
        coarse, simulated(("P1",)), settings=SETTINGS, certify=Certify(smoothed, lambda *_: True), report=told.append
    )
    assert part.target.tolerance.rtol < 0.05
    assert any(isinstance(one, str) and "solver's error" in one for one in told)


def test_evidence_is_that_of_quadrature(target):
    """Two unknowns: the prior times the likelihood, summed over a grid that reaches 5 prior sd."""
    held = {"k_12": 4.2, "k_21": 0.8, "Hct0": 0.42}
    model = load_model("volume_kinetics")
    two = posterior(model, simulated(("P1",)), fixed=held)
    (part,) = infer_cohort(lambda cohort: two, two.cohort, settings=SETTINGS, certify=Certify(smoothed, certified))
    apart = Apart(two)
    assert apart.dimension == 2
    grid = np.linspace(-5, 5, 201)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    log_density = apart.log_posterior(points, np.zeros(len(points), int)) - np.log(2 * np.pi)
    exact = np.logaddexp.reduce(log_density) + 2 * np.log(grid[1] - grid[0])
    certificate = part.certificate
    np.testing.assert_allclose(certificate.log_evidence[0], exact, atol=4 * certificate.log_evidence_se[0])


def test_batches_that_were_kept_are_not_weighed_again(target, monkeypatch, tmp_path):
    posteriors, kept = Apart(target(simulated(("P1",)))), Kept(tmp_path)
    certify = Certify(smoothed, certified)
    first = by_importance(posteriors, SETTINGS, certify=certify, kept=kept)

    def never(*given, **options):
        raise AssertionError("weighed again")

    monkeypatch.setattr(module, "weigh", never)
    again = by_importance(posteriors, SETTINGS, certify=certify, kept=kept)
    np.testing.assert_array_equal(again.draws.z, first.draws.z)
    np.testing.assert_array_equal(again.certificate, first.certificate)
    assert again.which == first.which and again.tolerance == first.tolerance
    (facts,) = tmp_path.glob("importance-*.json")
    facts.write_text("torn")
    with pytest.raises(AssertionError, match="weighed again"):
        by_importance(posteriors, SETTINGS, certify=certify, kept=kept)
