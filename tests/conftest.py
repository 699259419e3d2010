"""What all tests share: where the shared data lies, and that nothing reaches the network."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from augment.work.environment import ENVIRONMENT
from tests.few_trees import judged_by_few_trees
from tests.places import SHARED

os.environ.update(ENVIRONMENT)
os.environ["OMP_NUM_THREADS"] = "1"  # small data: a second thread costs more than it brings


settings.register_profile("quick", max_examples=100, deadline=None)
settings.register_profile("thorough", max_examples=1_000, deadline=None)
settings.load_profile("quick")


class Unreachable(BaseException):
    """A test reached for the network; no library takes this for an error that it can deal with."""


def _refuse(*_: Any, **__: Any) -> Any:
    raise Unreachable


# before any library is loaded that would call home as it loads
socket.socket.connect = socket.getaddrinfo = _refuse  # type: ignore[assignment,method-assign]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real tables and hostile files; tests that need it skip where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared data is not on this machine")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def no_fork_server() -> Iterator[None]:
    """Commands that a test runs in its own process are not alone in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("augment.work.fork_server.allow", lambda: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_shadow_models() -> Iterator[None]:
    """Tables of tests are small, and every run of one would fit some more."""
    name = "augment.kinds.tables.metrics.membership.shadow_models"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(name, lambda train, unseen: 0)
        yield


@pytest.fixture
def few_trees() -> Iterator[None]:
    """Quick scores, for tests of what becomes of them: the trees that judge tables are few."""
    with judged_by_few_trees():
        yield
