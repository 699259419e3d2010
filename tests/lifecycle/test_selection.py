"""Which engine `--engine auto` fits where time is limited."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import OutOfResources
from augment.core.types import Engine, Json, Tick, silent
from augment.kinds.tables.engines.anyorder.engine import Anyorder
from augment.kinds.tables.engines.bootstrap import Bootstrap
from augment.kinds.tables.engines.independent import Independent
from augment.lifecycle import run, selection
from augment.lifecycle.plan import RunRequest
from tests.cli.child import augment, write_table
from tests.lifecycle import plugins

PLUGINS = plugins.environment("lines", "engines")
SECONDS = {"anyorder": 40.0, "independent": 2.0, "bootstrap": 5.0}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Engines that fit at once, and what they are said to take."""
    engines = [Anyorder(epochs=1), Independent(), Bootstrap()]

    def seconds(self: Any, engine: Engine[Any], rows: int | None = None) -> float | None:
        return SECONDS[engine.about.name] * (1 if rows is None else rows / 500)

    monkeypatch.setattr(selection, "able_engines", lambda plan: engines)
    monkeypatch.setattr(selection._Costs, "seconds", seconds)


def made(folder: Path, max_seconds: float | None, tell: Any = silent, engine: str = "auto") -> Json:
    source = folder / "t.csv"
    if not source.exists():
        write_table(source, rows=500)
    request = RunRequest(
        str(source), engine=engine, seed=1, holdout=0, gate="none", max_seconds=max_seconds
    )
    return run.run(request, folder / "out", force=False, dry_run=False, tell=tell)


def a_race(best: str, within_noise: list[str]) -> Any:
    def raced(*plan: Any) -> Json:
        rows = [{"engine": name} for name in SECONDS]
        return {
            "winner": best,
            "within_noise": within_noise,
            "rows": {"train": 400, "unseen": 100},
            "engines": rows,
        }

    return raced


def test_the_dearest_engine_that_time_is_enough_for_takes_the_place_of_one_that_could_not_learn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"anyorder": 4_000.0, "bootstrap": 500.0, "independent": 200.0}.items():
        monkeypatch.setitem(SECONDS, name, seconds)
    told: list[Tick] = []
    document = made(tmp_path, 1_200.0, told.append)
    assert document["plan"]["engine"] == "bootstrap"
    (sentence,) = [tick.advice for tick in told if "fitted" in tick.advice]
    assert "anyorder would take about 4000 s: bootstrap is fitted in its place" in sentence
    assert sentence in document["advice"]


def test_the_winner_of_a_race_is_fitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "raced", a_race("independent", []))
    document = made(tmp_path, 1_000.0)
    assert document["plan"]["engine"] == "independent"
    assert document["plan"]["engine_reason"] == "the best in a race of 3 engines on 400 rows"
    assert document["race"]["winner"] == "independent"


def test_the_usual_engine_stays_where_another_leads_by_noise_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "raced", a_race("bootstrap", ["anyorder"]))
    assert made(tmp_path, 1_000.0)["plan"]["engine"] == "anyorder"


def test_a_resumed_run_keeps_the_engine_that_was_decided_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selection, "raced", a_race("independent", []))

    def stop(tick: Tick) -> None:
        if tick.phase == "fit":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(tmp_path, 1_000.0, stop)
    monkeypatch.setattr(selection, "raced", a_race("bootstrap", []))
    assert made(tmp_path, 1_000.0)["plan"]["engine"] == "independent"


@pytest.mark.parametrize(("max_seconds", "engine"), [(None, "auto"), (1_000.0, "anyorder")])
def test_there_is_no_race_without_a_limit_or_for_a_named_engine(
    max_seconds: float | None, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raced(*plan: Any) -> Json:
        raise AssertionError("a race")

    monkeypatch.setattr(selection, "raced", raced)
    assert made(tmp_path, max_seconds, engine=engine)["plan"]["engine"] == "anyorder"


def test_a_race_that_nobody_ends_leaves_the_usual_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raced(*plan: Any) -> Json:
        raise OutOfResources("No engine got to the end.")

    monkeypatch.setattr(selection, "raced", raced)
    document = made(tmp_path, 1_000.0)
    assert document["plan"]["engine"] == "anyorder"
    assert "no engine got to the end" in document["plan"]["engine_reason"]


@pytest.mark.slow  # six processes
def test_engines_of_a_plugin_race_and_what_fails_is_a_row(tmp_path: Path) -> None:
    rng = random.Random(1)
    source, out = tmp_path / "text.lines", tmp_path / "out"
    lines = [" ".join(rng.choices("abcdefgh", k=rng.randint(3, 8))) for _ in range(400)]
    source.write_text("\n".join(lines) + "\n")
    done = augment(
        *("run", source, "-o", out, "--seed", "1", "--max-time", "20m", "--gate", "none"),
        env=PLUGINS,
    )
    assert done.returncode == 0, done.stderr
    document = json.loads((out / "run.json").read_text())
    board = json.loads((out / "race" / "compare.json").read_text())
    assert document["plan"]["engine"] == board["winner"] == "bigram"
    states = {row["engine"]: row["state"] for row in board["engines"]}
    assert states["crashing"] == states["raising"] == "failed"
    assert board["rows"]["train"] + board["rows"]["unseen"] <= 320
    assert augment("verify", out, env=PLUGINS).returncode == 0
