"""Processes of a command are forked of one that has loaded what they need, on one thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.child import environment
from tests.places import ROOT

PATIENCE = 60.0  # seconds until a test gives up

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")


def program(word: str, temporary: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.work.forks", word],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment() | {"TMPDIR": str(temporary)},
        timeout=PATIENCE,
    )


@pytest.mark.parametrize("word", ["forked", "host", "impatient", "hasty"])
def test_forks_have_what_was_loaded_do_all_and_are_none_of_a_host_program(
    word: str, tmp_path: Path
) -> None:
    assert not program(word, tmp_path).stderr
    assert not [*tmp_path.iterdir()]


def test_a_server_that_ends_is_lack_of_memory(tmp_path: Path) -> None:
    assert program("refused", tmp_path).stderr.startswith("6: no process could be started")


def test_where_no_socket_can_be_made_processes_are_started_anew(tmp_path: Path) -> None:
    long = tmp_path / ("a" * 100)
    long.mkdir()
    assert not program("spawned", long).stderr
