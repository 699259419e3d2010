"""Tasks in other processes, which end when the one that started them does, however that ends."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from itertools import chain
from typing import Any, TypeVar

from augment.work.executors import Executor
from augment.work.pool import cores, pool
from augment.work.task import Task

R = TypeVar("R")

PATIENCE = 2.0  # seconds of work that are done here first; starting processes costs as many
AHEAD = 2  # tasks per process that wait, or whose results do, so that memory stays flat


class Processes(Executor):
    """Runs tasks in up to `most` processes (None: one per core) once there is enough to do.

    The first tasks run here. Nobody knows how many are to come: to start processes only when as
    much time has passed as that costs takes at most twice the time of the better choice.
    """

    sees_files = True

    def __init__(self, most: int | None = None, patience: float | None = None) -> None:
        self.most = cores() if most is None else most
        self.patience = PATIENCE if patience is None else patience

    def map(self, tasks: Iterable[Task[R]], shared: Any) -> Generator[R, None, None]:
        left = iter(tasks)
        end = time.monotonic() + self.patience
        for task in left:
            yield task.run(shared)
            if time.monotonic() > end:
                break
        begun = next(left, None)
        if begun is None:
            return
        yield from self._elsewhere(chain([begun], left), shared)

    def _elsewhere(self, tasks: Iterator[Task[R]], shared: Any) -> Generator[R, None, None]:
        waiting: deque[Future[R]] = deque()
        with pool(self.most, shared) as processes:
            for task in tasks:
                waiting.append(processes.submit(task))
                if len(waiting) >= self.most * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
