"""Streams of random numbers for torch. Import it only where torch is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def torch_stream(number: int, device: str = "cpu") -> torch.Generator:
    """A stream of its own; `number` is below 2^63."""
    found = torch.Generator(device)
    found.manual_seed(number)
    return found


@contextmanager
def initialised(number: int) -> Iterator[None]:
    """Weights made inside the block come from `number`; torch's global stream is put back."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(number)
        yield
