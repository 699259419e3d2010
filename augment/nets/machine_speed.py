"""How fast this machine is now, beside the one on which unit costs were measured."""

from __future__ import annotations

import statistics
import time

from augment.nets.threads import torch_threads

ROUNDS, ROUND_SECONDS = 48, 6.0e-3  # of one round, where unit costs were measured


def slowdown() -> float:
    """How long this machine takes now for what a core that unit costs were measured on does in 1.

    By a small layer and its activation, over and over for about a third of a second.
    """
    import torch

    stream = torch.Generator().manual_seed(0)
    x, w = (torch.rand(shape, generator=stream) for shape in ((512, 128), (128, 2048)))
    with torch_threads(1), torch.inference_mode():
        found = []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            (x @ w).clamp_(-9, 9).exp_().sum(1)
            found.append(time.perf_counter() - start)
    return statistics.median(found) / ROUND_SECONDS
