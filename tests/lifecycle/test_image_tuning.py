"""`augment tune` of an image folder, from its trials to a model by the winner's parameters."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augment.core.types import Tick, silent
from augment.kinds.images.metrics import classifier
from augment.lifecycle import tuning
from augment.lifecycle.plan import RunRequest
from augment.lifecycle.search import TuneRequest
from tests.cli import in_process
from tests.kinds.images.pictures import file_of

FIXED = {"steps": "3", "width": "8", "prior": "gaussian", "batch": "16"}
WORDS = [word for name, value in FIXED.items() for word in ("-p", f"{name}={value}")]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Classifiers that judge pictures are hardly trained."""
    train = classifier.trained_judge

    def hardly(pixels: Any, codes: Any, classes: int, seed: Any, steps: int = 4, *more: Any,
               **named: Any) -> Any:  # fmt: skip
        return train(pixels, codes, classes, seed, min(steps, 4), *more, **named)

    monkeypatch.setattr(classifier, "trained_judge", hardly)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A hundred and twenty pictures of two classes, of 8 x 8 pixels."""
    rng = np.random.default_rng(1)
    for number in range(120):
        pixels = rng.integers(0, 60, (8, 8)).astype(np.uint8)
        pixels[:4] += np.uint8(150 * (number % 2))
        path = tmp_path / "in" / ("dark", "light")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file_of(pixels))
    yield tmp_path / "in"


def test_images_are_tuned_and_the_winner_is_fitted_and_drawn(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["tune", folder, "-o", out, "-e", "cvae", *WORDS, "--trials", "3", "--seed", "1"]
    done = in_process.augment(*words, "--workers", "1", "--device", "cpu")
    said = done.stderr.decode()
    document = json.loads((out / "tune.json").read_text())
    assert [row["state"] for row in document["trials"]] == ["done"] * 3, said
    assert done.returncode == (0 if document["winner"] else 3), said
    assert set(document["space"]) == {"latent", "beta", "learning_rate"}
    assert max(map(len, said.splitlines())) <= 80
    assert "3 trials of cvae" in said and "on unseen images" in said
    page = (out / "tune.html").read_text()
    assert "On images that no trial saw" in page and "rows that no" not in page + said
    used = re.search(r"Use it: (.*?)\nReport", said, re.DOTALL)
    options = shlex.split(used[1]) if used else ["-e", "cvae", *WORDS]
    fitted = in_process.augment("fit", folder, "-o", tmp_path / "m", *options, "--seed", "1")
    assert fitted.returncode == 0, fitted.stderr
    drawn = in_process.augment("sample", tmp_path / "m", "-n", "4", "-o", tmp_path / "drawn")
    assert drawn.returncode == 0 and len(list((tmp_path / "drawn").rglob("*.png"))) == 4


@pytest.mark.slow  # two searches
def test_a_search_of_images_that_was_cut_short_goes_on(folder: Path, tmp_path: Path) -> None:
    run = RunRequest(str(folder), engine="cvae", parameters=FIXED, seed=1)
    request = TuneRequest(run, trials=2)

    def stop_in_the_second(tick: Tick) -> None:
        if tick.phase == "tune" and tick.step == 1 and tick.note.startswith("scoring"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tuning.tune(request, tmp_path / "out", force=False, dry_run=False, tell=stop_in_the_second)
    found, whole = (
        tuning.tune(request, tmp_path / name, force=False, dry_run=False, tell=silent)
        for name in ("out", "whole")
    )
    assert [row["scores"] for row in found["trials"]] == [r["scores"] for r in whole["trials"]]
    assert found["winner"] == whole["winner"] and found["verdict"] == whole["verdict"]
