"""What a command finds around it, such as permissions, limits and streams, is no bug of its own."""

from __future__ import annotations

import errno
import json
import pwd
import tempfile
from pathlib import Path

import pytest

from augment.lifecycle import health
from tests.cli import child
from tests.cli.child import shell
from tests.cli.in_process import augment


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "a/b"), 4, b"a/b: "),
        (OSError(errno.ENAMETOOLONG, "File name too long", b"a/b"), 4, b"a/b: "),
        (OSError(errno.EROFS, "Read-only file system", "a/b"), 4, b"a/b: "),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), 6, b"a limit of"),
        (OSError(errno.EMFILE, "Too many open files", "a/b"), 6, b"a limit of"),
        (RuntimeError("can't start new thread"), 6, b"a limit of"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_system_refuses_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, said: bytes
) -> None:
    def checks() -> None:
        raise error

    monkeypatch.setattr(health, "checks", checks)
    done = augment("doctor", "--json")
    assert (done.returncode, json.loads(done.stdout)["error"]["exit_code"]) == (code, code)
    assert done.stderr.startswith(b"augment: error: " + said)
    assert done.stderr.count(b"\n") == 1


def test_a_name_that_is_too_long_is_bad_input_and_a_bad_place() -> None:
    done = augment("inspect", "x" * 300)
    assert done.returncode == 4, done.stderr
    assert b"File name too long" in done.stderr


def test_no_folder_for_temporary_files_is_lack_of_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", list)  # as on a disk that is full
    done = augment("inspect", "-")
    assert done.returncode == 6, done.stderr
    assert b"TMPDIR" in done.stderr


def test_a_user_whom_the_system_does_not_know_needs_no_home(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv("HOME")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert augment("config", "show").returncode == 0
    assert augment("verify", model).returncode == 0
    done = augment("sample", model, "-n", "3", "-o", "memory://a/b.csv")
    assert done.returncode == 2
    assert b"Set XDG_CACHE_HOME" in done.stderr


def test_a_folder_that_was_removed_is_a_matter_of_usage(model: Path, tmp_path: Path) -> None:
    line = f"mkdir gone; cd gone; rmdir ../gone; augment verify {model} --json"
    done = shell(line, tmp_path)
    assert done.returncode == 2, done.stderr
    assert "exists no more" in json.loads(done.stdout)["error"]["message"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["inspect", ""], b"SRC"),
        (["runs", "list", ""], b"DIR"),
        (["evaluate", "a.csv", ""], b"SYNTHETIC"),
        (["fit", "a.csv", "-o", ""], b"-o"),
        (["fit", "a.csv", "--out="], b"-o"),
    ],
)
def test_an_empty_name_is_not_taken_for_the_folder_that_one_is_in(
    words: list[str], name: bytes
) -> None:
    done = augment(*words)
    assert done.returncode == 2
    assert done.stderr.startswith(b"augment: error: " + name + b" is empty")


def test_a_pipe_with_a_name_is_refused_for_what_it_is(table: Path, tmp_path: Path) -> None:
    done = shell(f"augment inspect <(cat {table})", tmp_path)
    assert done.returncode == 4, done.stderr
    assert b"this is a pipe" in done.stderr


def test_rows_from_standard_input_are_filled_and_scored(model: Path, tmp_path: Path) -> None:
    line = f"printf 'age\\n30\\n' | augment sample {model} --given - -o -"
    done = shell(line + " --seed 1 -q | augment inspect - --json", tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["data"]["rows"] == 1
    done = shell(f"cat {model.parent / 't.csv'} | augment evaluate - - ", tmp_path)
    assert (done.returncode, b"the file is empty" in done.stderr) == (4, True), done.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp437"])
def test_help_is_told_in_any_encoding(encoding: str) -> None:
    done = child.augment("run", "--help", env={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert b"--engine" in done.stdout


@pytest.mark.parametrize("words", ["--version", "--help", "config schema"])
def test_output_that_finds_no_room_is_six(words: str, tmp_path: Path) -> None:
    done = shell(f"augment {words} > /dev/full", tmp_path)
    assert done.returncode == 6, done.stderr
    assert done.stderr.count(b"\n") == 1


def test_messages_that_find_no_room_stop_no_work(table: Path, tmp_path: Path) -> None:
    done = shell(f"augment fit {table} -e independent -o m 2> /dev/full", tmp_path)
    assert done.returncode == 0
    assert augment("verify", tmp_path / "m").returncode == 0
