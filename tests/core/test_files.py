"""Files are whole or absent."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from augment.core import files
from augment.core.errors import BadInput, DiskFailed, Locked, OutOfResources, UsageError


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error), files.atomic(path) as stream:
            stream.write(b"half")
            raise error
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["f"]


def test_a_full_disk_is_out_of_resources_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutOfResources), files.atomic(tmp_path / "f") as stream:
        stream.write(b"x")
    assert names(tmp_path) == []


def test_a_disk_that_fails_is_told_as_one_and_no_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(DiskFailed, match="Choose another place"), files.atomic(tmp_path / "f"):
        pass
    assert names(tmp_path) == []


def test_a_file_of_its_own_clears_what_killed_writers_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / f"{files.TEMPORARY}x.tmp").write_text("half")
    with files.atomic_alone(tmp_path / "f", "w") as stream:
        stream.write("whole")
    assert names(tmp_path) == ["f"]


@pytest.mark.parametrize("place", ["/proc/nowhere/f", "/sys/f"])
def test_a_place_that_cannot_be_written_is_usage(place: str) -> None:
    with pytest.raises(UsageError, match="cannot be written"), files.atomic(Path(place)):
        pass


def test_a_file_that_another_writer_ended_first_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(UsageError, match="--force"), files.atomic(path, force=False) as stream:
        path.write_bytes(b"theirs")
        stream.write(b"ours")
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_file_needs_force_and_a_folder_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(UsageError, match="--force"), files.atomic(path, force=False):
        pass
    with pytest.raises(UsageError, match="folder"), files.atomic(tmp_path):
        pass
    assert path.read_text() == "old"


def test_outputs_are_private_and_the_umask_narrows_them(tmp_path: Path) -> None:
    old = os.umask(0o277)
    try:
        with files.atomic(tmp_path / "f"):
            pass
    finally:
        os.umask(old)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o400


def test_a_link_is_kept_and_its_target_replaced(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    with files.atomic(tmp_path / "link", "w") as stream:
        stream.write("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_a_named_pipe_is_written_to_not_replaced(tmp_path: Path) -> None:
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    with files.atomic(pipe, force=False) as stream:
        stream.write(b"through")
    reader.join(10)
    assert got == [b"through"]
    assert pipe.is_fifo()


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", "nul", '{"a": NaN}', '{"a": ' + "[" * 100_000, '{"a": 1' + "0" * 5000]
)
def test_what_is_no_json_object_is_bad_input(tmp_path: Path, text: str) -> None:
    (tmp_path / "f").write_text(text)
    with pytest.raises(BadInput):
        files.read_json(tmp_path / "f")


def test_json_keeps_every_string(tmp_path: Path) -> None:
    document = {"a\n\x00": "\udc80 é \U0001f600", "n": None, "big": 2**80}
    files.write_json(tmp_path / "f", document)
    assert files.read_json(tmp_path / "f") == document


def test_a_lock_holds_and_leaves_no_trace(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with files.locked(folder), pytest.raises(Locked), files.locked(folder):
        pass
    assert not folder.exists()


def test_folders_that_are_made_are_private_and_those_that_stood_are_left(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    with files.atomic(there / "a" / "b" / "f"):
        pass
    for folder in (there / "a", there / "a" / "b"):
        assert folder.stat().st_mode & 0o777 == 0o700
    assert there.stat().st_mode & 0o777 == 0o755
    with files.locked(tmp_path / "out"):
        assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


def test_what_a_killed_writer_left_is_cleared_and_a_living_writers_is_not(tmp_path: Path) -> None:
    left = tmp_path / f"{files.TEMPORARY}x.tmp"
    left.write_text("half")
    with files.atomic(tmp_path / "f") as stream:
        stream.write(b"whole")
        files.clear_abandoned(tmp_path)
        assert not left.exists()
    assert (tmp_path / "f").read_bytes() == b"whole"
    assert names(tmp_path) == ["f"]
