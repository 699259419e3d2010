"""A command that is killed at any moment, and started again, ends as one that was not."""

from __future__ import annotations

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from augment.lifecycle.study import ROW
from tests.cli.child import augment, environment
from tests.lifecycle import plugins

PLUGINS = plugins.environment("lines", "engines")
KILLS = 30
COMMANDS = {
    "run": ("run", "SRC", "-e", "constant", "--rounds", "3", "--gate", "none"),
    "compare": ("compare", "SRC", "--engines", "bigram,constant,memorising"),
    "tune": ("tune", "SRC", "-e", "constant", "--trials", "12"),
}
CLOCKED = {"seconds", "phases", "measured", "resumed", "manifest"}  # what time decides


def words(command: str, source: Path, out: Path) -> list[str]:
    asked = [str(source) if word == "SRC" else word for word in COMMANDS[command]]
    return [*asked, "-o", str(out), "--seed", "1", "-q"]


def without_clock(found: Any) -> Any:
    if isinstance(found, dict):
        return {k: without_clock(v) for k, v in found.items() if k not in CLOCKED}
    return [without_clock(each) for each in found] if isinstance(found, list) else found


def rows_of(trials: Path) -> list[Any]:
    """What is kept of each finished trial; the database holds its times, and what a kill cut."""
    with closing(sqlite3.connect(trials)) as database:
        kept = "select value_json from trial_user_attributes where key = ? order by trial_id"
        return [json.loads(row) for (row,) in database.execute(kept, [ROW])]


def result(out: Path) -> dict[str, Any]:
    """Every file of a result: its bytes; of documents and trials what no clock decides."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        name = path.relative_to(out).as_posix()
        if path.suffix == ".json" and path.name != "manifest.json":
            found[name] = without_clock(json.loads(path.read_text().replace(str(out), "OUT")))
        elif path.suffix == ".db":
            found[name] = without_clock(rows_of(path))
        elif path.suffix not in (".html", ".jsonl") and path.name != "manifest.json":
            found[name] = path.read_bytes()
    return found


@pytest.mark.slow  # some seventy commands each
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_killed_at_any_moment_ends_with_the_same_result(
    command: str, source: Path, tmp_path: Path
) -> None:
    begun = time.monotonic()
    whole = tmp_path / "whole"
    assert augment(*words(command, source, whole), env=PLUGINS).returncode == 0
    lasted, rng = time.monotonic() - begun, random.Random(2)
    killed = 0
    for number in range(KILLS):
        out = tmp_path / str(number)
        call = [sys.executable, "-m", "augment", *words(command, source, out)]
        child = subprocess.Popen(
            call, env=environment(PLUGINS), stderr=subprocess.DEVNULL, start_new_session=True
        )
        try:
            child.wait(rng.uniform(0, lasted))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
            killed += child.wait() == -signal.SIGKILL
        done = augment(*words(command, source, out), env=PLUGINS)
        assert done.returncode == 0, done.stderr
        assert result(out) == result(whole), f"after kill {number}"
        assert augment("verify", out, env=PLUGINS).returncode == 0
    assert killed > KILLS / 5  # it lasts less where the machine is less busy than at first
