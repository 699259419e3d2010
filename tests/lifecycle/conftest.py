"""What tests of several stages share: a small source of the plugin's kind of data."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

WORDS = ("the", "cat", "sat", "on", "a", "mat", "and", "saw", "one", "dog", "in", "rain")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two hundred lines of text, in a folder in which tests may make more."""
    rng = random.Random(1)
    path = tmp_path_factory.mktemp("lines") / "text.lines"
    lines = [" ".join(rng.choices(WORDS, k=rng.randint(3, 8))) for _ in range(200)]
    path.write_text("\n".join(lines) + "\n")
    return path
