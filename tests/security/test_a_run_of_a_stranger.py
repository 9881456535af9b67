"""A run folder is data and may be anybody's: it runs nothing, reaches nothing elsewhere, stays small."""

import json
import os
import shutil
import struct
import zipfile

import numpy as np
import pytest
import xarray as xr
import zarr

from cls_infer.errors import InputError
from cls_infer.inference.checkpoint import Kept
from cls_infer.model.load import models_folder
from cls_infer.results import harmless
from cls_infer.results.store import check_free, is_unfinished, open_fit
from cls_infer.results.unfinished import asked_for
from cls_infer.results.zstd import unpacked_size

EVIL = "from pathlib import Path\nPath({!r}).touch()\n"


@pytest.fixture
def evil(tmp_path):
    """A model file of a stranger, and what is there once it has run."""
    ran = tmp_path / "it_ran"
    path = tmp_path / "evil.py"
    path.write_text((models_folder() / "volume_kinetics.py").read_text() + EVIL.format(str(ran)))
    return path, ran


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """What this user has named is kept elsewhere."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def digest(path):
    from cls_infer.model.load import digest_of

    return digest_of(path)


def rewrite(run, **attributes):
    """Change attributes of the tree of a run."""
    path = run / "fit.zarr" / "zarr.json"
    told = json.loads(path.read_text())
    told["attributes"] |= attributes
    path.write_text(json.dumps(told))


def test_the_model_file_that_a_run_names_is_not_run(cls_infer, run, evil):
    path, ran = evil
    rewrite(run, model_file=str(path), model_digest=digest(path))
    said = cls_infer("predict", run)
    assert said.code == 2 and "code that this user has not run before" in said.err and not ran.exists()


@pytest.mark.parametrize("name", ["../../evil", "evil.py", "/tmp/evil.py", "_evil"])
def test_a_path_in_the_place_of_a_models_name_is_not_run(cls_infer, run, name):
    rewrite(run, model=name)
    said = cls_infer("predict", run)
    assert said.code == 2 and f"there is no model `{name}`" in said.err


def test_a_model_file_that_the_user_named_is_run_from_then_on_until_it_changes(cls_infer, run, evil):
    path, ran = evil
    rewrite(run, model_file=str(path), model_digest=digest(path))
    assert cls_infer("models", path, "--json").code == 0 and ran.exists()
    assert cls_infer("predict", run, "--hours", 1, "--quiet").code == 0
    path.write_text(path.read_text() + "\n# changed\n")
    ran.unlink()
    assert cls_infer("predict", run).code == 2 and not ran.exists()


@pytest.mark.parametrize("name", ["evil.py", ".py"])
def test_the_model_file_that_a_checkpoint_names_is_not_run(cls_infer, tmp_path, evil, monkeypatch, name):
    path, ran = evil
    path = path.rename(path.with_name(name))
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "killed"
    asked = {"request": {"dataset": "clarkson_a", "model": name, "settings": {}}, "command": ""}
    Kept(place / "checkpoint").write_facts("request", {"format": "cls_infer checkpoint 1", "asked": asked})
    said = cls_infer("resume", place)
    assert said.code == 2 and "code that this user has not run before" in said.err and not ran.exists()


def test_the_rows_of_a_validation_name_no_file_that_is_run(cls_infer, tmp_path, evil):
    path, ran = evil
    row = f'unit = "L"\nin_sample = false\nvalue = {{ "{path}" = 1 }}\nrun = "r"\nlow = 0\nhigh = 1\n'
    row += 'what = "x"\nsource = "x"\nsection = "x"\ntrust = "F"\nquantity = "urine"\nmeasure = "largest"\n'
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "a.toml").write_text(f'title = "x"\n[runs.r]\nhours = 1\n[[rows]]\n{row}')
    said = cls_infer("validate", "--rows", tmp_path / "rows")
    assert said.code == 2 and "there is no model" in said.err and not ran.exists()


@pytest.mark.parametrize("name", ["report.html", "fit.zarr/posterior/k_12/c/0/0/0", "checkpoint", "log.jsonl"])
def test_a_link_in_a_run_folder_is_refused_and_what_it_leads_to_stays(cls_infer, run, tmp_path, name):
    precious = tmp_path / "precious"
    precious.write_text("years of work")
    place = run / name
    place.unlink(missing_ok=True)
    place.symlink_to(precious)
    said = cls_infer("report", run)
    assert said.code == 2 and f"`{name}` is a link; put the file itself in its place" in said.err
    assert precious.read_text() == "years of work"


def test_a_folder_with_a_link_for_a_log_is_not_free(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "log.jsonl").symlink_to(tmp_path / "precious")
    with pytest.raises(InputError, match="is not empty"):
        check_free(tmp_path / "run")


def test_a_pipe_in_a_run_folder_is_not_waited_for(run):
    os.mkfifo(run / "fit.zarr" / "pipe")
    with pytest.raises(InputError, match="neither file nor folder"):
        open_fit(run)


def test_a_link_to_a_run_folder_is_opened(run, tmp_path):
    (tmp_path / "same").symlink_to(run)
    assert open_fit(tmp_path / "same").verdict == open_fit(run).verdict


def metadata(run, change):
    path = run / "fit.zarr" / "posterior" / "k_12" / "zarr.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


def test_an_array_larger_than_memory_is_refused_before_it_is_made(run):
    metadata(run, lambda told: told.update(shape=[1, 1_000_000, 10_000_000]))
    with pytest.raises(InputError, match=r"unpacks to 2\.98e\+05 GiB or more, and this machine has"):
        open_fit(run)


def test_a_chunk_that_unpacks_to_more_than_memory_is_refused(run, monkeypatch):
    """A bomb: thousands of bytes that come to a hundred million."""
    from numcodecs import Zstd

    monkeypatch.setattr(harmless, "memory", lambda: 10**8)
    open_fit(run)
    place = run / "fit.zarr" / "posterior" / "k_12" / "c" / "0" / "0" / "0"
    place.write_bytes(Zstd().encode(bytes(60_000_000)) * 2)
    assert place.stat().st_size < 20_000
    with pytest.raises(InputError, match="unpacks to"):
        open_fit(run)


@pytest.mark.parametrize("codec", ["numcodecs.pickle", "gzip", "blosc"])
def test_a_codec_that_no_run_is_written_in_is_refused(run, codec):
    metadata(run, lambda told: told["codecs"].append({"name": codec, "configuration": {}}))
    with pytest.raises(InputError, match="does not describe an array of a run"):
        open_fit(run)


def test_a_store_of_the_older_format_which_may_hold_pickles_is_not_opened(run):
    shutil.rmtree(run / "fit.zarr")
    zarr.open_group(run / "fit.zarr", mode="w", zarr_format=2)
    with pytest.raises(InputError):
        open_fit(run)


@pytest.mark.parametrize("damage", [b"", b"half", b"\xff" * 40])
@pytest.mark.parametrize("name", ["zarr.json", "posterior/k_12/zarr.json", "posterior/k_12/c/0/0/0", "manifest"])
def test_a_damaged_run_is_told_and_never_a_traceback(cls_infer, run, name, damage):
    (run / "manifest.json" if name == "manifest" else run / "fit.zarr" / name).write_bytes(damage)
    said = cls_infer("report", run)
    assert said.code == 2 and ("damaged" in said.err or "no readable `manifest.json`" in said.err)


def test_a_name_that_no_table_could_have_is_refused(run):
    with xr.open_datatree(run / "fit.zarr", engine="zarr", consolidated=False, decode_times=False) as lazy:
        tree = lazy.load()
    tree = tree.map_over_datasets(lambda one: one.assign_coords(patient=["P\x1b1"]) if "patient" in one.dims else one)
    shutil.rmtree(run / "fit.zarr")
    tree.to_zarr(run / "fit.zarr", consolidated=False)
    with pytest.raises(InputError, match="`patient` holds a control character"):
        open_fit(run)


def test_json_nested_too_deep_is_told(run):
    (run / "manifest.json").write_text("[" * 100_000)
    assert not is_unfinished(run)
    with pytest.raises(InputError, match="no readable"):
        open_fit(run)


@pytest.mark.parametrize("written", ["[]", "{}", '{"format": "cls_infer run 3"}', '{"numbers": 3, "format": 1}'])
def test_a_manifest_of_another_make_is_told_whatever_it_holds(run, written):
    (run / "checkpoint").mkdir()
    (run / "manifest.json").write_text(written)
    with pytest.raises(InputError):
        asked_for(run)


def test_frames_tell_what_they_unpack_to():
    from numcodecs import Zstd

    for size in (0, 1, 200, 255, 256, 300, 70_000, 5_000_000):
        for checksum in (False, True):
            content = Zstd(checksum=checksum).encode(
                np.random.default_rng(1).bytes(size // 2) + bytes(size - size // 2)
            )
            assert unpacked_size(content) == size
            assert unpacked_size(content[:-1]) is None
            skipped = struct.pack("<II", 0x184D2A51, 4) + b"skip"
            assert unpacked_size(content + skipped + content) == 2 * size
    assert unpacked_size(b"not frames") is None


def kept_as(folder, name, write):
    folder.mkdir(exist_ok=True)
    write(folder / f"{name}.npz")
    return Kept(folder).read(name)


def test_a_checkpoint_reads_neither_pickles_nor_what_unpacks(tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("it_ran").touch, ())

    pickled = np.empty(1, object)
    pickled[0] = Evil()
    assert kept_as(tmp_path, "a", lambda path: np.savez(path, x=pickled)) is None
    assert kept_as(tmp_path, "b", lambda path: np.savez_compressed(path, x=np.zeros(10**7))) is None
    assert kept_as(tmp_path, "c", lambda path: path.write_bytes(pickled.dumps())) is None
    assert kept_as(tmp_path, "d", lambda path: path.write_bytes(b"\x93NUMPY" + bytes(9))) is None
    assert not (tmp_path / "it_ran").exists()


def test_a_checkpoint_that_claims_more_numbers_than_it_holds_is_damaged(tmp_path):
    def write(path):
        header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000000,), }".ljust(117) + b"\n"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(80))

    assert kept_as(tmp_path, "a", write) is None


def test_a_checkpoint_of_members_that_share_their_bytes_is_damaged(tmp_path):
    """Many names for one stretch of a file: each harmless, together any size."""

    def write(path):
        np.savez(path, x=np.zeros(1000))
        with zipfile.ZipFile(path, "a") as archive:
            (first,) = archive.infolist()
            for number in range(50):
                other = zipfile.ZipInfo(f"y{number}.npy")
                other.header_offset, other.file_size, other.CRC = first.header_offset, first.file_size, first.CRC
                other.compress_size = first.compress_size
                archive.filelist.append(other)
                archive.NameToInfo[other.filename] = other
            archive._didModify = True

    assert kept_as(tmp_path, "a", write) is None
