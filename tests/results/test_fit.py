import pytest
from results.made_up import DRAWS, chart, sampled

from cls_infer.errors import InputError
from cls_infer.inference.settings import Settings
from cls_infer.results import sampling
from cls_infer.results.fit import fit
from cls_infer.results.kept import hide_after


def test_until_hides_measurements_and_keeps_therapy():
    cohort = chart("P1", "P2")
    seen, hidden = hide_after(cohort, 1.0)
    assert hidden == 6
    assert all(m.time <= 1.0 for p in seen.patients for m in p.measurements)
    assert [p.therapy for p in seen.patients] == [p.therapy for p in cohort.patients]
    assert hide_after(cohort, None) == (cohort, 0)


def test_a_fit_goes_the_whole_way(kinetics, monkeypatch):
    def made_up(made, cohort, *, settings, certify, enough, report, kept, weighed_draws):
        report("sampling")
        target = made(cohort)
        inference = sampled(target)
        assert certify.enough(0.3, 500.0, 4096) and not certify.enough(0.3, 300.0, 4096)
        assert not certify.enough(0.68, 500.0, 900)  # so few draws cannot bear so heavy a tail
        assert enough(target, inference.draws.z)  # independent draws
        assert not enough(target, inference.draws.z[:, :40])  # 160 draws can not be worth 400
        return [inference]

    monkeypatch.setattr(sampling, "infer_cohort", made_up)
    said = []
    done = fit(
        chart("P1"),
        kinetics,
        settings=Settings(draws=DRAWS),
        until=1.0,
        command="cls-infer fit",
        report=said.append,
    )
    assert done.verdict.ok, done.verdict.unmet
    assert done.tree.attrs["hidden_measurements"] == 3 and done.tree.attrs["until"] == 1.0
    assert done.seconds["total"] > 0 and done.tree.attrs["command"] == "cls-infer fit"
    device, *phases = said
    assert device.why == done.tree.attrs["device_because"] == "the processor; JAX finds no GPU"
    assert len(phases) == 2


def test_a_patient_with_nothing_to_fit_is_refused(kinetics):
    with pytest.raises(InputError, match="patient `P1` has nothing to fit"):
        fit(chart("P1"), kinetics, until=-1.0)
