"""What tests of promises share: the command in forked processes, and a folder to work in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.trust.writers")  # whose assertions count as a test's

from tests.trust.processes import Commands  # noqa: E402
from tests.trust.writers import Workplace, furnished  # noqa: E402


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    scratch: Path = tmp_path_factory.mktemp("commands")
    commands = Commands(scratch)
    try:
        yield furnished(tmp_path_factory.mktemp("work"), commands)
    finally:
        commands.close()
