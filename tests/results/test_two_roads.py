"""Joint NUTS and the two-stage road agree on simulated cohorts, and what they find is kept alike."""

from dataclasses import replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from arviz_stats.base.array import array_stats
from results.made_up import sampled as made_up
from sampled import sample_nuts

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.errors import InputError
from cls_infer.inference.kernel import trace_sampler
from cls_infer.inference.run import Inference
from cls_infer.inference.settings import Settings
from cls_infer.inference.start import find_start
from cls_infer.likelihood.noise import total_scale
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.two_stage import weigh_together, weighing
from cls_infer.results.values import parameter_draws

HOURS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
FREE = ("k_21", "k_10")
HELD = {"k_12": 4.0, "V_c": 3.0, "Hct0": 0.42, "BW": 70.0}
SETTINGS = Settings(chains=4, warmup=200, draws=500, seed=2, target_accept=0.9)


@cache
def simulated(count, seed=4):
    """Patients of a population whose k_10 falls with age, measured with the model's noise."""
    model, rng = load_model("volume_kinetics"), np.random.default_rng(seed)
    age = rng.uniform(20, 80, count)
    rows = tuple(Measurement(t, "hemoglobin", 100.0, n) for n, t in enumerate(HOURS))
    rows += (Measurement(4.0, "urine", 0.3, len(HOURS), window=4.0),)
    given = (Event("ringer", 0.0, 0.5, 1.75, 1),)
    blank = tuple(Patient(f"P{n}", {"age": float(a)}, rows, given) for n, a in enumerate(age))
    design = posterior(model, Cohort("blank", blank, ""), per_patient=FREE, fixed=HELD)
    x = (age - age.mean()) / age.std()
    truth = np.stack([0.3 + 0.4 * rng.standard_normal(count), 0.5 - 0.6 * x + 0.4 * rng.standard_normal(count)], axis=1)
    z = jnp.asarray(truth.T.ravel())
    coordinates = design.pooling.coordinates(z)
    mean = np.asarray(design.predicted(coordinates).mean)
    scale = np.asarray(total_scale(mean, 0.0, design.scatter(coordinates), 0.0))
    values = mean + scale * rng.standard_normal(mean.shape)
    patients = tuple(
        replace(p, measurements=tuple(replace(m, value=float(v)) for m, v in zip(p.measurements, row, strict=True)))
        for p, row in zip(blank, values, strict=True)
    )
    return Cohort("simulated", patients, "")


def sampled(target, settings):
    start = find_start(target, seed=settings.seed, starts=3)
    return Inference(target, sample_nuts(trace_sampler(target, settings)(), start), "nuts", {})


def both_roads(count, settings=SETTINGS):
    model, cohort = load_model("volume_kinetics"), simulated(count)
    asked = {"hierarchical": FREE, "covariates": ("age",), "correlated": True}
    joint = sampled(posterior(model, cohort, fixed=HELD, **asked), settings)
    apart = sampled(posterior(model, cohort, per_patient=FREE, fixed=HELD), settings)
    return joint, weigh_together([apart], **asked, settings=settings)


def disagreements(one, other, effective):
    """Return the numbers whose means or sds of two fits differ by more than four Monte Carlo errors.

    The interim draws' smallest effective size is one of them, beside the chains'.
    """
    found = []
    for name in one.data_vars:
        patients = one[name].sizes.get("patient", 1)
        for place in range(patients):
            a, b = (d[name].values.reshape(*d[name].shape[:2], patients)[..., place] for d in (one, other))
            if name.endswith("_tau"):
                a, b = np.log(a), np.log(b)
            sd = a.std()
            sizes = [float(array_stats.ess(np.ascontiguousarray(part))) for part in (a, b)]
            allowed = 4 * np.sqrt(sum(1 / size for size in sizes) + 1 / effective)
            if abs(a.mean() - b.mean()) > allowed * sd or abs(np.log(b.std() / sd)) > max(allowed, 0.1):
                found.append((name, place, a.mean(), b.mean(), sd, b.std(), allowed))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("count", "chains"), [(8, 4), (50, 2)])
def test_both_roads_agree(count, chains):
    joint, (weighed, found) = both_roads(count, replace(SETTINGS, chains=chains))
    assert found.thin == ()
    one, other = (parameter_draws(part.target, part.draws.z) for part in (joint, weighed))
    assert set(one.data_vars) == set(other.data_vars) >= {"k_10_mu", "k_10_tau", "k_10_age", "corr_k_21_k_10"}
    assert disagreements(one, other, found.effective.min()) == []
    assert joint.draws.stats["diverging"].mean() < 0.01
    group = weighing(found)
    assert group["effective"].shape == (count,) and np.all(group["khat"] < 0.7)


def test_patients_who_share_a_parameter_cannot_be_weighed_apart():
    cohort = simulated(3)
    target = posterior(load_model("volume_kinetics"), cohort, shared=("k_21",), fixed=HELD)
    with pytest.raises(InputError, match="`k_21` is shared among patients who are to be weighed apart"):
        weigh_together([made_up(target)], hierarchical=("k_10",), settings=SETTINGS)


def test_a_parameter_that_was_not_estimated_cannot_be_pooled():
    target = posterior(load_model("volume_kinetics"), simulated(3), per_patient=FREE, fixed=HELD)
    with pytest.raises(InputError, match="`V_c` was not estimated"):
        weigh_together([made_up(target)], hierarchical=("V_c",), settings=SETTINGS)
