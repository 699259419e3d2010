"""`augment lift` from class folders to its advice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augment.core.types import Tick, silent
from augment.kinds.images.metrics import classifier, learning_order
from augment.lifecycle.lift import lift
from augment.lifecycle.plan import RunRequest
from tests.kinds.images.pictures import file_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty pictures of two classes, of 8 x 8 pixels."""
    rng = np.random.default_rng(1)
    for number in range(60):
        pixels = rng.integers(0, 60, (8, 8)).astype(np.uint8)
        pixels[:4] += np.uint8(150 * (number % 2))
        path = tmp_path / "in" / ("dark", "light")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_of(pixels))
    return tmp_path / "in"


@pytest.mark.slow  # many trainings
def test_images_are_compared_over_splits_and_a_killed_comparison_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "STEPS", 4)
    monkeypatch.setattr(learning_order, "EARLY_STEPS", (2, 4))
    quick = {"steps": "2", "width": "8", "prior": "gaussian"}
    request = RunRequest(str(folder), engine="cvae", parameters=quick, seed=3)
    begun: list[str] = []

    def stop_in_the_third(tick: Tick) -> None:
        begun.extend([tick.phase] if tick.phase == "score" else [])
        if len(begun) == 3:
            raise KeyboardInterrupt

    out = tmp_path / "out"
    dry = lift(request, out, force=False, dry_run=True, tell=silent)
    assert dry["estimate"]["seconds"]["score"] > 0 and not out.exists()
    with pytest.raises(KeyboardInterrupt):
        lift(request, out, force=False, tell=stop_in_the_third)
    kept = (out / ".partial" / "done.jsonl").read_text().splitlines()
    found = lift(request, out, force=False, tell=silent)
    assert found["resumed"] and len(kept) == 2 and len(found["repetitions"]) == 5
    assert found["target"] == "label" and found["data"]["noun"] == "images"
    (learner,) = found["learners"]
    arms = {arm["arm"]: arm for arm in learner["arms"]}
    assert list(arms) == dry["arms"] == [
        "real alone", "class weights", "classical",
        "synthetic 0.25x", "synthetic 0.5x", "synthetic 1x", "synthetic 2x", "late classes 1x",
    ]  # fmt: skip
    assert all(0 <= arms[name]["accuracy"] <= 1 for name in dry["arms"][:-1])
    assert set(learner["differences"]) == {"accuracy", "average_precision"}
    assert learner["differences"]["accuracy"]["interval"]["low"] <= 0 or learner["augment"]
    page = (out / "lift.html").read_text()
    assert "Do synthetic images help" in page and "<script" not in page and "Accuracy" in page
