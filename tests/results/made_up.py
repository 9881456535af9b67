"""Finished samplings made up on models that cost next to nothing: no sampler runs in these tests."""

from dataclasses import replace

import numpy as np
import xarray as xr

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient, SetAside
from cls_infer.inference.chains import Draws
from cls_infer.inference.run import Inference
from cls_infer.inference.settings import Settings
from cls_infer.results.provenance import provenance

CHAINS, DRAWS = 4, 150
EVIL, DOLLARS = "<script>alert(1)</script>", '$x_1$ & "co" </svg>'


def infused(name, *, uncharted=False):
    """A patient who gets a litre of Ringer over half an hour; charted or not."""
    amount = {"amount": None, "median": 1.0, "gsd": 1.5} if uncharted else {"amount": 1.0}
    measurements = (
        Measurement(0.0, "hematocrit", 0.42, 2),
        Measurement(0.5, "hematocrit", 0.36, 3, time_sd=0.1),
        Measurement(1.0, "hematocrit", 0.39, 4),
        Measurement(1.0, "plasma_dilution", 0.9, 5, extra_sd=0.01),
        Measurement(2.0, "urine", 0.25, 6, window=2.0),
        Measurement(2.0, "hemoglobin", 100.0, 7, censoring=1),
        Measurement(2.0, "albumin", 30.0, 8),
    )
    therapy = (Event("ringer", 0.0, 0.5, row=2, **amount), Event("bleeding", 1.0, 1.5, 0.1, row=3))
    return Patient(name, {"weight": 70.0, "sex": "male"}, measurements, therapy)


def chart(*names, uncharted=False):
    """A cohort of such patients; the first one's infusion may be uncharted."""
    patients = tuple(infused(name, uncharted=uncharted and n == 0) for n, name in enumerate(names))
    aside = (SetAside(names[0], 9, "hematocrit", "twice at the same time"),)
    return Cohort("infusions", patients, "0" * 64, ("no `patients.csv`",), aside)


def sampled(target, *, seed=0, spread=0.3, searches=None):
    """Made-up independent draws of z about the prior's median, with statistics of a healthy sampler."""
    rng = np.random.default_rng(seed)
    shape = (CHAINS, DRAWS)
    stats = {
        "potential_energy": rng.normal(size=shape),
        "num_steps": np.full(shape, 7),
        "accept_prob": np.full(shape, 0.9),
        "diverging": np.zeros(shape, bool),
        "energy": rng.normal(size=shape),
    }
    dimension = target.pooling.dimension
    z = spread * rng.normal(size=(*shape, dimension))
    seconds = {"compile": 1.0, "start": 2.0, "sample": 3.0}
    return Inference(target, Draws(z, stats), "nuts", seconds, searches=searches)


def origin(model, cohort):
    """Provenance of a made-up fit."""
    return provenance(model, cohort, Settings(draws=DRAWS), command="a test", hidden=0) | {"seconds_total": 6.5}


def many(tree, count):
    """Return the tree of a cohort made of one tree's patients again and again, 24 draws a chain."""
    of = np.arange(count) % tree["posterior"].sizes["patient"]
    patients = [f"P{n:04d}" for n in range(count)]
    groups = {}
    for name, node in tree.children.items():
        one = node.to_dataset()
        one = one.isel(draw=slice(24)) if "draw" in one.dims and name != "prior" else one
        groups[f"/{name}"] = one.isel(patient=of).assign_coords(patient=patients) if "patient" in one.dims else one
    events = groups["/therapy"]
    places = np.repeat(np.arange(events.sizes["event"]), count // tree["posterior"].sizes["patient"])
    groups["/therapy"] = events.isel(event=places).assign(patient=("event", np.resize(patients, len(places))))
    found = xr.DataTree.from_dict(groups)
    found.attrs = dict(tree.attrs)
    return found


def repeated(rows, patient, count):
    """Return a summary as of so many patients like one; to make it anew takes its time."""
    own = [row for row in rows if row.name.endswith(f"[{patient}]")]
    common = [row for row in rows if "[" not in row.name]
    return [*common, *(replace(row, name=f"{row.variable}[P{n:04d}]") for n in range(count) for row in own)]
