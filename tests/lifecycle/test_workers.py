"""Whatever is asked of `--workers`, the bytes are the same."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from augment.cli.app import app
from augment.evaluation import evaluator, scoring
from augment.work.executors import processes
from augment.work.pool import Pool
from tests.cli.child import write_table
from tests.kinds.images import pictures


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the tasks that went to other processes, which start at once."""
    found: list[str] = []
    real = Pool.submit

    def submit(self: Pool, task: Any) -> Any:
        found.append(task.key)
        return real(self, task)

    monkeypatch.setattr(Pool, "submit", submit)
    monkeypatch.setattr(processes, "PATIENCE", 0.0)
    return found


def called(*words: str | Path) -> Any:
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exit_code in (0, 3), done.output
    return json.loads(done.stdout)


def test_rows_of_tables(submitted: list[str], tmp_path: Path) -> None:
    table = write_table(tmp_path / "t.csv", rows=300)
    called("fit", table, "-o", tmp_path / "m", "-e", "independent", "--seed", "1")
    for workers in ("1", "2"):
        made = tmp_path / f"{workers}.csv"
        sample = ("sample", tmp_path / "m", "-n", "45k", "--seed", "2")
        called(*sample, "-o", made, "--workers", workers)
        assert bool(submitted) == (workers == "2")
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("names", [("trends", "detection"), None])
def test_scores_of_tables(
    submitted: list[str],
    tmp_path: Path,
    names: tuple[str, ...] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evaluator, "metrics", partial(scoring.metrics, only=names))
    real, made = (write_table(tmp_path / f"{seed}.csv", 120, seed) for seed in (1, 2))
    scores = []
    for workers in ("1", "2"):
        evaluate = ("evaluate", real, made, "--seed", "3", "--workers", workers)
        scores.append(called(*evaluate)["report"]["scores"])
        assert bool(submitted) == (workers == "2")
    assert scores[0] == scores[1]
    assert {"detection", "utility"} & set(submitted)


@pytest.mark.slow
def test_pictures_and_their_scores(submitted: list[str], tmp_path: Path) -> None:
    source = tmp_path / "in"
    for number in range(80):
        pictures.saved(source / "ab"[number % 2] / f"{number}.png", number)
    quick = ("-p", "steps=6", "-p", "batch=8", "-p", "width=8", "-p", "sampling_steps=2")
    called("fit", source, "-o", tmp_path / "m", "-e", "flow", *quick, "--seed", "1")
    for workers in ("1", "2"):
        sample = ("sample", tmp_path / "m", "-n", "300", "--seed", "2")
        called(*sample, "-o", tmp_path / workers, "--workers", workers)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / each).rglob("*") if path.is_file()}
        for each in "12"
    )
    assert one == two and "rows 200" in submitted
    submitted.clear()
    scores = [
        called("evaluate", source, tmp_path / "1", "--seed", "3", "--workers", workers)["report"]
        for workers in "12"
    ]
    assert scores[0]["scores"] == scores[1]["scores"] and submitted
