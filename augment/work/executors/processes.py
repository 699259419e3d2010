"""Tasks in other processes, which end when the one that started them does, however that ends."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from itertools import chain, islice
from math import ceil, inf
from typing import Any, TypeVar

from augment.work import fork_server
from augment.work.executors import Executor
from augment.work.pool import cores, pool
from augment.work.task import Task

R = TypeVar("R")

PATIENCE = 2.0  # seconds of work that are done here first; starting processes costs as many
FORKS = 0.3  # the same, where what they are forked of is there
LONG = 1.0  # seconds of a task beside which it is not worth going on here until it is
AHEAD = 2  # tasks per process that wait, or whose results do, so that memory stays flat
LOOKED_AT = 64  # tasks that are taken, at most, to see whether as many are left


class Processes(Executor):
    """Runs tasks in up to `most` processes (None: one per core) once there is enough to do.

    The first tasks run here. Processes are started when as much time has passed as that costs: if
    nobody knows what is to come, it takes at most twice the time of the better choice. They are
    started earlier where two tasks have run, and as many are left as would take twice that time
    if each took as long as the shortest.
    """

    sees_files = True

    def __init__(self, most: int | None = None, patience: float | None = None) -> None:
        self.most = cores() if most is None else most
        cost = FORKS if fork_server.ready() else PATIENCE
        self.patience = cost if patience is None else patience

    def map(self, tasks: Iterable[Task[R]], shared: Any) -> Generator[R, None, None]:
        left = iter(tasks)
        ahead = deque(islice(left, 1))  # taken, and not begun
        times: list[float] = []
        began = time.monotonic()
        while ahead:
            start = time.monotonic()
            result = ahead.popleft().run(shared)
            times.append(time.monotonic() - start)
            yield result
            enough = 2 * self.patience / max(min(times), 1e-9) if len(times) > 1 else inf
            wanted = max(1, ceil(enough)) if enough <= LOOKED_AT else 1
            ahead.extend(islice(left, max(0, wanted - len(ahead))))
            due = time.monotonic() - began > self.patience or len(ahead) >= enough
            if due and self._at_once(min(times)):
                break
        if ahead:
            yield from self._elsewhere(chain(ahead, left), shared)

    def _at_once(self, shortest: float) -> bool:
        """Whether to wait for processes now, and not to go on here until they can be had."""
        return shortest > LONG or not fork_server.start() or fork_server.ready()

    def _elsewhere(self, tasks: Iterator[Task[R]], shared: Any) -> Generator[R, None, None]:
        waiting: deque[Future[R]] = deque()
        with pool(self.most, shared, forked=True) as processes:
            for task in tasks:
                waiting.append(processes.submit(task))
                if len(waiting) >= self.most * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
