"""What no engine here does well is said before a fit, with what to do instead."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from augment.kinds.images.data.dataset import Images
from augment.kinds.images.data.schema import ImageSchema
from augment.kinds.images.generator import photographs
from tests.cli.in_process import augment

SIDE, COUNT = 24, 10


def colourful() -> NDArray[np.uint8]:
    """Pictures whose colours run into one another, with the noise of a camera."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    waves = rng.uniform(1, 6, (COUNT, 3, 2))
    angle = waves[..., 0, None, None] * x + waves[..., 1, None, None] * y
    light = 128 + 90 * np.sin(angle) + rng.normal(0, 6, (COUNT, 3, SIDE, SIDE))
    return np.moveaxis(np.clip(light, 0, 255).astype(np.uint8), 1, -1)


def images(pixels: NDArray[np.uint8]) -> Images:
    return Images.of_arrays(pixels, None, ImageSchema(SIDE, SIDE, "rgb"))


def test_colour_photographs_on_a_cpu_are_named_and_nothing_else_is() -> None:
    photos = colourful()
    flat = (photos // 128) * 127  # a drawing of eight colours
    gray = np.repeat(photos[..., :1], 3, axis=-1)
    assert "augment transform" in photographs.advice(images(photos), "cpu")[0]
    assert photographs.advice(images(photos), "cuda") == ()
    assert photographs.advice(images(flat), "cpu") == ()
    assert photographs.advice(images(gray), "cpu") == ()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A table with a column of sentences and one of short codes."""
    words = ("the", "pump", "was", "loud", "again", "and", "cold", "after", "lunch")
    rng = np.random.default_rng(0)
    rows = [f"{n % 7},K-{n:04d},{' '.join(rng.permutation(words))} {n}" for n in range(120)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["n,code,remark", *rows]) + "\n")
    return path


def test_free_text_is_named_before_the_fit(notes: Path, tmp_path: Path) -> None:
    done = augment("fit", notes, "-o", tmp_path / "m", "-e", "independent", "--json")
    assert done.returncode == 0, done.stderr
    said = done.stderr.decode()
    assert "note: no engine here writes free text: what 'remark' says is lost" in said
    assert said.index("note: no engine") < said.index("fitting")
    assert [text[:14] for text in json.loads(done.stdout)["advice"]] == ["no engine here"]


def test_rows_in_time_are_named_before_anything_is_compared(tmp_path: Path) -> None:
    rows = [f"2024-01-01 {n // 60:02d}:{n % 60:02d},{n % 13}" for n in range(300)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["at,level", *rows]) + "\n")
    done = augment("compare", path, "-o", tmp_path / "o", "--engines", "independent", "--dry-run")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.decode().split())
    assert "rows follow one another in time" in said and "one row for each series" in said
