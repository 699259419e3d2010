"""A disk that is full or fails ends a command; it is no verdict on one of several attempts."""

from __future__ import annotations

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from augment.core.errors import DiskFailed, OutOfResources
from augment.core.types import silent
from augment.kinds.tables.engines.independent import Independent
from augment.lifecycle import contender, rounds, trials
from augment.lifecycle.refinement import Recipe

FAILURES = [DiskFailed("full"), OSError(errno.ENOSPC, "full"), OSError(errno.EIO, "fails")]


def raising(error: Exception) -> Any:
    def call(*_: Any) -> None:
        raise error

    return call


def ended(attempt: str, folder: Path) -> Any:
    """What comes of an attempt in which everything that is done raises."""
    if attempt == "trial":
        prepared: Any = SimpleNamespace(plan=SimpleNamespace(engine=Independent()))
        bounds, rows = trials.Bounds((), 60.0), SimpleNamespace()
        return trials.attempt(
            prepared,
            {},
            rows,
            [],
            folder,
            bounds,
            silent,
            lambda *_: None,
            None,  # type: ignore[arg-type]
        )["state"]
    field: Any = SimpleNamespace(kind="table", scratch=folder)
    return contender.contended(field, Independent(), "cpu", 10, 60.0)["exit_code"]


@pytest.mark.parametrize("error", FAILURES)
@pytest.mark.parametrize("attempt", ["trial", "engine"])
def test_an_attempt_on_a_failing_disk_is_no_row(
    attempt: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "scored", raising(error))
    monkeypatch.setattr(contender, "_measured", raising(error))
    with pytest.raises(type(error)):
        ended(attempt, tmp_path)


def test_what_an_attempt_is_to_blame_for_stays_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in ((trials, "scored"), (contender, "_measured")):
        monkeypatch.setattr(module, name, raising(OutOfResources("too few rows were found")))
    assert (ended("trial", tmp_path), ended("engine", tmp_path)) == ("failed", 6)


@pytest.mark.parametrize("error", FAILURES)
def test_a_round_on_a_failing_disk_is_not_passed_over(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed: list[Any] = []
    played = object.__new__(rounds._Rounds)
    played.most, played.errors = 3, []
    played.stages = SimpleNamespace(  # type: ignore[assignment]
        journal=SimpleNamespace(tick=silent),
        folder=SimpleNamespace(records=list, commit=lambda *words, **_: committed.append(words)),
    )
    monkeypatch.setattr(played, "_made", raising(error))
    with pytest.raises(type(error)):
        played._round(Recipe(Independent(), "for want of another"), 2)
    assert not committed
