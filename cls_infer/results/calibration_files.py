"""The folder of a calibration: every rank, the picture, and a manifest that says whose they are."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

from ..printable import cell
from .calibration import Calibration, Ranked
from .calibration_plot import ecdf_figure
from .store import CHECKPOINT, check_free, is_unfinished

FORMAT = "cls_infer calibration 1"
RANKS, PICTURES, MANIFEST = "ranks.csv", ("ecdf.png", "ecdf.svg"), "manifest.json"


def save_calibration(found: Calibration, folder: Path | str) -> Path:
    """Write the folder and return it; the manifest, written last, marks it whole.

    Into the folder of an unfinished calibration its end is written, and its checkpoint goes.

    Raises:
        InputError: the folder holds something already.
    """
    folder = Path(folder)
    if not is_unfinished(folder):
        check_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write_ranks(found, folder / RANKS)
    if found.quantities:
        figure = ecdf_figure(found.quantities)
        for name in PICTURES:
            figure.savefig(folder / name, metadata={"Date": None} if name.endswith("svg") else {"Software": None})
    manifest = {"format": FORMAT, **calibration_json(found, folder), "provenance": found.provenance}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    return folder


def calibration_json(found: Calibration, folder: Path | None) -> dict[str, Any]:
    """Return a calibration as one JSON object."""
    return {
        "run": str(folder) if folder else None,
        "verdict": "ok" if found.verdict.ok else list(found.verdict.unmet),
        **found.verdict.numbers,
        "draws": found.draws,
        "seconds": {"total": found.seconds, **found.refits.seconds},
        "constant": list(found.constant),
        "ranked_quantities": {one.name: _as_json(one) for one in found.quantities},
    }


def _as_json(one: Ranked) -> dict[str, Any]:
    return {
        "uniform": one.uniform,
        "p": one.p,
        "p_adjusted": one.adjusted,
        "inside50": one.inside50,
        "inside90": one.inside90,
        "reads": "" if one.uniform else one.reads,
        "same": list(one.same),
    }


def _write_ranks(found: Calibration, path: Path) -> None:
    """Write a row for each fit: which patient it is like, by which road, what speaks for it, and every rank."""
    there = iter(range(len(found.quantities[0].rank))) if found.quantities else iter(())
    refits = found.refits
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["fit", "road", "khat", "effective", *(cell(one.name) for one in found.quantities)])
        for fit, drawn in enumerate(refits.there):
            place = next(there) if drawn else None
            held = ["" if place is None else int(one.rank[place]) for one in found.quantities]
            told = (f"{number:.4g}" for number in (refits.khat[fit], refits.effective[fit]))
            rows.writerow([cell(found.patients[fit]), refits.road[fit], *told, *held])
