"""At its default tolerance the solver agrees with diffrax at a tight one, through every breakpoint."""

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from courses import give, values_of, whole_system

from cls_infer.model import load_model
from cls_infer.solve.lanes import Case, Tolerance
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import reverse_solver

HOURS = (0.25, 1.0, 2.0, 6.0, 11.0, 18.0, 24.0, 30.0, 48.0, 72.0, 96.0)
THERAPY = [
    give("ringer", 0.5, 2.5, 1.5),
    give("albumin_20", 6.0, 6.5, 0.1),
    give("bleeding", 10.0, 10.5, 0.4),
    give("oral_intake", 12.0, 40.0, 0.3),
    give("norepinephrine", 20.0, 30.0, 0.2),
    give("red_cells", 26.0, 28.0, 0.36),
]
SICK = {
    "two_pore": {"m_L": 9.0},
    "ang2_two_pore": {"a_C": 2.0, "t_0": 8.0, "D": 24.0, "w_C": 1.5, "intake_attack": 0.2, "g_s": 0.1},
    "clarkson_episode": {"M": 11.0, "t_0": 8.0, "D": 24.0, "w_on": 1.5, "intake_attack": 0.2},
}


def by_diffrax(system, route, y0, numbers):
    """States at the stops, solved stop to stop by an explicit method of order 5."""

    def leg(y, piece):
        begin, end, u = piece
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(lambda t, y, u: system.rhs(t, y, numbers, u)),
            diffrax.Tsit5(),
            t0=begin,
            t1=end,
            dt0=None,
            y0=y,
            args=u,
            stepsize_controller=diffrax.PIDController(rtol=1e-10, atol=1e-12),
            max_steps=20_000,
            saveat=diffrax.SaveAt(t1=True),
        )
        return solution.ys[0], solution.ys[0]

    stops = route.stops[0]
    begin = jnp.concatenate([route.start, stops[:-1]])
    # a stop at the start has no length
    return jax.lax.scan(leg, y0, (begin, stops, route.forcing.charted[0]))[1]


@pytest.fixture(scope="module", params=SICK)
def sick(request):
    """System, route, and where diffrax goes."""
    system = whole_system(load_model(request.param))
    route = jax.tree.map(jnp.asarray, stack_routes([route_of(0.0, HOURS, THERAPY, slots=0)]))
    y0, numbers = jax.vmap(system.prepare)(values_of(system, [SICK[request.param]]))
    other = jax.jit(lambda y, n: by_diffrax(system, route, y, n))(y0[0], numbers[0])
    return system, route, y0, numbers, np.asarray(other)


# at the default tolerance of a fit, and at that of a simulation
@pytest.mark.parametrize("tolerance", [Tolerance(), Tolerance(rtol=1e-8, atol=1e-10, max_steps=5000)])
def test_another_solver_agrees(sick, tolerance):
    system, route, y0, numbers, other = sick
    solve = jax.jit(reverse_solver(system.rhs, system.floor, tolerance))
    states, status = solve(y0, Case(numbers, jnp.zeros((1, 0))), route)
    assert int(status[0]) == 0
    # the tolerance is that of one step; the course forgets most of what single steps leave
    np.testing.assert_allclose(states[0], other, rtol=3 * tolerance.rtol, atol=3 * tolerance.atol)
