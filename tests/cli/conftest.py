"""A small table and a model of it, for tests of commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.child import write_table
from tests.cli.in_process import augment


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table") / "t.csv")


@pytest.fixture(scope="module")
def model(table: Path) -> Path:
    out = table.parent / "m"
    done = augment("fit", table, "-o", out, "-e", "independent", "--seed", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema"] == "augment.fit/1"
    return out
