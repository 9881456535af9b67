"""`python -m benchmarks.sampling ROAD PATIENTS [POOLED]` prints a row of CSV; without arguments, header and roads.

POOLED are parameters, by commas, that follow a population's law: the patients then are one posterior.

A line is one process and wall-clock seconds; no persistent cache is used. Run lines of one comparison one after
another, and trust their ratios.
"""

import sys

import jax

from .cohort import cohort_of
from .emcee_scipy import emcee_scipy
from .on_diffrax import numpyro_diffrax, nutpie_diffrax
from .on_stan import stan_rk45
from .ours import hmc, importance, nuts, two_stages
from .sampled import Road

ROADS: dict[str, Road] = {
    road.__name__: road
    for road in (importance, nuts, hmc, two_stages, numpyro_diffrax, nutpie_diffrax, stan_rk45, emcee_scipy)
}
HEADER = "road,patients,smallest effective size,seconds,compiling,effective draws a second,with compilation,nats,note"


def main() -> None:
    """Run one road and print its row."""
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in ROADS:
        print(HEADER)
        sys.exit(f"usage: python -m benchmarks.sampling ROAD PATIENTS [POOLED], with ROAD one of {', '.join(ROADS)}")
    jax.config.update("jax_enable_x64", True)
    road, patients, pooled = sys.argv[1], int(sys.argv[2]), tuple(filter(None, "".join(sys.argv[3:]).split(",")))
    found = ROADS[road](cohort_of(patients, pooled))
    posteriors = 1 if pooled else patients
    draws, whole = found.effective * posteriors, found.seconds + found.compiling
    rates = f"{draws / found.seconds:.1f},{draws / whole:.1f}"
    print(
        f"{road},{patients},{found.effective:.0f},{found.seconds:.2f},{found.compiling:.2f},{rates},{found.nats:.1e},{found.note}"
    )


if __name__ == "__main__":
    main()
