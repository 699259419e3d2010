"""How many threads compute."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Run torch on this many threads, then as before."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """The same for torch and the linear algebra below NumPy, whose libraries take 2 ms to find."""
    with torch_threads(count), threadpool_limits(count):
        yield
