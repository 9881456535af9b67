"""Programs serve every patient of a form: nothing of a patient is in them, and padding changes no result."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.compilation_cache import compilation_cache

from cls_infer.inference.apart import Apart
from cls_infer.inference.programs import Programs
from cls_infer.inference.run import infer, targets
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.facts import bucket
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from tests.inference.conftest import simulated


@pytest.fixture
def compilations_in():
    """Let everything compiled be kept in a folder, for as long as the test runs."""
    names = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")
    before = [getattr(jax.config, name) for name in names]

    def kept_in(folder):
        for name, value in zip(names, (str(folder), 0.0), strict=True):
            jax.config.update(name, value)
        compilation_cache.reset_cache()

    yield kept_in
    for name, value in zip(names, before, strict=True):
        jax.config.update(name, value)
    compilation_cache.reset_cache()


SETTINGS = Settings(chains=2, warmup=30, draws=20, most_draws=20, block=20, seed=4, max_tree_depth=4)


@pytest.fixture(scope="module")
def people():
    """Three patients apart: the second measured less, the third where an amount is not charted. And what they trace."""
    one, two, three = simulated(("P1", "P2", "P3"), seed=5).patients
    two = replace(two, measurements=two.measurements[1:])
    three = replace(three, therapy=(replace(three.therapy[0], amount=None, median=1.75, gsd=1.3),))
    traced = []
    model = load_model("volume_kinetics")

    def flows(*given):
        traced.append(1)
        return model.flows(*given)

    cohort = replace(simulated(), patients=(one, two, three))
    return list(targets(posterior(replace(model, flows=flows), cohort))), traced


def test_a_second_patient_traces_and_compiles_nothing(people):
    (first, second, _), traced = people
    programs = Programs()
    of_first = infer(first, SETTINGS, programs=programs)
    before = len(traced)
    of_second = infer(second, SETTINGS, programs=programs)
    assert len(traced) == before > 0
    assert of_second.draws.seconds["compile"] < 0.1 * of_first.draws.seconds["compile"]
    z = of_second.draws.z.reshape(-1, second.pooling.dimension)
    density = jax.jit(jax.vmap(second.log_factor))(z) - 0.5 * np.sum(z**2 + np.log(2 * np.pi), axis=1)
    # the second patient's own density, to rounding: the programs knew another's numbers when they were traced
    np.testing.assert_allclose(-of_second.draws.stats["potential_energy"].ravel(), density, rtol=1e-9)


def test_another_form_has_programs_of_its_own(people):
    (first, second, third), _ = people
    assert first.form == second.form != third.form
    assert replace(first, tolerance=first.tolerance._replace(rtol=1e-5)).form != first.form
    assert third.pooling.dimension == first.pooling.dimension + 1


def test_nothing_of_a_patient_is_in_a_program(people):
    """So that what another session compiled for another patient is found kept."""
    (first, second, _), _ = people

    def written(target):
        look = jax.jit(lambda facts, z: target.with_facts(facts).log_factor(z))
        return look.lower(target.facts, jnp.zeros(target.pooling.dimension)).as_text()

    assert written(first) == written(second)


def test_another_cohort_finds_what_was_compiled_for_the_first(tmp_path, compilations_in):
    """Three patients, then four others: what is kept between sessions serves both, density and expansion."""
    compilations_in(tmp_path)
    kept = []
    for names, seed in ((("P1", "P2", "P3"), 5), (("A", "B", "C", "D"), 6)):
        model = load_model("volume_kinetics")
        apart = Apart(posterior(model, simulated(names, seed=seed), per_patient=tuple(model.parameters)))
        points, whose = np.zeros((2, apart.dimension)), np.array([0, 2])
        assert np.all(np.isfinite(apart.log_posterior(points, whose)))
        assert np.all(apart.expand(points, whose).status == 0)
        kept.append({path.name for name in ("jit_at-*", "jit_about-*") for path in tmp_path.glob(name)})
    assert len(kept[0]) == 2 and kept[1] == kept[0]


def test_padding_changes_no_density(people):
    for target in people[0]:
        z = 0.3 * np.random.default_rng(2).standard_normal(target.pooling.dimension)
        value, slope = jax.jit(jax.value_and_grad(target.log_factor))(z)
        run = jax.jit(lambda facts, z, target=target: jax.value_and_grad(target.with_facts(facts).log_factor)(z))
        padded_value, padded_slope = run(target.facts, z)
        assert target.facts.chart.value.shape[1] % 4 == 0
        # the same terms, and zeros between them: sums in another order, rounding apart
        np.testing.assert_allclose(padded_value, value, rtol=1e-12)
        np.testing.assert_allclose(padded_slope, slope, rtol=1e-9, atol=1e-9)


def test_buckets_are_few_and_waste_little():
    sizes = np.arange(1, 2000)
    padded = np.array([bucket(int(size)) for size in sizes])
    assert np.all(padded >= sizes) and np.all(padded - sizes < np.maximum(4, sizes / 4))
    assert len(set(padded)) < 45
    assert [bucket(int(size)) for size in set(padded)] == list(set(padded))  # a bucket fits itself
