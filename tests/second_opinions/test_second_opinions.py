"""The same patient and model by tools that know nothing of this package, to 1e-6; posteriors within Monte Carlo error.

`benchmarks/second_opinions.py` holds the equations written anew for SciPy, and made `volume_kinetics.json` by emcee
and Stan. `two_pore_episode.json` holds an attack solved by the reference implementation of the body, by DOP853, 1e-11;
that is kept with the project's papers, not here.
"""

import json
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import Lane, courses, give
from models.test_oracle import SCLS, SEEN, STATES
from numpyro.diagnostics import effective_sample_size
from scipy.integrate import solve_ivp

from benchmarks import second_opinions
from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.inference.certified import Certify
from cls_infer.inference.run import infer_cohort
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.diagnose import certified, converged
from cls_infer.results.pareto import smoothed
from cls_infer.solve.lanes import Tolerance

HERE = Path(__file__).parent
CLOSE = 1e-6
RESERVE = 4.0
"""Standard errors of the difference of two means: 20 comparisons err once in 800 runs."""


@pytest.fixture(scope="module")
def patient():
    rows = tuple(
        Measurement(hour, "hemoglobin", value, row)
        for row, (hour, value) in enumerate(zip(second_opinions.HOURS, second_opinions.HEMOGLOBIN, strict=True))
    )
    given = (Event("ringer", 0.0, second_opinions.OVER, second_opinions.GIVEN, 1),)
    return Cohort("one", (Patient("P", {"weight": 70.0, "sex": "male"}, rows, given),), "")


PEOPLE = {
    "usual": np.zeros(5),
    "quick": np.array([1.0, -1.0, 1.5, 0.5, -1.0]),
    "slow": np.array([-1.5, 1.0, -2.0, 1, 1]),
}


def test_volume_kinetics_are_those_of_scipy():
    """Closed form, Radau and LSODA; each against ours, all people in one batch."""
    values = {name: second_opinions.values_of(z) for name, z in PEOPLE.items()}
    ringer = [give("ringer", 0.0, second_opinions.OVER, second_opinions.GIVEN)]
    lanes = [
        Lane(second_opinions.HOURS, dict(zip(second_opinions.UNKNOWNS, v.tolist(), strict=True)), ringer)
        for v in values.values()
    ]
    for course, each in zip(courses("volume_kinetics", lanes), values.values(), strict=True):
        assert course.status == "ok"
        mine = np.stack([course.y[name] for name in ("x_c", "x_1", "U")], axis=1)
        np.testing.assert_allclose(mine, second_opinions.excess(each), rtol=CLOSE)
        for method in ("Radau", "LSODA"):
            np.testing.assert_allclose(mine, second_opinions.excess_by_steps(each, method), rtol=CLOSE)
        np.testing.assert_allclose(mine[:, 0], second_opinions.central(each), rtol=CLOSE)
        np.testing.assert_allclose(course.seen["hemoglobin"], second_opinions.hemoglobin(each), rtol=CLOSE)


def test_a_dialyser_is_that_of_scipy():
    """Q = f_max Q_B (1 - exp(-K_uf (TMP - pi_eff) / (f_max Q_B))) under a pressure that is raised twice."""
    K_uf, pi_eff, f_max, Q_B = 7e-4, 22.0, 0.005, 13.0
    pressure = ((0.0, 1.0, 60.0), (1.0, 2.5, 150.0), (2.5, 4.0, 300.0))
    hours = (0.5, 1.0, 2.0, 2.5, 3.0, 4.0)
    lane = Lane(
        hours,
        {"K_uf": K_uf, "pi_eff": pi_eff, "f_max": f_max, "Q_B": Q_B},
        [give("transmembrane_pressure", *each) for each in pressure],
    )
    (course,) = courses("dialyzer", [lane])

    def rate(t):
        tmp = next(level for start, end, level in pressure if start <= t < end or t == end == hours[-1])
        return f_max * Q_B * (1 - np.exp(-K_uf * (tmp - pi_eff) / (f_max * Q_B)))

    volume = 0.0
    for before, hour in zip((0.0, *hours), hours, strict=False):
        over = solve_ivp(lambda t, _: [rate(min(t, hour - 1e-9))], (before, hour), [volume], method="Radau", rtol=1e-10)  # noqa: B023 - used at once
        volume = over.y[0, -1]
        np.testing.assert_allclose(course.y["V_uf"][hours.index(hour)], volume, rtol=CLOSE)
        np.testing.assert_allclose(
            course.seen["ultrafiltration_rate"][hours.index(hour)], rate(hour - 1e-9), rtol=CLOSE
        )


