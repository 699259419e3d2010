"""When processes are started, and how many; the laws of all executors are in `augment.testing`."""

from __future__ import annotations

import os

import pytest

from augment.core.errors import UsageError
from augment.testing.executors import square
from augment.work import pool
from augment.work.executors import executor
from augment.work.executors.processes import Processes
from augment.work.task import Task


def cores_there(shared: int) -> int:
    return pool.cores()


def test_no_more_processes_than_asked_for_are_started() -> None:
    tasks = [Task(str(number), square, (number,)) for number in range(9)]
    found = {process for _, process in Processes(2, patience=0).map(tasks, 0)}
    assert 1 <= len(found - {os.getpid()}) <= 2


def test_work_that_is_soon_done_starts_no_process() -> None:
    tasks = [Task(str(number), square, (number,)) for number in range(5)]
    found = {process for _, process in Processes(4, patience=3600).map(tasks, 0)}
    assert found == {os.getpid()}


def test_a_process_of_several_keeps_one_core_busy() -> None:
    tasks = [Task(str(number), cores_there) for number in range(3)]
    assert list(Processes(2, patience=0).map(tasks, 0))[1:] == [1, 1]


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_process_is_refused(workers: int) -> None:
    with pytest.raises(UsageError, match="--workers"):
        executor(workers)
