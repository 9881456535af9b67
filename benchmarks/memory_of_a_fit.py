"""How much memory a fit takes after sampling: tree, verdict, report, run folder, each in a process of its own.

    python -m benchmarks.memory_of_a_fit data/clarkson_a clarkson_episode --draws 1000 4000
    python -m benchmarks.memory_of_a_fit data/dialyzer dialyzer --draws 500 --copies 50

Draws are made up about the prior's median: what is computed of them, and kept, is what it is of sampled ones.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

CHAINS = 4


def peak() -> float:
    """Return the most memory that this process has held [MB]."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1e3


def measure(dataset: str, model_name: str, draws: int, copies: int, *, on_disk: bool) -> dict[str, float]:
    """Return the peaks [MB] after loading, after the tree and after the run folder; and the size of the tree."""
    from cls_infer.cli.machine import prepare_jax

    prepare_jax()
    import numpy as np

    from cls_infer.cohort.read import read_cohort
    from cls_infer.inference.chains import Draws
    from cls_infer.inference.run import Inference
    from cls_infer.inference.settings import Settings
    from cls_infer.likelihood.posterior import posterior
    from cls_infer.model import load_model
    from cls_infer.results.fitted import conclude
    from cls_infer.results.provenance import provenance
    from cls_infer.results.store import save

    cohort, model = read_cohort(dataset), load_model(model_name)
    patients = [replace(p, name=f"{p.name}-{n}") for n in range(copies) for p in cohort.patients]
    cohort = replace(cohort, patients=tuple(patients))
    target = posterior(model, cohort, per_patient=tuple(model.parameters))
    rng = np.random.default_rng(1)
    shape = (CHAINS, draws, len(patients))
    stats = {name: rng.normal(size=shape) for name in ("potential_energy", "energy")}
    stats |= {"num_steps": np.full(shape, 7), "accept_prob": np.full(shape, 0.9), "diverging": np.zeros(shape, bool)}
    z = 0.3 * rng.standard_normal((*shape[:2], target.pooling.dimension))
    part = Inference(target, Draws(z, stats), "nuts", {}, numbers=tuple(range(len(patients))))
    origin = provenance(model, cohort, Settings(draws=draws), command="", hidden=0)
    before = peak()
    with tempfile.TemporaryDirectory() as folder:
        place = {"store": Path(folder) / "large.zarr"} if on_disk else {}
        fit = conclude([part], provenance=origin, **place)
        built = peak()
        size = sum(node.to_dataset().nbytes for node in fit.tree.children.values()) / 1e6
        save(fit, Path(folder) / "run")
    return {"patients": len(patients), "before": before, "tree": built, "saved": peak(), "size": size}


def main() -> None:
    """Print one row for each number of draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("model")
    parser.add_argument("--draws", type=int, nargs="+", default=[1000], help="of each of four chains")
    parser.add_argument("--copies", type=int, default=1, help="how often every patient of the data set is there")
    parser.add_argument("--in-memory", action="store_true", help="as the Python interface fits without a checkpoint")
    asked = parser.parse_args()
    print("patients  draws a chain  tree [MB]  loaded [MB]  with tree [MB]  saved [MB]")
    for draws in asked.draws:
        call = f"measure({asked.dataset!r}, {asked.model!r}, {draws}, {asked.copies}, on_disk={not asked.in_memory})"
        code = f"import json; from benchmarks.memory_of_a_fit import measure; print(json.dumps({call}))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        one = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{one['patients']:8d}  {draws:13d}  {one['size']:9.0f}  {one['before']:11.0f}  {one['tree']:14.0f}  "
            f"{one['saved']:10.0f}"
        )


if __name__ == "__main__":
    main()