def test_an_attack_is_that_of_the_reference_implementation():
    """Of the largest value of each quantity: interstitial pressure passes through 0. They differ most, by 3e-7 of the
    volume of plasma, after the corner where prodrome and attack cross."""
    printed = json.loads((HERE / "two_pore_episode.json").read_text())["hours"]
    hours = [float(hour) for hour in printed]
    given = [
        give("oral_intake", 18.0, 84.0, 0.5),
        give("crystalloid", 32.0, 38.0, 2.4),
        give("crystalloid", 38.0, 60.0, 3.3),
    ]
    (course,) = courses("clarkson_episode", [Lane(hours, SCLS, given)])
    for name in (*STATES, *SEEN):
        theirs = np.array([at[name] for at in printed.values()])
        mine = course.y[STATES[name]] if name in STATES else course.seen[SEEN[name]]
        np.testing.assert_allclose(mine, theirs, rtol=0.0, atol=CLOSE * np.abs(theirs).max(), err_msg=name)


def test_the_log_density_is_that_of_scipy_but_for_a_constant(patient):
    target = posterior(
        load_model("volume_kinetics"), patient, tolerance=Tolerance(rtol=1e-10, atol=1e-12, max_steps=6000)
    )
    assert tuple(slot.name for slot in target.pooling.slots if slot.size) == second_opinions.UNKNOWNS
    mine = jax.jit(lambda z: target.log_factor(z) - 0.5 * jnp.sum(z**2))
    points = np.concatenate([np.random.default_rng(3).standard_normal((20, 5)), list(PEOPLE.values())])
    away = np.array([float(mine(jnp.asarray(z))) - second_opinions.log_density(z) for z in points])
    np.testing.assert_allclose(away, away[0], atol=CLOSE)


@pytest.mark.parametrize("method", ["importance", pytest.param("nuts", marks=pytest.mark.slow)])
def test_the_posterior_is_that_of_emcee_and_of_stan(patient, method):
    """Means within the Monte Carlo error of both, standard deviations within theirs: 1 / sqrt(2 n) of a normal one, and
    half as much again where the tails are heavier."""
    settings = Settings(method=method, draws=2000, most_draws=2000, seed=5)
    options = {"certify": Certify(smoothed, certified), "enough": converged}
    (part,) = infer_cohort(partial(posterior, load_model("volume_kinetics")), patient, settings=settings, **options)
    assert part.method == method
    z = np.asarray(part.draws.z)
    effective = effective_sample_size(z) if method == "nuts" else np.full(z.shape[-1], part.certificate.effective[0])
    flat, told = z.reshape(-1, z.shape[-1]), json.loads((HERE / "volume_kinetics.json").read_text())
    for road in ("emcee", "pystan"):
        for place, name in enumerate(second_opinions.UNKNOWNS):
            theirs = told[road]["draws"][name]
            error = np.sqrt(1 / effective[place] + 1 / theirs["effective"])
            assert abs(flat[:, place].mean() - theirs["mean"]) < RESERVE * error * theirs["sd"], (road, name)
            assert abs(np.log(flat[:, place].std() / theirs["sd"])) < RESERVE * error / np.sqrt(2) * 1.5, (road, name)


def test_emcee_and_stan_agree():
    told = json.loads((HERE / "volume_kinetics.json").read_text())
    for name, one in told["emcee"]["draws"].items():
        other = told["pystan"]["draws"][name]
        error = np.sqrt(1 / one["effective"] + 1 / other["effective"])
        assert abs(one["mean"] - other["mean"]) < RESERVE * error * one["sd"], name
