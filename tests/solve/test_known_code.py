"""Machine code is found again by what it was written from: without a trace, and only where it would be the same."""

import shutil
from dataclasses import replace
from itertools import count

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.model import load_model
from cls_infer.model.load import models_folder
from cls_infer.solve.lanes import OK, Case, Tolerance
from cls_infer.solve.machine import build, known
from cls_infer.solve.machine.block import Problem
from cls_infer.solve.machine.known import key_of, look_up_code, origin_of
from cls_infer.solve.machine.pointwise import Pointwise
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import pointwise, reverse_solver
from cls_infer.solve.stiffness import Rates
from cls_infer.solve.system import System

ROUTE = stack_routes([route_of(0.0, [1.0, 3.0], [], slots=0)])


TESTS = count()


@pytest.fixture
def kept_in(tmp_path, monkeypatch):
    """Let code be kept in a folder and looked up there, the sources of this process settled long ago.

    Code has other names in every test: what this process wrote into the folder of another is not written again.
    """
    digest, test = build._digest, next(TESTS)
    monkeypatch.setattr(build, "_digest", lambda *given: f"{digest(*given)}_{test}")
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    monkeypatch.setattr(known, "IMPORTED", known.IMPORTED + 1e9)
    known._sources.cache_clear()
    look_up_code()
    yield tmp_path / "machine"
    look_up_code()  # as all tests do
    known._sources.cache_clear()
    jax.config.update("jax_compilation_cache_dir", before)


@pytest.fixture
def no_trace(monkeypatch):
    """Return what lets every trace of a step, or of a function of one lane, fail from then on."""

    def fail(*_):
        raise AssertionError("was traced")

    def forbid():
        monkeypatch.setattr(Problem, "stepping", fail)
        monkeypatch.setattr(Pointwise, "_closed", property(fail))

    return forbid


def kinetics(model=None, **held):
    """Return a system of volume kinetics with two parameters free, of a model that is loaded anew."""
    model = load_model("volume_kinetics") if model is None else model
    whole, free = {**model.reference()._asdict(), **held}, ("k_12", "k_10")
    return System(model, free, {name: value for name, value in whole.items() if name not in free})


def solved(system, tolerance=Tolerance()):  # noqa: B008 - a frozen value
    """Return a number of two states and what is observed, and its gradient with respect to the free parameters."""

    def total(free):
        rows = pointwise(system.beginning)(free[None])
        y0, numbers, *_ = system.begun(rows)
        solve = reverse_solver(system.rhs, system.floor, tolerance)
        states, status = solve(y0, Case(numbers, jnp.zeros((1, 0))), ROUTE)
        return jnp.sum(states**2) + jnp.sum(rows), status

    reference = system.model.reference()._asdict()
    (value, status), gradient = jax.jit(jax.value_and_grad(total, has_aux=True))(
        jnp.array([0.9 * reference[name] for name in system.free])
    )
    assert status[0] == OK
    return float(value), np.asarray(gradient)


def test_code_of_a_shipped_model_is_found_without_a_trace_and_gives_the_same_bits(kept_in, no_trace):
    value, gradient = solved(kinetics())
    no_trace()
    again, likewise = solved(kinetics())
    assert again == value and np.array_equal(likewise, gradient) and np.all(gradient != 0)


@pytest.mark.parametrize(
    "other",
    [
        lambda: solved(kinetics(k_21=0.123)),
        lambda: solved(kinetics(), Tolerance(rtol=3e-5)),
        lambda: solved(kinetics(replace(load_model("volume_kinetics"), begins=""))),
    ],
    ids=["another number is held", "another tolerance", "a model that was changed"],
)
def test_what_differs_is_traced(kept_in, no_trace, other):
    expected = solved(kinetics())
    no_trace()
    assert solved(kinetics())[0] == expected[0]
    with pytest.raises(AssertionError, match="was traced"):
        other()


def test_what_is_not_asked_to_be_looked_up_is_traced(kept_in, no_trace):
    solved(kinetics())
    known._asked.clear()
    no_trace()
    with pytest.raises(AssertionError, match="was traced"):
        solved(kinetics())


@pytest.mark.parametrize("ending", ["json", "o"])
def test_without_the_index_or_the_code_it_is_traced_and_kept_again(kept_in, no_trace, ending):
    expected = solved(kinetics())
    for path in kept_in.glob(f"*.{ending}"):
        path.write_bytes(path.read_bytes()[:-1])  # half a file is none
    found = solved(kinetics())
    assert found[0] == expected[0]
    if ending == "json":
        no_trace()
        assert solved(kinetics())[0] == expected[0]


def test_a_model_file_of_ones_own_has_no_origin(tmp_path):
    own = shutil.copy(models_folder() / "volume_kinetics.py", tmp_path)
    assert origin_of(kinetics(load_model(own)).rhs) is None
    assert origin_of(kinetics().rhs) is not None
    assert origin_of(lambda x: x) is None
    assert origin_of(Rates(kinetics().rhs).jacobian) not in (None, origin_of(kinetics().rhs))


def test_a_source_that_may_have_changed_since_it_was_read_finds_nothing(kept_in, monkeypatch):
    origin = origin_of(kinetics().rhs)
    assert key_of(origin)
    known._sources.cache_clear()
    monkeypatch.setattr(known, "IMPORTED", 0.0)  # as though this process had begun before the sources were written
    assert key_of(origin) == ""


def test_every_source_of_the_package_counts(kept_in, monkeypatch, tmp_path):
    monkeypatch.setattr(known, "PACKAGE", tmp_path / "package")
    inner = tmp_path / "package" / "inner"
    inner.mkdir(parents=True)
    origin, keys = origin_of(kinetics().rhs), []
    for name, text in (("a.py", "1"), ("a.py", "2"), ("b.py", ""), ("c.txt", "")):
        (inner / name).write_text(text)
        known._sources.cache_clear()
        keys.append(key_of(origin))
    assert len(set(keys[:3])) == 3 and keys[3] == keys[2]
