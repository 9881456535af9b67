"""A patient's draws are the same whoever else is fitted, in whatever shard."""

import numpy as np
import pytest
import xarray as xr

GROUPS = ("posterior", "extremes", "unconstrained_posterior", "sample_stats", "judged")


def of_patient(run, name, group):
    """Return a patient's arrays of a group, those that it has."""
    shard = next(shard for shard, names in run.done.shards.items() if name in names)
    return run.group(shard, group).sel(patient=name, drop=True).load()


@pytest.mark.parametrize("group", GROUPS)
def test_alone_or_in_company_a_patient_has_the_same_draws(run, fitted, group):
    alone = of_patient(fitted(("B",)), "B", group)
    xr.testing.assert_identical(alone, of_patient(run, "B", group))


@pytest.mark.parametrize("size", [1, 32])
def test_the_size_of_the_shards_changes_nothing(run, fitted, size):
    other = fitted(shard_size=size)
    assert max(map(len, other.done.shards.values())) == min(size, 3)  # three have charts that are alike
    assert set(run.done.shards) != set(other.done.shards) and other.done.patients == run.done.patients
    for name in sorted(other.done.patients):
        for group in GROUPS:
            xr.testing.assert_identical(of_patient(run, name, group), of_patient(other, name, group))


def test_only_patients_of_like_charts_share_a_shard(run):
    together = set(run.done.shards.values())
    assert together == {("A", "B"), ("C",), ("D",), ("E",)}
    assert "uncharted_1" in of_patient(run, "D", "posterior") and "uncharted_1" not in of_patient(run, "A", "posterior")


@pytest.mark.parametrize("method", ["importance", "hmc"])
def test_draws_are_a_patients_own_at_a_tolerance_of_its_own(model, cohort, method):
    """Coarse steps, so that some patients need a finer tolerance than others."""
    from dataclasses import replace

    from cls_infer.inference.accuracy import tolerance_at
    from cls_infer.inference.alone import infer_alone
    from cls_infer.inference.certified import Certify
    from cls_infer.inference.programs import Programs
    from cls_infer.inference.settings import Settings
    from cls_infer.likelihood.posterior import posterior
    from cls_infer.results.diagnose import certified
    from cls_infer.results.pareto import smoothed

    programs = Programs()

    def draws(names):
        some = replace(cohort, patients=tuple(p for p in cohort.patients if p.name in names))
        free, tolerance = tuple(model.parameters), tolerance_at(1e-2, "tsit5")
        target = posterior(model, some, per_patient=free, tolerance=tolerance)
        settings = Settings(method=method, chains=2, warmup=40, draws=50, most_draws=50)
        found = {}
        for part in infer_alone(target, settings, certify=Certify(smoothed, certified), programs=programs):
            assert part.method == method
            z = part.draws.z.reshape(2, 50, -1, len(part.numbers))
            found |= {some.patients[n].name: (part.target.tolerance, z[..., i]) for i, n in enumerate(part.numbers)}
        return found

    together = draws("ABC")
    apart = draws("A") | draws("B") | draws("C")
    assert len({tolerance for tolerance, _ in together.values()}) > 1
    for name, (tolerance, z) in together.items():
        assert tolerance == apart[name][0]
        np.testing.assert_array_equal(z, apart[name][1])
