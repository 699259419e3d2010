"""A fit that other processes can share, for `test_local_ranks`."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import torch

from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Job
from augment.nets.schedule import Schedule
from augment.nets.streams import torch_stream
from augment.nets.training import TrainingOutcome, train

STEPS, DIES_AT = 90, 47


@dataclass(frozen=True)
class RankedFit:
    """Weights that go to a noisy goal in steps of three micro-batches.

    `killer` is a file that its rank 1 takes away on its way to be killed, or, where it says so,
    to fail.
    """

    killer: Path
    steps: int = STEPS

    def __call__(self, job: Job) -> tuple[TrainingOutcome, torch.Tensor]:
        weights = torch.zeros(300, requires_grad=True)

        def loss(number: int) -> torch.Tensor:
            if job.ranks.rank == 1 and number // 3 == DIES_AT and self.killer.exists():
                fails = self.killer.read_text() == "fail"
                self.killer.unlink()
                if fails:
                    raise BadInput("rank 1 says why", where="here")
                os.kill(os.getpid(), signal.SIGKILL)
            noise = torch.randn(300, generator=torch_stream(Seed(1).child(number).integer()))
            return ((weights - 1 - noise) ** 2).sum()

        schedule = Schedule(self.steps, 0.05, check_every=10, checkpoint_every=20, micro_batches=3)
        outcome = train(
            {"w": weights}, loss, lambda: float(weights.detach().pow(2).sum()), schedule, job
        )
        return outcome, weights.detach()
