"""What all tests share: where the shared data lies, and a home that holds nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from augment.cli.app import ENVIRONMENT

os.environ.update(ENVIRONMENT)
os.environ["OMP_NUM_THREADS"] = "1"  # small data: a second thread costs more than it brings

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real tables and hostile files; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared data is not on this machine")
    return SHARED
