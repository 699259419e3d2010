"""What a library's error means, whatever class and words the library gives it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from augment.core.errors import BadInput, is_lack_of_memory

UNCLEAR = RuntimeError("could not create a primitive")  # oneDNN, in torch


@pytest.fixture
def little_memory() -> Iterator[None]:
    """Ten mebibytes beyond what this process holds."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + (10 << 20), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_with_memory_left_an_unclear_failure_is_no_lack_of_it() -> None:
    assert not is_lack_of_memory(UNCLEAR)
    assert is_lack_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory"))


@pytest.mark.usefixtures("little_memory")
def test_with_none_left_it_is() -> None:
    assert is_lack_of_memory(UNCLEAR)
    assert not is_lack_of_memory(BadInput("a column is empty"))
    assert not is_lack_of_memory(KeyError("a"))
