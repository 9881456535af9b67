"""Effective draws per second of each road, beside NumPyro's NUTS on diffrax: same patients, same likelihood.

Patients of volume kinetics after Ringer, simulated from the prior, each with unknowns of its own. Every line is one
process: `python -m benchmarks.sampling ROAD PATIENTS`, with ROAD one of importance, nuts, numpyro_diffrax; it prints a
row of CSV. Times are wall-clock, with tracing and compilation apart; no persistent cache is used.
"""

import sys
from dataclasses import replace
from time import perf_counter

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import numpyro
from arviz_stats.base.array import array_stats

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.inference.apart import Apart
from cls_infer.inference.certified import Certify, by_importance
from cls_infer.inference.run import infer, of_patients
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import Posterior, posterior
from cls_infer.model import load_model
from cls_infer.results.diagnose import certified, converged
from cls_infer.results.pareto import smoothed
from cls_infer.solve.lanes import Case, Route, inputs_along
from cls_infer.solve.predict import predictor

HOURS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
WARMUP, DRAWS, CHAINS = 500, 500, 4


def cohort_of(count: int) -> Posterior:
    """Return patients given 1.75 L of Ringer in half an hour, their haemoglobin drawn at truths from the prior."""
    model = load_model("volume_kinetics")
    rows = tuple(Measurement(t, "hemoglobin", 100.0, i) for i, t in enumerate(HOURS))
    given = (Event("ringer", 0.0, 0.5, 1.75, 1),)
    blank = Cohort(
        "simulated",
        tuple(Patient(f"P{i:04d}", {"weight": 70.0, "sex": "male"}, rows, given) for i in range(count)),
        "",
    )
    design = posterior(model, blank, per_patient=tuple(model.parameters))
    rng = np.random.default_rng(7)
    coordinates = design.pooling.coordinates(jnp.asarray(0.7 * rng.standard_normal(design.pooling.dimension)))
    mean = np.asarray(jax.jit(design.predicted)(coordinates).mean)
    measured = mean + 3.0 * rng.standard_normal(mean.shape)
    patients = tuple(
        replace(p, measurements=tuple(replace(m, value=float(v)) for m, v in zip(p.measurements, row, strict=True)))
        for p, row in zip(blank.patients, measured, strict=True)
    )
    return posterior(model, replace(blank, patients=patients), per_patient=tuple(model.parameters))


def fewest(z: np.ndarray) -> float:
    """Return the smallest bulk effective size of draws z [chain, draw, dim]."""
    return min(float(array_stats.ess(z[..., i], chain_axis=0, draw_axis=1)) for i in range(z.shape[-1]))


def importance(target: Posterior) -> tuple[float, float, str]:
    """Weighed draws: the smallest effective size, the seconds after compilation, and how many lack a certificate."""
    apart = Apart(target)
    settings = Settings(chains=CHAINS, draws=DRAWS)
    some = np.zeros((1, apart.dimension)), np.zeros(1, int)
    apart.log_posterior(*some), apart.expand(*some)  # compiled
    exact = []
    begun = perf_counter()
    found = by_importance(apart, settings, certify=Certify(smoothed, certified), report=exact.append)
    spent = perf_counter() - begun
    return float(found.certificate.effective.min()), spent, f"{len(apart.names) - len(found.which)} uncertified"


def nuts(target: Posterior) -> tuple[float, float, str]:
    """NUTS of this package, patient after patient; the seconds are those after compilation."""
    sizes, spent = [], 0.0
    settings = Settings(chains=CHAINS, draws=DRAWS, method="nuts")
    for number in range(len(target.plan.patients)):
        one = infer(of_patients(target, [number]), settings, enough=converged)
        sizes.append(fewest(one.draws.z))
        spent += one.seconds["sample"]
    return min(sizes), spent, ""


def by_diffrax(target: Posterior) -> Posterior:
    """Return the target whose courses diffrax solves, Tsit5 at 1e-6, vmapped, with its default adjoint."""

    def one(y0, numbers, start, stops, u):
        def rhs(t, y, _):
            return target.system.rhs(t, y, numbers, u[jnp.minimum(jnp.searchsorted(stops, t), len(stops) - 1)])

        control = diffrax.PIDController(rtol=1e-6, atol=1e-8, jump_ts=stops)
        found = diffrax.diffeqsolve(
            diffrax.ODETerm(rhs),
            diffrax.Tsit5(),
            start,
            stops[-1],
            None,
            y0,
            saveat=diffrax.SaveAt(ts=stops),
            stepsize_controller=control,
            max_steps=4096,
            throw=False,
        )
        return found.ys, jnp.where(found.result == diffrax.RESULTS.successful, 0, 1)

    def solve(y0, case: Case, route: Route):
        u = inputs_along(route.forcing, case.amounts)
        return jax.vmap(one)(y0, case.numbers, jnp.asarray(route.start), jnp.asarray(route.stops), u)

    solved = replace(target)
    solved.__dict__["predict"] = predictor(target.system, solve, jax.vmap(target.system.observe))
    return solved


def numpyro_diffrax(target: Posterior) -> tuple[float, float, str]:
    """NumPyro's own NUTS with its own adaptation on diffrax's solves, all patients in one model."""
    solved = by_diffrax(target)
    kernel = numpyro.infer.NUTS(solved.numpyro_model(), target_accept_prob=0.8)
    options = {"num_chains": CHAINS, "chain_method": "vectorized", "progress_bar": False}
    sampler = numpyro.infer.MCMC(kernel, num_warmup=WARMUP, num_samples=DRAWS, **options)
    begun = perf_counter()
    sampler.run(jax.random.key(1))
    z = np.asarray(sampler.get_samples(group_by_chain=True)["z"])
    return fewest(z), perf_counter() - begun, "compilation included"


def main() -> None:
    """Run one road and print its row."""
    jax.config.update("jax_enable_x64", True)
    road, patients = sys.argv[1], int(sys.argv[2])
    target = cohort_of(patients)
    begun = perf_counter()
    size, seconds, note = {"importance": importance, "nuts": nuts, "numpyro_diffrax": numpyro_diffrax}[road](target)
    total = perf_counter() - begun
    print(f"{road},{patients},{size:.0f},{seconds:.2f},{total:.2f},{size * patients / seconds:.1f},{note}")


if __name__ == "__main__":
    main()
