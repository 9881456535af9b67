"""Patients' lanes are shared out over the devices of a machine by JAX's own sharding, and no draw changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import hashlib
import sys
from pathlib import Path
import jax
sys.path.insert(0, "tests")
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_compilation_cache_dir", ".cache/jax")
from inference.conftest import simulated
from cls_infer.inference.settings import Settings
from cls_infer.model import load_model
from cls_infer.scale.fit import fit_cohort
settings = Settings(method="laplace", chains=2, draws=60)
cohort, model = simulated(("A", "B", "C"), seed=5), load_model("volume_kinetics")
run = fit_cohort(cohort, model, sys.argv[1], settings=settings, workers="here")
drawn = run.dataset("posterior").sortby("patient").load()
print(len(jax.devices()), hashlib.sha256(b"".join(drawn[name].values.tobytes() for name in sorted(drawn))).hexdigest())
"""


def printed(devices, folder):
    """Return how many devices a process saw, and the digest of all draws that it made."""
    environment = os.environ | {"XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    call = [sys.executable, "-c", PROGRAM, str(folder / str(devices))]
    done = subprocess.run(call, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.slow
def test_the_number_of_devices_changes_no_draw(tmp_path):
    (one, draws), (three, same) = printed(1, tmp_path), printed(3, tmp_path)
    assert (one, three) == ("1", "3") and draws == same
