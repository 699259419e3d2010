"""Which processes share the training of one model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from augment.core import registry
from augment.core.fitted import Fitted
from augment.core.types import Cluster, Engine, Job, Start, Tick, Workers
from augment.lifecycle.opened_model import Opened
from augment.lifecycle.update import start_of
from augment.work.pool import cores


@dataclass(frozen=True)
class Fit:
    """A kind's fit, to be sent to other processes; `start` is the older model that it goes on
    from."""

    kind: str
    engine: Engine[Any]
    data: Any
    protect: bool
    whole: Any
    start: Opened | None

    def __call__(self, job: Job) -> Fitted[Any]:
        start: Start | None = None if self.start is None else start_of(self.start)
        generator = registry.find("kinds", self.kind).generator
        made: Fitted[Any] = generator.fit(
            self.engine, self.data, replace(job, start=start), self.protect, self.whole
        )
        return made


def fitted(fit: Fit, job: Job, workers: Workers) -> Fitted[Any]:
    """What the fit gives, by as many processes as its steps fall into parts and there is room for:
    cards with a GPU, else `workers`. Their number changes nothing."""
    most = fit.engine.most_ranks()
    if most == 1:
        if isinstance(workers, Cluster) and workers.name == "ray":
            job.tick(Tick("fit", note="one process trains: the steps of this fit have one part"))
        return fit(job)
    if isinstance(workers, Cluster):
        if workers.name == "ray":
            from augment.nets.ray_ranks import fitted_on_cluster

            return fitted_on_cluster(fit, job, most, workers.address, workers.most)
        workers = workers.most
    count = min(most, _room(job.device, workers))
    if count == 1:
        return fit(job)
    from augment.nets.local_ranks import fitted_by_ranks

    job.tick(Tick("fit", note=f"{count} processes share each step of the training"))
    return fitted_by_ranks(fit, job, count)


def _room(device: str, workers: int | None) -> int:
    """How many processes may compute at a time on this machine."""
    if device == "cpu":
        return cores() if workers is None else workers
    import torch

    cards = torch.cuda.device_count()
    return max(1, cards if workers is None else min(cards, workers))
