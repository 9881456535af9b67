"""The run folder: the tree as Zarr, the summary as CSV, the page, and a manifest that says whose it is.

While a fit goes on, and after one that was interrupted, it also holds the checkpoint from which the fit can go on.
"""

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import xarray as xr

from ..errors import InputError, Problem
from ..printable import CONTROL
from .diagnose import diagnose
from .fitted import Fit, fit_json
from .harmless import check_arrays, check_own_files
from .report import render
from .streamed import is_large, read
from .summary import to_csv

FORMAT = "cls_infer run 3"
COHORT_FORMAT = "cls_infer cohort 1"
"""That of a cohort fitted by workers, which is not one tree."""
POPULATION_FORMAT = "cls_infer population 1"
"""That of a population of such a cohort, which holds no patient's draws."""
TREE, SUMMARY, MANIFEST, REPORT, LOG = "fit.zarr", "summary.csv", "manifest.json", "report.html", "log.jsonl"
CHECKPOINT = "checkpoint"
UNREADABLE = (OSError, ValueError, RecursionError)


def check_free(folder: Path | str) -> Path:
    """Return the folder as a path if a new run may be written there: not there, empty, or holding a log.

    Raises:
        InputError: something is there already; nothing is ever overwritten.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise InputError([Problem(str(folder), "is a file, not a folder", remedy="choose another `--out`")])
    found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if set(found) - {LOG} or (folder / LOG).is_symlink():
        what = "holds a run already" if MANIFEST in found else f"is not empty: it holds `{found[0]}`"
        remedy = "choose another `--out`, or move it away first"
        if is_unfinished(folder):
            what, remedy = "holds an unfinished fit", f"`cls-infer resume {folder}` goes on with it, or {remedy}"
        raise InputError([Problem(str(folder), what, remedy=remedy)])
    return folder


def is_unfinished(folder: Path) -> bool:
    """Return whether the folder is of a fit that can go on: killed, interrupted, or at work."""
    if not (folder / CHECKPOINT).is_dir():
        return False
    try:
        written = _manifest_in(folder)
    except UNREADABLE:
        return True
    return written.get("format") in (FORMAT, COHORT_FORMAT) and not written.get("numbers", {}).get("complete", True)


def _manifest_in(folder: Path) -> dict[str, Any]:
    written = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(written, dict):
        raise ValueError(f"a manifest that is a {type(written).__name__}")
    return written


def save(fit: Fit, folder: Path | str) -> Fit:
    """Write the run folder and return the fit that knows it; the manifest, written last, marks it whole.

    Into the folder of an unfinished fit its end is written, and its checkpoint goes; that of an interrupted one stays.

    Raises:
        InputError: the folder holds something already.
    """
    folder = Path(folder)
    if is_unfinished(folder):
        _clear(folder)
    else:
        check_free(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        kept = replace(fit, tree=_written(fit, folder / TREE), folder=folder, store=None)
        (folder / SUMMARY).write_text(to_csv(kept.summary), encoding="utf-8")
        (folder / REPORT).write_text(render(kept), encoding="utf-8")
        (folder / MANIFEST).write_text(json.dumps(_manifest(kept), indent=2) + "\n", encoding="utf-8")
    except BaseException:  # an interrupted save leaves nothing behind that a new run would stumble over
        _clear(folder)
        raise
    if fit.verdict.numbers["complete"]:
        shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    return kept


def _written(fit: Fit, place: Path) -> xr.DataTree:
    """Write a fit's tree and return it with its large groups read from there. Those in a store are copied as they
    are."""
    apart = {path.name for path in fit.store.iterdir() if path.is_dir()} if fit.store and fit.store.is_dir() else set()
    groups = {name: node.to_dataset() for name, node in fit.tree.children.items()}
    tree = xr.DataTree.from_dict({f"/{name}": group for name, group in groups.items() if name not in apart})
    tree.attrs = fit.tree.attrs
    tree.to_zarr(place, consolidated=False)
    for name in apart:
        assert fit.store is not None
        shutil.copytree(fit.store / name, place / name)
    kept = xr.DataTree.from_dict({f"/{name}": read(place, name) if name in apart else groups[name] for name in groups})
    kept.attrs = fit.tree.attrs
    return kept


def _clear(folder: Path) -> None:
    """Remove what a save writes, the mark of a whole run first."""
    for name in (MANIFEST, SUMMARY, REPORT):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / TREE, ignore_errors=True)


def open_fit(folder: Path | str) -> Fit:
    """Return the fit kept in a run folder, with the verdict of today's thresholds. Its large groups are read from there
    when they are asked for.

    Raises:
        InputError: the folder is missing, is no run folder, or was written by another version.
    """
    folder = Path(folder)
    _check_ours(folder)
    check_arrays(folder / TREE)
    how = {"engine": "zarr", "zarr_format": 3, "consolidated": False, "decode_times": False}
    try:
        with xr.open_datatree(folder / TREE, **how) as lazy:
            groups = {name: node.to_dataset() for name, node in lazy.children.items()}
            found = {f"/{n}": read(folder / TREE, n) if is_large(one) else one.load() for n, one in groups.items()}
            tree = xr.DataTree.from_dict(found)
            tree.attrs = dict(lazy.attrs)
        _check_words(tree)
        return Fit(tree, diagnose(tree), folder)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        message = f"`{TREE}` cannot be read: {type(error).__name__}: {error}"
        remedy = "the folder is damaged: copy it again, or fit again"
        raise InputError([Problem(str(folder), message, remedy=remedy)]) from error


def _check_words(tree: xr.DataTree) -> None:
    """Check that no name of a run holds what a picture or a terminal would not take.

    Raises:
        ValueError: one does.
    """
    for node in tree.subtree:
        for name, held in node.variables.items():
            if held.dtype.kind in "OTU" and any(CONTROL.search(str(word)) for word in held.values.flat):
                raise ValueError(f"`{name}` holds a control character")


def _check_ours(folder: Path) -> None:
    def refuse(message: str, remedy: str) -> InputError:
        return InputError([Problem(str(folder), message, remedy=remedy)])

    if not folder.is_dir():
        raise refuse("is not there", "name the run folder that `cls-infer fit` printed")
    check_own_files(folder)
    try:
        written = _manifest_in(folder)
    except UNREADABLE as error:
        if is_unfinished(folder):
            raise refuse("holds an unfinished fit", f"`cls-infer resume {folder}` goes on with it") from error
        raise refuse(f"is no run folder: no readable `{MANIFEST}` in it", "name a run folder") from error
    found = written.get("format")
    if found == COHORT_FORMAT:
        remedy = f"`cls-infer cohort pick {folder} PATIENT --out RUN` makes a run of one patient"
        raise refuse("holds a cohort that workers fitted, not one fit", remedy)
    if found == POPULATION_FORMAT:
        remedy = f"`{SUMMARY}` lists its numbers; `cls-infer cohort pick` makes a run of one patient of the cohort"
        raise refuse("holds the population of a cohort, not one fit", remedy)
    if found != FORMAT:
        remedy = f"open it with the version that wrote it{_version_in(written)}, or fit again"
        raise refuse(f"`{MANIFEST}` says `{found}`, not `{FORMAT}`", remedy)
    if not (folder / TREE).is_dir():
        raise refuse(f"`{TREE}` is missing", "the folder is damaged: copy it again or fit again")


def _version_in(written: dict[str, Any]) -> str:
    """Return the version that wrote a manifest, where it says so."""
    told = written.get("provenance")
    version = told.get("version_cls_infer") if isinstance(told, dict) else None
    return f", cls_infer {version}" if version else ""


def _manifest(fit: Fit) -> dict[str, Any]:
    numbers = {key: value for key, value in fit_json(fit).items() if key not in ("run", "parameters")}
    return {
        "format": FORMAT,
        "files": [TREE, SUMMARY, REPORT],
        "verdict": {"ok": fit.verdict.ok, "unmet": list(fit.verdict.unmet)},
        "numbers": asdict(fit.verdict)["numbers"] | {k: v for k, v in numbers.items() if k != "verdict"},
        "provenance": dict(fit.tree.attrs),
    }
