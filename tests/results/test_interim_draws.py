"""Draws of stage one: repeated ones count once, and no number of stage two is told to be better known than by them."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from results.made_up import chart, origin, sampled

from cls_infer.inference.two_stage import THIN
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.diagnose import POPULATION, interim_sizes, unmet_of_law
from cls_infer.results.fitted import conclude
from cls_infer.results.joint import join, lengthened
from cls_infer.results.summary import summarise
from cls_infer.results.two_stage import distinct, own_coordinates


@pytest.fixture(scope="module")
def parts(kinetics):
    """Two patients fitted apart, the second with three draws where the first has four."""
    target = posterior(kinetics, chart("P1", "P2"), per_patient=tuple(kinetics.parameters))
    made = sampled(target, seed=4)
    each = []
    for number, name in enumerate(target.plan.patients):
        own = posterior(kinetics, chart(name), per_patient=tuple(kinetics.parameters))
        draws = made.draws.z.shape[1] * (4 - number) // 4
        z = made.draws.z[:, :draws, number :: len(target.plan.patients)]
        stats = {name: value[:, :draws] for name, value in made.draws.stats.items()}
        each.append(replace(made, target=own, draws=replace(made.draws, z=z, stats=stats), numbers=(number,)))
    return each


def test_repeated_draws_count_once(parts):
    """Nothing is thinned away, and what stands there more than once is one draw of as much more weight."""
    counts = [part.draws.z.shape[0] * part.draws.z.shape[1] for part in parts]
    own, log_weight = distinct(own_coordinates(join(lengthened(parts))))
    assert np.isfinite(log_weight).sum(axis=1).tolist() == counts
    assert np.exp(log_weight).sum(axis=1).tolist() == [counts[0]] * 2
    free = [slot.size > 0 for slot in parts[1].target.pooling.slots]
    there = own[1][np.isfinite(log_weight[1])][:, free]
    alone = parts[1].draws.z.reshape(counts[1], -1)
    np.testing.assert_array_equal(there, np.unique(alone, axis=0))
    again = np.exp(log_weight[1][np.isfinite(log_weight[1])])
    assert set(again.round(9)) == {1.0, 2.0}  # four for three


def test_no_number_is_better_known_than_by_the_draws_of_stage_one(kinetics):
    target = posterior(kinetics, chart("P1", "P2"), hierarchical=("k_10",))
    fit = conclude([sampled(target, seed=4)], provenance=origin(kinetics, target.cohort))
    chains = {row.name: row.ess_bulk for row in fit.summary}
    group = xr.Dataset(
        {"effective": ("patient", [30.0, 60.0]), "of_law": ("law_coordinate", [90.0, 20.0])},
        coords={"patient": ["P1", "P2"]},
    )
    fit.tree["two_stage"] = xr.DataTree(group)
    sizes = interim_sizes(fit.tree)
    assert sizes == {POPULATION: 20.0, "P1": 30.0, "P2": 60.0}
    for row in summarise(fit.tree):
        size = {"k_10[P1]": 30.0, "k_10[P2]": 60.0, "k_10_mu": 20.0, "k_10_tau": 20.0}.get(row.name)
        if size:
            assert row.ess_bulk == pytest.approx(1 / (1 / chains[row.name] + 1 / size))


def test_a_law_that_the_draws_hardly_tell_is_part_of_the_verdict():
    assert not list(unmet_of_law(None)) and not list(unmet_of_law(THIN))
    (why,) = unmet_of_law(20.0)
    assert "no better than 20 draws" in why and "--method hmc" in why
