"""Executors run tasks and hand on their results in the order of the tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable
from typing import Any, ClassVar, TypeVar

from augment.core import registry
from augment.core.errors import UsageError
from augment.core.types import Cluster, Workers
from augment.work.pool import cores
from augment.work.task import Task

R = TypeVar("R")


class Executor(ABC):
    """Runs tasks somewhere. Registered in the group `augment.executors`; one that is not of this
    package is made with the address that was given, or None, and the most tasks at a time, or
    None."""

    sees_files: ClassVar[bool] = False  # whether tasks surely see all files of this machine

    @abstractmethod
    def map(self, tasks: Iterable[Task[R]], shared: Any) -> Generator[R, None, None]:
        """The results of the tasks, in their order; few of them wait at a time, however many
        there are. `shared` is what each task's function is given first.

        An error of a task is raised where its result would stand. Whoever stops early closes the
        iterator (`contextlib.closing`), and what runs elsewhere then ends.
        """


def executor(workers: Workers, patience: float | None = None) -> Executor:
    """What runs the tasks of a command: so many processes, None for as many as pay, or what is
    elsewhere.

    `patience` are the seconds that are worked here first, where more is known than that a task
    is short. Raises `UsageError` for fewer than one.
    """
    most = workers.most if isinstance(workers, Cluster) else workers
    if most is not None and most < 1:
        raise UsageError(f"--workers {most}: at least 1.")
    if isinstance(workers, Cluster):
        return _registered(workers.name, workers.address, most)
    if (cores() if workers is None else workers) == 1:
        return _registered("inline")
    return _registered("processes", workers, patience)


def _registered(name: str, *arguments: Any) -> Executor:
    made: Executor = registry.find("executors", name)(*arguments)
    return made
