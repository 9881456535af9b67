"""Parameters nobody would believe: what every model makes of vectors up to six prior standard deviations away.

    ./in-env python -m benchmarks.fuzz_parameters [--vectors 5000] [--seed 1] [MODEL ...]

Prints a row of Markdown a model: how many vectors were solved, how the others ended, and how many gave a log density or
a gradient that is not finite, of which there must be none.
"""

import argparse
import sys
from collections import Counter
from time import perf_counter
from typing import NamedTuple

import jax
import numpy as np

from cls_infer.cohort import ITEMS, VARIABLES
from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.likelihood.batches import over_draws
from cls_infer.likelihood.posterior import FAILED, Posterior, posterior
from cls_infer.model import available, load_model
from cls_infer.solve.lanes import STATUS_WORDS

HOURS = (6.0, 24.0, 48.0)
FARTHEST = 6.0
"""Prior standard deviations."""

GIVEN = (("ringer", 1.0, 3.0, 1.0), ("albumin_20", 4.0, 5.0, 0.1), ("bleeding", 7.0, 8.0, 0.3))
LANES = 256


class Fuzzed(NamedTuple):
    """What became of vectors z [vector, dim]: log density [vector], log-likelihood [vector], whether the gradient is
    finite [vector], the solver's status [vector]."""

    z: np.ndarray
    log_density: np.ndarray
    log_likelihood: np.ndarray
    finite_gradient: np.ndarray
    status: np.ndarray

    @property
    def not_finite(self) -> int:
        """Vectors whose log density or gradient is not finite."""
        return int(np.sum(~(np.isfinite(self.log_density) & self.finite_gradient)))

    @property
    def ends(self) -> dict[str, int]:
        """How many vectors ended how; `refused` were solved to predictions that are not finite."""
        counts = Counter(STATUS_WORDS[int(code)] for code in self.status)
        refused = int(np.sum((self.status == 0) & (self.log_likelihood == FAILED)))
        return {
            **{word: counts[word] for word in STATUS_WORDS.values()},
            "ok": counts["ok"] - refused,
            "refused": refused,
        }


def target_of(name: str) -> Posterior:
    """Return a target of a model with a patient in whom all it predicts was measured, and who was treated."""
    model = load_model(name)
    rows = [
        Measurement(hour, variable, 0.5 * (VARIABLES[variable].low + VARIABLES[variable].high), row, window=window)
        for row, (variable, hour) in enumerate((v, h) for v in model.observables for h in HOURS)
        for window in [6.0 if variable == "urine" else 0.0]
    ]
    given = [Event(item, start, end, amount, row) for row, (item, start, end, amount) in enumerate(GIVEN)]
    if "transmembrane_pressure" in ITEMS:
        given.append(Event("transmembrane_pressure", 0.0, 48.0, 100.0, len(given)))
    patient = Patient("P", {"weight": 70.0}, tuple(rows), tuple(given))
    return posterior(model, Cohort("made up", (patient,), ""))


def vectors(dimension: int, count: int, seed: int) -> np.ndarray:
    """Return vectors [vector, dim], three kinds in turn: anywhere in the cube; most near and few far; one at an end.

    All at once far away is a body that cannot be, and ends early. One far away among usual ones goes on for longest.
    """
    rng = np.random.default_rng(seed)
    anywhere = rng.uniform(-FARTHEST, FARTHEST, (count, dimension))
    near = np.clip(2.0 * rng.standard_normal((count, dimension)), -FARTHEST, FARTHEST)
    one = rng.standard_normal((count, dimension))
    one[np.arange(count), rng.integers(dimension, size=count)] = rng.choice([-FARTHEST, FARTHEST], count)
    return np.stack([anywhere, near, one])[np.arange(count) % 3, np.arange(count)]


def fuzzed(name: str, count: int, *, seed: int) -> Fuzzed:
    """Return what a model makes of so many vectors."""
    target = target_of(name)

    def one(z: jax.Array):
        def value(z: jax.Array):
            terms = target.by_patient(target.pooling.coordinates(z))
            (likelihood,), (health,), (status,) = terms
            return likelihood + health, (likelihood, status)

        (density, others), gradient = jax.value_and_grad(value, has_aux=True)(z)
        return density, gradient, *others

    z = vectors(target.pooling.dimension, count, seed)
    density, gradient, likelihood, status = over_draws(one, z, patients=1, lanes=LANES)
    return Fuzzed(z, density, likelihood, np.all(np.isfinite(gradient), axis=1), status)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=available())
    parser.add_argument("--vectors", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    jax.config.update("jax_enable_x64", True)
    words = [*STATUS_WORDS.values(), "refused"]
    print(f"| model | vectors | {' | '.join(words)} | not finite |")
    print(f"|---|{'---|' * (len(words) + 2)}")
    for name in asked.models:
        begun = perf_counter()
        found = fuzzed(name, asked.vectors, seed=asked.seed)
        counts = " | ".join(str(found.ends[word]) for word in words)
        print(f"| `{name}` | {asked.vectors} | {counts} | {found.not_finite} |", flush=True)
        print(f"{name}: {perf_counter() - begun:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
