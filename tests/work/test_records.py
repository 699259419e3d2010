"""An attempt that was damaged, and what is left of another, are no part of a result."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import DiskFailed
from augment.work import records, store
from augment.work.store import Attempt, Store


def flipped(path: Path, number: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[number // 8] ^= 1 << number % 8
    path.write_bytes(data)


def test_a_bit_that_flips_in_an_attempt_is_found_or_does_no_harm(tmp_path: Path) -> None:
    folder = Store(tmp_path / "out")
    folder.begin(Attempt("key", 1))
    for name in ("one", "two"):
        (folder.partial / name).write_text(name)
        folder.commit(name, [name], length=len(name))
    journal = folder.partial / records.DONE
    whole, right = journal.read_bytes(), list(folder.records())
    for number in range(8 * len(whole)):
        flipped(journal, number)
        found = list(folder.records())
        assert found == right[: len(found)] and len(found) < 2, number
        journal.write_bytes(whole)
    flipped(folder.partial / "one", 3)
    assert folder.begin(Attempt("key", 1))
    assert list(folder.records()) == right[1:]


@pytest.mark.parametrize("line", ["", "[]", "{}", "null", "3", "\0", '{"key": "two"}'])
def test_lines_that_no_task_left_are_passed_over(tmp_path: Path, line: str) -> None:
    folder = Store(tmp_path / "out")
    folder.begin(Attempt("key", 1))
    folder.commit("one")
    with (folder.partial / records.DONE).open("a") as stream:
        stream.write(line + "\n")
    assert folder.done() == {"one"}
    folder.commit("three")
    assert folder.done() == {"one", "three"}


def test_what_cannot_be_cleared_away_is_no_part_of_another_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Store(tmp_path / "out")
    folder.begin(Attempt("key", 1))
    (folder.partial / "sub").mkdir()
    (folder.partial / "sub" / "one").write_text("one")
    folder.commit("one", ["sub/one"])
    unlink = os.unlink

    def failing(path: Any, **how: Any) -> None:
        if os.fspath(path).endswith("one"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        unlink(path, **how)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", failing)
        with pytest.raises(DiskFailed):
            folder.begin(Attempt("key", 2))
    folder.begin(Attempt("key", 2))
    assert folder.done() == set()
    folder.publish()
    names = [path.name for path in folder.path.iterdir()]
    assert names == ["manifest.json"]


def test_working_files_that_cannot_be_cleared_away_are_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Store(tmp_path / "out")
    folder.begin(Attempt("key", 1))
    (folder.scratch / "rows").write_text("real")
    (folder.partial / "one").write_text("one")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda path, ignore_errors: None)
        folder.publish()
    assert (folder.path / "one").read_text() == "one"
    assert not (folder.path / store.SCRATCH).exists()
