"""Reference draws of a shipped case, in the file format of posteriordb.

    python -m benchmarks.reference_posteriors clarkson_a clarkson_episode
    python -m benchmarks.reference_posteriors simulated_8 volume_kinetics --hierarchical k_10,k_12

Ten chains of Hamiltonian Monte Carlo make draws after 1,000 of warmup, by steps for an acceptance of 0.99, solved a
third as coarsely as a fit begins; every tenth (`--every`) is kept, 1,000 a chain. Written are
`data/reference_posteriors/NAME/draws.json.zip`, a list of one object a chain, and `info.json`. Nothing is written that
does not meet the criteria of posteriordb: R-hat below 1.01, no divergence, E-BFMI of each chain above 0.2, and no
correlation beyond 0.05 between neighbours among the draws kept.

It takes an hour or two. With `--checkpoint FOLDER` a session that was killed is gone on with by the same command.
"""

import argparse
import json
import sys
import zipfile
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from arviz_stats.sampling_diagnostics import bfmi

OUT = Path("data") / "reference_posteriors"
CHAINS, KEPT, WARMUP = 10, 1_000, 1_000
RTOL, ACCEPT = 1e-4, 0.99
DIGITS = 7
SECONDS = 20.0
"""Between two writes of a checkpoint."""

PACKAGES = ("cls_infer", "jax", "numpy")


def main() -> None:
    """Sample a case, judge the draws and write them."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("dataset")
    asked.add_argument("model")
    asked.add_argument("--hierarchical", default="", help="parameters that follow a population's law, by commas")
    asked.add_argument("--every", type=int, default=10, help="how many draws are made for one that is kept")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--checkpoint", type=Path, help="a folder of this very case that keeps what is done")
    given = asked.parse_args()
    values, energy, divergences, seconds = sampled(given)
    found = judged(values) | {"divergences": divergences, "bfmi": energy}
    print(json.dumps(found, indent=2), f"{seconds:.0f} s")
    failed = unmet(found)
    if failed:
        raise SystemExit(f"not written: {'; '.join(failed)}")
    folder = OUT / f"{given.dataset}-{given.model}"
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, values, found, given, seconds)


def pooled(given: argparse.Namespace) -> tuple[str, ...]:
    """Return the parameters that follow a law; none where the model says which."""
    return tuple(filter(None, given.hierarchical.split(",")))


def sampled(given: argparse.Namespace) -> tuple[dict[str, np.ndarray], list[float], int, float]:
    """Return the draws kept of every estimated number [chain, draw], E-BFMI by chain, divergences and seconds."""
    from cls_infer.cli.machine import prepare_jax

    prepare_jax()
    from cls_infer.cohort import read_cohort
    from cls_infer.inference.accuracy import tolerance_at
    from cls_infer.inference.checkpoint import Kept
    from cls_infer.inference.hmc import by_hmc
    from cls_infer.inference.method import with_method
    from cls_infer.inference.posteriors import posteriors_of
    from cls_infer.inference.run import chained_part
    from cls_infer.inference.settings import Settings
    from cls_infer.likelihood.posterior import posterior
    from cls_infer.model import load_model
    from cls_infer.results.diagnose import entries
    from cls_infer.results.values import parameter_draws

    model, cohort, count = load_model(given.model), read_cohort(f"data/{given.dataset}"), KEPT * given.every
    target, chosen = with_method(posterior(model, cohort, hierarchical=pooled(given)), given.seed)
    target = replace(target, tolerance=tolerance_at(RTOL, chosen.method))
    settings = Settings(
        chains=CHAINS, draws=count, most_draws=count, warmup=WARMUP, seed=given.seed, target_accept=ACCEPT, method="hmc"
    )
    kept = Kept(given.checkpoint, every=SECONDS)
    (one,) = by_hmc(posteriors_of(target), settings, suffices=lambda number, z: True, report=print, kept=kept)
    part = chained_part(target, one)
    draws = parameter_draws(part.target, part.draws.z[:, given.every - 1 :: given.every])
    values = {label: draws[name].sel(place).values for label, name, place in entries(draws)}
    energy = bfmi(xr.Dataset({"energy": (("chain", "draw"), part.draws.stats["energy"])}))["energy"]
    seconds = sum(part.seconds.values())
    return values, [float(x) for x in np.ravel(energy)], int(part.draws.stats["diverging"].sum()), seconds


def judged(values: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return of draws [chain, draw] by name the worst R-hat, the smallest effective sizes and the largest correlation
    between neighbours."""
    from cls_infer.results.diagnose import convergence

    table = xr.Dataset({name: (("chain", "draw"), value) for name, value in values.items()})
    found = {name: [float(v) for v in one.data_vars.values()] for name, one in convergence(table).items()}
    return {
        "rhat": max(found["rhat"]),
        "ess_bulk": min(found["ess_bulk"]),
        "ess_tail": min(found["ess_tail"]),
        "neighbours": max(map(between_neighbours, values.values())),
    }


def between_neighbours(draws: np.ndarray) -> float:
    """Return the correlation of draws [chain, draw] with those before them."""
    away = draws - draws.mean()
    return float(abs(np.mean(away[:, 1:] * away[:, :-1]) / np.mean(away**2)))


def unmet(found: dict[str, Any]) -> list[str]:
    """Return which criteria of posteriordb draws do not meet."""
    criteria = {
        f"R-hat {found['rhat']:.3f}": found["rhat"] < 1.01,
        f"{found['divergences']} divergences": found["divergences"] == 0,
        f"E-BFMI {min(found['bfmi']):.2f}": min(found["bfmi"]) > 0.2,
        f"correlation {found['neighbours']:.3f} between neighbours": found["neighbours"] < 0.05,
    }
    return [words for words, met in criteria.items() if not met]


def write(
    folder: Path, values: dict[str, np.ndarray], found: dict[str, Any], given: argparse.Namespace, seconds: float
) -> None:
    """Write the draws and what is known of them."""
    chains = [
        {name: [float(f"{x:.{DIGITS}g}") for x in value[number]] for name, value in values.items()}
        for number in range(CHAINS)
    ]
    with zipfile.ZipFile(folder / "draws.json.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(zipfile.ZipInfo("draws.json", (1980, 1, 1, 0, 0, 0)), json.dumps(chains), zipfile.ZIP_DEFLATED)
    info = {
        "name": folder.name,
        "inference": {
            "method": "hmc",
            "chains": CHAINS,
            "draws": KEPT * given.every,
            "warmup": WARMUP,
            "thin": given.every,
            "seed": given.seed,
            "rtol": RTOL,
            "target_accept": ACCEPT,
        },
        "diagnostics": found,
        "hierarchical": pooled(given),
        "command": " ".join(["python -m benchmarks.reference_posteriors", *sys.argv[1:]]),
        "versions": {name: version(name) for name in PACKAGES},
        "seconds": round(seconds),
        "added_date": date.today().isoformat(),
    }
    (folder / "info.json").write_text(json.dumps(info, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
