"""Ranks that are the processes of a group of torch.distributed.

Import it only where torch is needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
import torch.distributed as dist
from torch import Tensor

from augment.core.budget import Budget
from augment.core.ranks import RankFinished, RankLost, Ranks
from augment.core.types import Job


class ProcessGroup(Ranks):
    """The group that this process has joined."""

    def __init__(self) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()

    def gather(self, tensor: Tensor) -> list[Tensor]:
        if self.size == 1:
            return [tensor]
        found = [torch.empty_like(tensor) for _ in range(self.size)]
        _joined(lambda: dist.all_gather(found, tensor.contiguous()))
        return found

    def told(self, value: Callable[[], str]) -> str:
        if self.size == 1:
            return value()
        said = value().encode() if self.rank == 0 else b""
        length = torch.tensor([len(said)])
        _joined(lambda: dist.broadcast(length, 0))
        text = torch.frombuffer(bytearray(said), dtype=torch.uint8) if said else torch.empty(0)
        if self.rank:
            text = torch.empty(int(length), dtype=torch.uint8)
        if int(length):
            _joined(lambda: dist.broadcast(text, 0))
        return bytes(text.tolist()).decode()

    def finish(self) -> None:
        if self.rank:
            raise RankFinished
        self.size = 1


def _joined(talk: Callable[[], object]) -> None:
    try:
        talk()
    except RuntimeError as error:  # gloo and NCCL have no class for a peer that is gone
        raise RankLost from error


def backend(device: str) -> str:
    """What carries tensors between ranks: slopes on GPUs by NCCL, all else by gloo."""
    return "gloo" if device == "cpu" else "cpu:gloo,cuda:nccl"


def joined(job: Job, ranks: Ranks) -> Job:
    """The job of a rank, whose clock is that of rank 0: all of them decide alike by the time."""
    budget = job.budget

    def passed() -> float:
        return ranks.told_number(lambda: budget.clock() - budget.start)

    return replace(job, ranks=ranks, budget=Budget(budget.max_seconds, passed, 0.0))
