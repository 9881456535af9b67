"""NumPyro's NUTS, and nutpie's, on courses solved by diffrax."""

from dataclasses import replace
from time import perf_counter

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer import MCMC, NUTS

from cls_infer.inference.run import of_patients
from cls_infer.likelihood.posterior import Posterior
from cls_infer.solve.lanes import Case, Route, inputs_along
from cls_infer.solve.predict import predictor

from .exact import error_in_nats
from .sampled import CHAINS, DRAWS, WARMUP, Sampled, fewest


def by_diffrax(target: Posterior) -> Posterior:
    """Return the target whose courses diffrax solves, Tsit5 at 1e-6, vmapped, with its default adjoint."""

    def one(y0, numbers, start, stops, u):
        def rhs(t, y, _):
            return target.system.rhs(t, y, numbers, u[jnp.minimum(jnp.searchsorted(stops, t), len(stops) - 1)])

        control = diffrax.PIDController(rtol=1e-6, atol=1e-8, jump_ts=stops)
        term, saved = diffrax.ODETerm(rhs), diffrax.SaveAt(ts=stops)
        options = {"saveat": saved, "stepsize_controller": control, "max_steps": 4096, "throw": False}
        found = diffrax.diffeqsolve(term, diffrax.Tsit5(), start, stops[-1], None, y0, **options)
        return found.ys, jnp.where(found.result == diffrax.RESULTS.successful, 0, 1)

    def solve(y0, case: Case, route: Route):
        u = inputs_along(route.forcing, case.amounts)
        return jax.vmap(one)(y0, case.numbers, jnp.asarray(route.start), jnp.asarray(route.stops), u)

    solved = replace(target)
    solved.__dict__["predict"] = predictor(target.system, solve, jax.vmap)
    return solved


def numpyro_diffrax(target: Posterior) -> Sampled:
    """NumPyro's NUTS with its own adaptation, all patients in one model; run twice, the second time compiled."""
    kernel = NUTS(by_diffrax(target).numpyro_model(), target_accept_prob=0.8)
    options = {"num_chains": CHAINS, "chain_method": "vectorized", "progress_bar": False}
    sampler = MCMC(kernel, num_warmup=WARMUP, num_samples=DRAWS, **options)
    begun = perf_counter()
    sampler.run(jax.random.key(1))
    jax.block_until_ready(sampler.get_samples())
    once = perf_counter()
    sampler.run(jax.random.key(2))
    z = np.asarray(sampler.get_samples(group_by_chain=True)["z"])
    spent = perf_counter() - once
    return Sampled(fewest(z), spent, max(once - begun - spent, 0.0), _error(target))


def nutpie_diffrax(target: Posterior) -> Sampled:
    """nutpie's NUTS on the same log density, patient after patient, a chain a core."""
    import nutpie
    from nutpie.compiled_pyfunc import from_pyfunc

    sizes, spent, compiling = [], 0.0, 0.0
    for number in range(len(target.plan.patients)):
        begun = perf_counter()
        solved = by_diffrax(of_patients(target, [number]))
        dimension = solved.pooling.dimension
        both = jax.jit(jax.value_and_grad(lambda z, one=solved: one.log_factor(z) - 0.5 * jnp.sum(z**2)))
        jax.block_until_ready(both(jnp.zeros(dimension)))

        def log_density(z, both=both):
            value, slope = both(z)
            return float(value), np.asarray(slope)

        model = from_pyfunc(
            dimension, lambda f=log_density: f, lambda *_: lambda z: {"z": z}, [np.dtype(float)], [(dimension,)], ["z"]
        )
        compiled = perf_counter()
        options = {"draws": DRAWS, "tune": WARMUP, "chains": CHAINS, "cores": 2, "seed": 1, "progress_bar": False}
        found = nutpie.sample(model, **options)
        spent += perf_counter() - compiled
        compiling += compiled - begun
        sizes.append(fewest(np.asarray(found.posterior["z"])))
    return Sampled(min(sizes), spent, compiling, _error(target))


def _error(target: Posterior) -> float:
    one = by_diffrax(of_patients(target, [0]))
    # with its gradient, as it is sampled: of the value alone XLA cannot compile diffrax's checks
    both = jax.jit(jax.value_and_grad(lambda z: one.log_factor(z) - 0.5 * jnp.sum(z**2)))
    return error_in_nats(target, lambda z: float(both(jnp.asarray(z))[0]))
