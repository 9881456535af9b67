"""Compiled programs and machine code are kept to be run again: only where nobody but the user can write."""

import os

import jax
import pytest

from cls_infer import owned
from cls_infer.cli.machine import cache_folder
from cls_infer.cli.named import note, was_named
from cls_infer.owned import ours_alone, private_folder
from cls_infer.solve.machine.kept import kept_or

pytestmark = pytest.mark.skipif(not owned.KNOWN, reason="a system without owners of files")


@pytest.fixture
def kept(tmp_path):
    """Where machine code is kept, with some in it."""
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    assert kept_or("target", lambda: b"code") == b"code"
    yield next((tmp_path / "machine").iterdir())
    jax.config.update("jax_compilation_cache_dir", before)


def anew():
    return kept_or("target", lambda: b"anew")


def test_what_is_kept_is_the_users_alone(kept):
    assert ours_alone(kept) and ours_alone(kept.parent)
    assert anew() == b"code"


def test_code_that_others_could_have_written_is_not_run(kept):
    kept.chmod(0o666)
    assert anew() == b"anew"
    assert ours_alone(kept) and anew() == b"anew"  # written again, closed


def test_code_in_a_folder_that_others_could_write_to_is_not_run_and_the_folder_closed(kept):
    kept.parent.chmod(0o777)
    assert anew() == b"anew"
    assert ours_alone(kept.parent)


def test_code_of_another_owner_is_not_run(kept, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: kept.stat().st_uid + 1)
    assert anew() == b"anew"


def test_a_link_in_the_place_of_code_is_not_run(kept, tmp_path):
    elsewhere = kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(elsewhere)
    assert anew() == b"anew"


@pytest.mark.parametrize(
    "damage", [lambda code: code[:-1], lambda code: b"", lambda code: code + b"x", lambda code: b"x" * 40]
)
def test_code_that_is_not_whole_is_not_run(kept, damage):
    kept.write_bytes(damage(kept.read_bytes()))
    assert anew() == b"anew"


def test_the_cache_folder_is_made_for_the_user_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    old = os.umask(0)
    try:
        folder = cache_folder()
    finally:
        os.umask(old)
    assert folder is not None and ours_alone(folder) and ours_alone(folder.parent)


def test_a_cache_folder_left_open_is_closed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "cls_infer").mkdir()
    (tmp_path / "cls_infer").chmod(0o777)
    folder = cache_folder()
    assert folder is not None and ours_alone(folder.parent)


def test_a_cache_folder_of_another_owner_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "cls_infer" / "jax").mkdir(parents=True)
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert cache_folder() is None
    assert not private_folder(tmp_path / "cls_infer")


def test_a_file_is_known_by_what_it_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = tmp_path / "model.py"
    model.write_text("one")
    assert not was_named(model)
    note(model)
    assert was_named(model) and was_named(model.rename(tmp_path / "moved.py"))
    (tmp_path / "moved.py").write_text("two")
    assert not was_named(tmp_path / "moved.py")


def test_where_nothing_can_be_kept_nothing_was_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    note(tmp_path / "file")
    assert not was_named(tmp_path / "file")
