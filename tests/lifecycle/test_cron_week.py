"""A week of cron: the same command each day on data that drift, with a kill and a failed gate."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path
from typing import Any

import pytest

from augment.core.types import Json, Tick, silent
from augment.evaluation import evaluator
from augment.evaluation.scoring import metrics
from augment.lifecycle import run, run_folders
from augment.lifecycle.plan import RunRequest
from augment.work.manifest import verify

ROWS = 200


def write(path: Path, day: int, rows: int = ROWS, shift: float = 0.0) -> None:
    """Two numbers that hang together and a letter; a later day has other people."""
    rng = random.Random(day)
    lines = ["age,pay,job"]
    for _ in range(rows):
        age = rng.gauss(40 + shift, 9)
        lines.append(f"{age:.0f},{900 + 31 * age + rng.gauss(0, 90):.2f},{rng.choice('abc')}")
    path.write_text("\n".join(lines) + "\n")


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".partial" not in path.parts]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def killed_in(phase: str) -> Any:
    def tell(tick: Tick) -> None:
        if tick.phase == phase:
            raise KeyboardInterrupt

    return tell


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the metrics that the gates ask for: the others take most of the time."""
    monkeypatch.setattr(evaluator, "metrics", lambda kind: metrics(kind, ["shapes", "validity"]))


def test_a_week_of_runs_skips_refits_fails_a_gate_and_resumes(tmp_path: Path, quick: None) -> None:
    source, out = tmp_path / "t.csv", tmp_path / "out"
    request = RunRequest(str(source), engine="independent", gate="shapes >= 0.5")

    def nightly(tell: Any = silent, **changed: Any) -> Json:
        asked = dataclasses.replace(request, **changed)
        return run.run(asked, out, force=False, dry_run=False, if_changed=True, tell=tell)

    # Monday: the first run
    write(source, 1)
    monday = nightly()
    assert monday["refit"] is None and not monday["failed_gates"]
    result = contents(out)

    # Tuesday: nothing changed, nothing is done
    assert nightly()["up_to_date"]
    assert contents(out) == result

    # Wednesday: more rows of the same; made again with a fresh seed
    write(source, 3, ROWS + 40)
    wednesday = nightly()
    assert wednesday["refit"]["data"]["rows"] == {"was": ROWS, "now": ROWS + 40}
    assert not any(column["moved"] for column in wednesday["refit"]["drift"])
    assert wednesday["seed"] != monday["seed"] and contents(out) != result
    result = contents(out)

    # Thursday: people are older, and the gate is one that no generator meets; the old stays
    write(source, 4, shift=25.0)
    strict = "shapes >= 0.999"
    thursday = nightly(gate=strict)
    assert thursday["failed_gates"] == [strict]
    moved = [column["column"] for column in thursday["refit"]["drift"] if column["moved"]]
    assert sorted(moved) == ["age", "pay"]
    assert contents(out) == result
    # an hour later: not tried again, and still a failure
    again = nightly(gate=strict)
    assert again["up_to_date"] and again["failed_gates"] == [strict]
    assert [each.state for each in run_folders.found(tmp_path)] == ["finished", "rejected"]

    # Friday: killed while sampling; the old result stays, and the next call goes on
    with pytest.raises(KeyboardInterrupt):
        nightly(killed_in("sample"))
    assert contents(out) == result
    states = [each.state for each in run_folders.found(out)]
    assert states == ["finished", "unfinished"]

    # Saturday: goes on with the seed and the model of Friday, to the bytes of an unbroken run
    saturday = nightly()
    assert saturday["resumed"] and not saturday["failed_gates"]
    assert "engine" not in [change["setting"] for change in saturday["refit"]["settings"]]
    unbroken = dataclasses.replace(request, seed=saturday["seed"])
    whole = tmp_path / "whole"
    run.run(unbroken, whole, force=False, dry_run=False, tell=silent)
    name = "synthetic.csv"
    assert (out / name).read_bytes() == (whole / name).read_bytes()

    # Sunday: nothing changed
    assert nightly()["up_to_date"]
    found = verify(out)
    assert not (found.changed or found.missing or found.unknown)
