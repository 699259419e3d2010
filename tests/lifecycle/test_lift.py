"""`augment lift` from a table to its advice."""

from __future__ import annotations

import io
import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from augment.cli import lift_summary
from augment.core.errors import MissingExtra, UsageError
from augment.core.types import Tick, silent
from augment.kinds.tables.metrics import learners
from augment.lifecycle.lift import lift
from augment.lifecycle.plan import RunRequest
from tests.cli.in_process import augment

pytest.importorskip("imblearn", reason="the extra [lift] is not installed")
ROWS = 240


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbers with gaps, a category, and a rare class that both tell of."""
    rng = random.Random(2)
    lines = ["age,city,spent,target"]
    for i in range(ROWS):
        rare = i % 8 == 0
        age = rng.gauss(52 if rare else 40, 10)
        city = rng.choice("aab" if rare else "bbc")
        spent = "" if i % 11 == 0 else f"{rng.random() * 100:.1f}"
        lines.append(f"{age:.0f},{city},{spent},{'yes' if rare else 'no'}")
    path = tmp_path_factory.mktemp("table") / "t.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learners, "TREES", 4)


def asked(table: Path, **more: Any) -> RunRequest:
    settled: dict[str, Any] = {
        "engine": "independent",
        "seed": 3,
        "read": {"target": "target", "columns": {"target": "category"}},
    }
    return RunRequest(str(table), **settled | more)


def test_a_comparison_is_resumed_to_the_same_result_and_tells_every_arm_by_every_learner(
    table: Path, tmp_path: Path
) -> None:
    begun: list[str] = []

    def stop_in_the_fourth(tick: Tick) -> None:
        begun.extend([tick.phase] if tick.phase == "score" else [])
        if len(begun) == 4:
            raise KeyboardInterrupt

    whole = lift(asked(table), tmp_path / "whole", force=False, tell=silent)
    with pytest.raises(KeyboardInterrupt):
        lift(asked(table), tmp_path / "cut", force=False, tell=stop_in_the_fourth)
    ticks: list[str] = []
    resumed = lift(
        asked(table), tmp_path / "cut", force=False, tell=lambda tick: ticks.append(tick.phase)
    )
    assert resumed["resumed"] and resumed["learners"] == whole["learners"]
    assert resumed["repetitions"] == whole["repetitions"]
    arms = [arm["arm"] for arm in whole["learners"][0]["arms"]]
    assert arms == [
        "real alone", "class weights", "oversampling", "SMOTE",
        "synthetic 0.25x", "synthetic 0.5x", "synthetic 1x", "synthetic 2x", "synthetic to balance",
    ]  # fmt: skip
    assert [each["learner"] for each in whole["learners"]] == [
        "boosted trees",
        "logistic regression",
    ]
    for learner in whole["learners"]:
        real = learner["arms"][0]
        assert real["auc"] > 0.6, "the columns tell of the class"
        assert all(0 <= arm["auc"] <= 1 and arm["brier"] >= 0 for arm in learner["arms"])
        weights = learner["arms"][1]
        assert weights["calibrated_brier"] < weights["brier"], "weights spoil probabilities"
        assert not learner["augment"], "columns shuffled apart cannot help"
    page = (tmp_path / "whole" / "lift.html").read_text()
    assert "do not augment<" in page and "trees: do not" not in page, "the mark says it"
    assert "<script" not in page and "synthetic to balance" in page
    document = json.loads((tmp_path / "whole" / "lift.json").read_text())
    assert document["learners"] == whole["learners"]
    again = lift(asked(table), tmp_path / "whole", force=False, tell=silent)
    said = io.StringIO()
    lift_summary.of_lift(Console(file=said, width=400), again, False)
    assert again["up_to_date"] and f"Report: {tmp_path / 'whole'}/lift.html" in said.getvalue()
    assert "Brier scores: less is better" in said.getvalue()


def test_a_dry_run_says_how_long_it_takes_and_writes_nothing(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = lift(asked(table), out, force=False, dry_run=True, tell=silent)
    assert found["dry_run"] and not out.exists() and "synthetic 2x" in found["arms"]
    seconds = found["estimate"]["seconds"]
    assert set(seconds) == {"fit", "sample", "score"} and seconds["fit"] > 0 < seconds["score"]
    more = lift(asked(table), out, seeds=50, force=False, dry_run=True, tell=silent)
    assert more["seeds"] == 50 and more["rows"] == found["rows"]
    told = augment("lift", table, "--target", "target", "-o", out, "--dry-run")
    assert told.returncode == 0 and b"Estimate: fit" in told.stderr and not out.exists()


def test_what_has_no_classes_is_refused(table: Path, tmp_path: Path) -> None:
    for read, why in (
        ({}, "--target COLUMN"),
        ({"target": "spent"}, "is of 2 to 20 classes"),
    ):
        with pytest.raises(UsageError, match=why):
            lift(asked(table, read=read), tmp_path / "out", force=False, tell=silent)
    with pytest.raises(UsageError, match="at least 5"):
        lift(asked(table), tmp_path / "out", seeds=3, force=False, tell=silent)


def test_without_the_extra_the_install_line_is_told(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", None)
    with pytest.raises(MissingExtra, match=r"pip install 'augment-synth\[lift\]'"):
        lift(asked(table), tmp_path / "out", force=False, tell=silent)
    done = augment("lift", table, "--target", "target", "-o", tmp_path / "out")
    assert done.returncode == 5, done.stderr
