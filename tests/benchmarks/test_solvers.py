"""The comparison of solvers: its measures on cases whose answer is known, and its page against its numbers."""

import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.solvers import batched, clock, judge, lead, page, singly, table
from benchmarks.solvers.exact import Exact, errors
from benchmarks.solvers.one_lane import callbacks, radau
from benchmarks.solvers.ours import by_machine, tolerance_of
from benchmarks.solvers.problem import Chart, Problem, chart_of, log_likelihood
from benchmarks.solvers.solved import Batched, OneAtATime, Solved
from benchmarks.solvers.stiff import hires, van_der_pol
from benchmarks.solvers.table import Row
from cls_infer.solve.rosenbrock import ROS34PW2
from cls_infer.solve.tsit5 import TSIT5

ROOT = Path(__file__).parents[2]


def decay() -> Problem:
    """dy/dt = -k y from 1, to time 2 in four stops: e^(-k t), exactly."""
    return Problem(
        name="decay",
        about="one state",
        rhs=lambda t, y, numbers, u: -numbers[:1] * y,
        prepare=lambda values: (jnp.ones(1), jnp.stack(values)),
        draw=lambda spread, lanes: (jnp.linspace(0.5, 1.5, lanes),),
        center=(jnp.ones(1),),
        floor=np.array([-np.inf]),
        u=np.zeros(1),
        start=0.0,
        times=np.linspace(0.5, 2.0, 4),
    )


def exactly(problem: Problem, values: tuple) -> Exact:
    states = np.exp(-np.asarray(values[0])[:, None, None] * problem.times[None, :, None])
    return Exact(states, np.ones(len(states), bool), 0.0)


def off_by(share: float) -> Batched:
    """A solver of `decay` that is wrong by a known share everywhere, and says it took three steps."""
    times = decay().times

    def solve(values, rtol):
        states = (1 + share) * jnp.exp(-values[0][:, None, None] * times[None, :, None])
        lanes = len(values[0])
        return Solved(states, jnp.ones(lanes, bool), jnp.full(lanes, 3))

    return Batched("off", (1e-3,), solve)


def given_of(problem: Problem, lanes: int, gradient: np.ndarray | None = None) -> batched.Given:
    values = problem.draw("posterior", lanes)
    exact = exactly(problem, values)
    return batched.Given("posterior", values, chart_of(exact.states, lanes), exact, gradient)


def test_a_solver_wrong_by_a_known_share_is_told_so_in_error_and_in_nats():
    problem, lanes, share = decay(), 3, 1e-3
    given = given_of(problem, lanes)
    (row,) = batched.rows(problem, [off_by(share)], [given], [])
    assert row.worst_error == pytest.approx(share, rel=1e-9)
    # at the first order a shift of share / noise standard deviations moves each point by that times its residual
    residual = np.asarray((given.chart.seen - given.exact.states[..., 0]) / given.chart.sd)
    shift = share / 0.05
    nats = np.abs(np.sum(residual * shift - shift**2 / 2, axis=1))
    assert row.worst_nats == pytest.approx(nats.max(), rel=1e-9)
    assert row.median_nats == pytest.approx(np.median(nats), rel=1e-9)
    assert (row.judged, row.failed, row.lanes) == (3, 0, 3)
    assert (row.steps_p50, row.steps_max) == (3, 3)
    assert all((row.value_us, row.gradient_us, row.gradient_runs, row.value_trace_s, row.gradient_compile_s))


def test_the_gradient_timed_is_the_likelihoods():
    problem = decay()
    given = given_of(problem, 2)
    solve = by_machine(problem, TSIT5, tolerance_of(problem, 1e-9))
    each, (slope,) = batched.gradient_of(Batched("ours", (1e-9,), solve))(given.values, 1e-9, given.chart)

    def by_hand(k, seen, sd):
        return -0.5 * jnp.sum(((seen - jnp.exp(-k * problem.times)) / sd) ** 2)

    expected, slopes = jax.vmap(jax.value_and_grad(by_hand))(given.values[0], given.chart.seen, given.chart.sd)
    np.testing.assert_allclose(each, expected, rtol=1e-6)
    np.testing.assert_allclose(slope, slopes, rtol=1e-6)
    assert judge.of_gradient((1.01 * slope,), np.asarray(slope)[None], np.ones(2, bool)) == {
        "gradient_error": pytest.approx(0.01)
    }


def test_a_lane_that_was_not_solved_is_counted_and_not_averaged():
    truth = np.ones((3, 4, 1))
    states = truth.copy()
    states[1] = np.nan
    states[2] *= 2
    exact = Exact(truth, np.array([True, True, True]), 0.0)
    told = judge.of_states(states, np.array([True, True, False]), exact, chart_of(truth, 3))
    assert (told["judged"], told["failed"], told["worst_error"]) == (3, 2, 0.0)
    unknown = exact._replace(ok=np.array([True, False, False]))
    assert judge.of_states(states, np.ones(3, bool), unknown, chart_of(truth, 3))["failed"] == 0


def test_a_small_value_is_judged_by_a_hundredth_of_the_states_largest():
    exact = np.array([[[1.0], [1e-9]]])
    assert errors(np.array([[[1.0], [1.001e-4]]]), exact) == pytest.approx([1e-2], rel=2e-3)


