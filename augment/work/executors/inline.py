"""Tasks one after another, in this process."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, TypeVar

from augment.work.executors import Executor
from augment.work.task import Task

R = TypeVar("R")


class Inline(Executor):
    """Runs each task when its result is asked for."""

    sees_files = True

    def map(self, tasks: Iterable[Task[R]], shared: Any) -> Generator[R, None, None]:
        for task in tasks:
            yield task.run(shared)
