"""Mistakes planted in the code of populations, that its closed forms must find."""

import jax.numpy as jnp
import numpy as np
import pytest
from likelihood import test_reweighted as of_reweighted
from likelihood.test_mutants import Mutant, plant
from likelihood.test_population import (
    test_an_effect_moves_patients_by_their_covariate as an_effect_on_its_covariate,
)
from likelihood.test_population import (
    test_episodes_of_one_person_share_their_deviation as episodes_of_one_person,
)
from likelihood.test_reweighted import (
    test_draws_without_weight_count_for_nothing as draws_without_weight,
)
from likelihood.test_reweighted import (
    test_the_likelihood_is_that_of_the_measurements as the_likelihood_of_a_law,
)
from small_models import several, straight_line

from cls_infer.likelihood import reweighted
from cls_infer.likelihood.pooling import Pooling
from cls_infer.likelihood.population import Population
from cls_infer.likelihood.posterior import posterior


def the_covariance_of_correlated_parameters():
    """Coordinates of a patient are mu + diag(tau) L eta: over eta their covariance is diag(tau) L L' diag(tau)."""
    two = several("two", (0.0, 1.0), (0.0, 1.0))
    pooling = posterior(straight_line(), two, hierarchical=("a", "b"), correlated=True).pooling
    z = np.zeros(pooling.dimension)
    labels = pooling.labels()
    z[labels.index("a.tau")], z[labels.index("corr(b,a)")] = 1.0, 1.2
    law = pooling.law(jnp.asarray(z))
    columns = []
    for name in ("a", "b"):  # the coordinates that one eta alone moves
        moved = z.copy()
        moved[labels.index(f"{name}[P2]")] = 1.0
        columns.append(np.asarray(pooling.coordinates(moved))[1])
    found = np.stack(columns, axis=1)
    lower = np.linalg.cholesky(found @ found.T)
    assert np.isclose(found[0, 0], 0.3 * np.e) and found[0, 1] == 0 and found[1, 0] > 0, found
    np.testing.assert_allclose(lower, found, rtol=1e-9)
    np.testing.assert_allclose(np.asarray(law.root), found, rtol=1e-9)


def the_likelihood_under_another_interim_prior():
    the_likelihood_of_a_law(0.5, 0.7)


MUTANTS = {
    "a transposed random-effect factor": (
        Mutant(Pooling, "coordinates", '"pij,pj->pi"', '"pji,pj->pi"', ()),
        the_covariance_of_correlated_parameters,
    ),
    "a spread that is a variance": (
        Mutant(Population, "law", "root = between[:, None] * shape", "root = between[:, None] ** 2 * shape", ()),
        the_covariance_of_correlated_parameters,
    ),
    "the interim prior's mean forgotten": (
        Mutant(reweighted, "products", "drawn_in - draws.mean[:, None]", "drawn_in", ()),
        the_likelihood_under_another_interim_prior,
    ),
    "the interim prior not divided out": (
        Mutant(reweighted, "products", "draws.log_weight + 0.5 *", "draws.log_weight + 0.0 *", ()),
        the_likelihood_under_another_interim_prior,
    ),
    "the law's normaliser dropped": (
        Mutant(reweighted, "log_weights", "- scale[:, None]", "", ()),
        the_likelihood_under_another_interim_prior,
    ),
    "weights of interim draws dropped": (
        Mutant(reweighted, "products", "known = draws.log_weight + ", "known = ", ()),
        draws_without_weight,
    ),
    "an effect's sign": (
        Mutant(Population, "centres", "@ law.effects.T", "@ -law.effects.T", ()),
        an_effect_on_its_covariate,
    ),
    "a person's deviation on everyone": (
        Mutant(Population, "centres", "(self.person >= 0)[:, None]", "True", ()),
        episodes_of_one_person,
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_mistake_breaks_its_closed_form(monkeypatch, name):
    mutant, closed_form = MUTANTS[name]
    plant(monkeypatch, mutant)
    if hasattr(of_reweighted, mutant.function):  # it has a name for it of its own
        monkeypatch.setattr(of_reweighted, mutant.function, getattr(mutant.owner, mutant.function))
    with pytest.raises(AssertionError):
        closed_form()


def test_coordinates_vary_by_the_root_of_their_covariance():
    the_covariance_of_correlated_parameters()