def test_a_chart_scatters_by_five_percent_and_repeats_for_lanes_not_judged():
    chart = chart_of(np.full((500, 4, 2), 3.0), 501)
    assert np.std(chart.seen - 3.0) == pytest.approx(0.15, rel=0.1)
    np.testing.assert_array_equal(chart.seen[500], chart.seen[0])
    perfect = Chart(chart.state, jnp.full((501, 4), 3.0), chart.sd)
    np.testing.assert_array_equal(log_likelihood(jnp.full((501, 4, 2), 3.0), perfect), np.zeros(501))


def test_medians_are_of_awaited_runs_that_take_turns(monkeypatch):
    now, turns = [0.0], []
    monkeypatch.setattr(clock, "perf_counter", lambda: now[0])

    def job(name, lasts):
        turns.append(name)
        now[0] += lasts

    timed = clock.in_turns({"a": (job, ("a", 0.0)), "b": (job, ("b", 2.0))}, rounds=3, budget=3.0)
    assert "".join(turns) == "ababa"  # b had used its time up after two
    assert (timed["a"].runs, timed["b"].runs) == (3, 2)
    assert timed["b"].seconds == 2.0


def test_a_run_is_awaited_and_a_compiled_function_is_the_function():
    seconds, result = clock.awaited(jnp.add, 1, 2)
    assert seconds > 0 and result == 3
    assert clock.compiled(lambda x: x + 1, 1.0).run(1.0) == 2


def test_what_would_take_too_long_is_left_out_with_a_reason_and_not_dropped():
    problem = decay()
    before = [Row("decay", "posterior", 1, "off", 1e-3, value_us=1e8, gradient_us=1e8)]
    (row,) = batched.rows(problem, [off_by(0.0)], [given_of(problem, 2)], before)
    assert row.gradient_us is None and row.note.startswith("left out: about 400 s")
    slow = [before[0]._replace(value_us=1.0, gradient_us=1.0, gradient_compile_s=100.0)]
    (row,) = batched.rows(problem, [off_by(0.0)], [given_of(problem, 2)], slow)
    assert "compiling took 100 s" in row.note


def test_one_lane_at_a_time_says_how_many_lanes_stand_for_all():
    problem = decay()

    def solve(y0, numbers, rtol):
        return np.exp(-numbers[0] * problem.times)[:, None], True, 7

    rows = singly.rows(problem, [OneAtATime("one", (1e-6,), solve)], given_of(problem, 5), (1, 5))
    assert [row.lanes for row in rows] == [1, 5]
    assert rows[1].worst_error == pytest.approx(0, abs=1e-12) and rows[1].judged == 5 and rows[1].steps_p99 == 7
    assert "mean of 5 lanes" in rows[1].note and rows[1].gradient_us is None


@pytest.mark.parametrize("problem", [van_der_pol(), hires()], ids=lambda p: p.name)
def test_the_stiff_equations_end_where_the_published_ones_do(problem):
    y0, numbers = problem.prepare(tuple(c[0] for c in problem.center))
    states, ok, _ = radau(problem, *callbacks(problem))(np.asarray(y0), np.asarray(numbers), 1e-9)
    assert ok
    np.testing.assert_allclose(states[-1], problem.end, rtol=1e-6)
    solve = by_machine(problem, ROS34PW2, tolerance_of(problem, 1e-6))
    ours = solve(problem.center, 1e-6)
    assert bool(ours.ok[0])
    # a third-order method at 1e-6: the phase of the oscillation carries the error of some thousand steps
    np.testing.assert_allclose(ours.states[0, -1], problem.end, rtol=2e-3)


def test_a_table_comes_back_as_it_was_written(tmp_path):
    rows = [
        Row("p", "posterior", 64, "s", 1e-6, value_us=1.25, judged=64, failed=0, note="a, b"),
        Row("p", "x", 1, "s", 3e-4),
    ]
    table.write(rows, tmp_path / "new" / "p.csv")
    assert table.read(tmp_path / "new" / "p.csv") == rows
    assert rows[1].label == "s 3e-4"


def row(solver: str, rtol: float, gradient_us: float, nats: float, failed: int = 0) -> Row:
    return Row("p", "posterior", 1024, solver, rtol, gradient_us=gradient_us, judged=9, failed=failed, worst_nats=nats)


def test_the_lead_is_the_fastest_of_ours_that_is_right():
    rows = [
        row("machine A", 1e-3, 1.0, 0.06),
        row("machine A", 1e-4, 2.0, 0.01, failed=1),
        row("machine A", 1e-5, 4.0, 0.05),
        row("xla A", 1e-5, 9.0, 0.0),
        row("diffrax Tsit5", 1e-6, 40.0, 0.001),
        row("diffrax Kvaerno5", 1e-4, 8.0, 0.001),
        row("diffrax Kvaerno5", 1e-3, 0.1, math.inf),
    ]
    (found,) = lead.leads(rows)
    assert (found.ours, found.yardstick, found.theirs) == (rows[2], rows[4], rows[5])
    assert lead.ratio(found.yardstick, found.ours) == 10 and lead.ratio(found.theirs, None) is None


def test_the_page_is_what_the_committed_numbers_say():
    there = (ROOT / "docs" / "benchmarks.md").read_text()
    assert there == page.text(table.RESULTS), "write it again: ./in-env python -m benchmarks.solvers page"
