"""What stands in the list of processes, which everybody on a machine can read: no password that
the environment holds, and no cell's value, while a command and the processes that it starts run."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.child import environment
from tests.lifecycle import plugins
from tests.places import ROOT
from tests.trust.test_canaries import CANARY, NUMBER, PASSWORD, planted
from tests.trust.writers import Workplace

pytestmark = pytest.mark.trust
SECRETS = (PASSWORD, CANARY, NUMBER)
SESSION = 3  # its place in /proc/PID/stat behind the name, which is in brackets


def listed(session: int) -> dict[int, str]:
    """The words, and the names of the threads, of each process of a session: what `ps` prints."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            if int((folder / "stat").read_text().rpartition(")")[2].split()[SESSION]) == session:
                names = [path.read_text() for path in folder.glob("task/*/comm")]
                found[int(folder.name)] = " ".join([(folder / "cmdline").read_text(), *names])
    return found


def watched(*words: str | Path, **more: str) -> tuple[int, dict[int, set[str]]]:
    """How a command ended, and all that was ever listed of it and of those that it started."""
    child = subprocess.Popen(
        [sys.executable, "-m", "augment", *map(str, words)],
        env=environment(plugins.environment("lines", "engines") | more),
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    found: dict[int, set[str]] = {}
    while child.poll() is None:
        for number, said in listed(child.pid).items():
            found.setdefault(number, set()).add(said)
        time.sleep(0.01)
    return child.returncode, found


def told(found: dict[int, set[str]]) -> list[str]:
    return [
        word for word in SECRETS if any(word in said for all_ in found.values() for said in all_)
    ]


def storage(folder: Path) -> str:
    """A database that is used with a password in its URL."""
    return f"sqlite:///file:{folder}/trials.db?mode=rwc&password={PASSWORD}&uri=true"


def tuned(workplace: Workplace, out: Path) -> tuple[str | Path, ...]:
    source = workplace.folder / "text.lines"
    return ("tune", source, "-e", "constant", "--trials", "2", "-o", out, "--seed", "1", "-q")


def test_no_password_of_the_environment(workplace: Workplace, tmp_path: Path) -> None:
    words = tuned(workplace, tmp_path / "out")
    code, found = watched(*words, AUGMENT_TUNING_STORAGE=storage(tmp_path))
    assert code == 0
    assert (tmp_path / "trials.db").exists()
    assert told(found) == []


def test_no_cell_and_no_password_of_processes_that_are_started(tmp_path: Path) -> None:
    source = planted(tmp_path / "t.csv")
    words = ("compare", source, "--engines", "independent,bootstrap", "--target", "job")
    code, found = watched(*words, "-o", tmp_path / "out", "-q", PGPASSWORD=PASSWORD)
    assert code == 0
    assert len(found) > 1, "no process was started, or none was seen"
    assert told(found) == []


def test_a_password_in_a_command_line_is_seen(workplace: Workplace, tmp_path: Path) -> None:
    """The control, and why the environment is there for it."""
    words = (*tuned(workplace, tmp_path / "out"), "--storage", storage(tmp_path))
    assert told(watched(*words)[1]) == [PASSWORD]
