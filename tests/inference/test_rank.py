"""A model that says one thing twice is found out; one that does not has full rank."""

from dataclasses import replace

import numpy as np
import pytest
from small_models import measured, product, seen, straight_line

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.errors import InputError
from cls_infer.inference.rank import RELATIVE, structural_rank
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import Parameter, load_model, lognormal


def test_of_a_product_two_factors_are_entangled_and_what_is_never_used_is_unseen():
    found = structural_rank(posterior(product(), measured((0.0, 9.0), (2.0, 3.0))), seed=0)
    assert (found.rank, found.dimension, found.full) == (1, 3, False)
    assert found.entangled == ("A[P1]", "B[P1]") and found.unseen == ("C[P1]",)
    assert found.weakest == 1.0
    assert found.strongest_lost < 1e-12  # nothing is integrated: rounding


def test_a_straight_line_has_full_rank():
    found = structural_rank(posterior(straight_line(), measured((0.0, 9.0), (3.0, 3.0))), seed=0)
    assert found.full and found.entangled == found.unseen == () and np.isnan(found.strongest_lost)


def test_a_sum_seen_through_another_parameter_is_still_a_sum():
    free = {name: Parameter("1", lognormal(1.0, 0.5), "a test") for name in ("A", "B", "k")}
    model = seen(lambda t, p: (p.A + p.B) / (1 + p.k * t), free)
    found = structural_rank(posterior(model, measured((0.0, 9.0), (2.0, 1.0))), seed=0)
    assert (found.rank, found.entangled) == (2, ("A[P1]", "B[P1]"))


@pytest.fixture(scope="module")
def doubled(target):
    """Volume kinetics whose rate of urine is a product of two parameters, solved along its course."""
    plain = load_model("volume_kinetics")

    def twofold(p):
        return p._replace(k_10=p.k_10 * p.k_twin)

    twin = {"k_twin": Parameter("1", lognormal(1.0, 0.3), "a test")}
    model = replace(
        plain,
        parameters={**plain.parameters, **twin},
        flows=lambda t, y, p, h, u: plain.flows(t, y, twofold(p), h, u),
        rates=lambda f, y, p, h, u: plain.rates(f, y, twofold(p), h, u),
    )
    return posterior(model, target.cohort)


def test_a_redundant_rate_is_found_through_the_solver(doubled):
    found = structural_rank(doubled, seed=1)
    assert found.rank == found.dimension - 1
    assert found.entangled == ("k_10[P1]", "k_twin[P1]") and found.unseen == ()
    # the gap: what is kept stands clear of the threshold on both sides
    assert found.strongest_lost < RELATIVE / 100 and found.weakest > 100 * RELATIVE


def test_volume_kinetics_can_be_told_from_perfect_measurements(target):
    found = structural_rank(target, seed=1)
    assert found.full, found


def test_points_that_cannot_be_solved_are_said(target):
    floor = {name: replace(state, floor=1e3) for name, state in target.model.states.items()}
    with pytest.raises(InputError, match="none of 5 random points"):
        structural_rank(posterior(replace(target.model, states=floor), target.cohort), seed=0)


@pytest.mark.slow
def test_a_body_is_known_up_to_its_scale_and_its_tissue_up_to_its_limit():
    """Without a charted weight, plasma and tissue scale with the body. And in a chart too mild to swell tissue to its
    limit at 2.4 times its volume, only the distance to the knee and the accessible volume act, not the whole."""
    rows = (Measurement(0.0, "hematocrit", 0.42, 1), Measurement(24.0, "hematocrit", 0.5, 2))
    model = load_model("one_pore")
    unweighed, weighed = (
        structural_rank(posterior(model, Cohort("one", (Patient("P1", known, rows, ()),), "")), seed=1)
        for known in ({}, {"weight": 80.0})
    )
    assert weighed.dimension - weighed.rank == 1 and unweighed.dimension - unweighed.rank == 2
    assert weighed.entangled == ("V_i0[P1]", "f_ex[P1]", "f_knee[P1]")
    assert set(unweighed.entangled) == {"BW[P1]", "V_p0[P1]", *weighed.entangled}
    # what is lost is rounding, a hundred thousand times below what is kept
    assert all(one.strongest_lost < 1e-11 and one.weakest > 1e-6 for one in (unweighed, weighed))
