"""What of the machine decides how a network computes."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

PACE_ROUNDS, PACE_SECONDS = 16, 6.0e-3  # of one round, where unit costs were measured


def precision(device: str) -> str:
    """The type of products: bfloat16 where the device multiplies it natively, else float32.

    On such processors it is 3.4 times as fast as float32 (measured).
    """
    import torch

    if device == "cpu":
        able = torch.cpu._is_avx512_bf16_supported()
    else:
        able = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bfloat16" if able else "float32"


def pace() -> float:
    """How long this machine takes now for what a core that unit costs were measured on does in 1.

    By a small layer and its activation, over and over for about a tenth of a second.
    """
    import torch

    stream = torch.Generator().manual_seed(0)
    x, w = (torch.rand(shape, generator=stream) for shape in ((512, 128), (128, 2048)))
    with torch_threads(1), torch.inference_mode():
        found = []
        for _ in range(PACE_ROUNDS):
            start = time.perf_counter()
            (x @ w).clamp_(-9, 9).exp_().sum(1)
            found.append(time.perf_counter() - start)
    return statistics.median(found) / PACE_SECONDS


def rest_idle_threads() -> None:
    """Idle OpenMP threads sleep instead of spinning; only heard before torch is first loaded."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


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
