"""Laws of every registered executor: results in order, few at a time, errors in their place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing

import pytest

from augment.core import registry
from augment.core.errors import BadInput, UsageError
from augment.work import pool
from augment.work.executors import Executor, executor, processes
from augment.work.task import Task

MOST_AHEAD = 8


def square(shared: int, number: int) -> tuple[int, int]:
    return shared + number * number, os.getpid()


def refuse(shared: int, number: int) -> int:
    if number == 3:
        raise BadInput("it is three.", where="here", hint="Take two.")
    return number


def cores_there(shared: int) -> int:
    return pool.cores()


@pytest.fixture(params=registry.names("executors"))
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Executor:
    monkeypatch.setattr(processes, "PATIENCE", 0.0)
    found: Executor = registry.find("executors", request.param)(
        *([2] if request.param == "processes" else [])
    )
    return found


def test_results_come_in_the_order_of_the_tasks(made: Executor) -> None:
    tasks = (Task(str(number), square, (number,)) for number in range(9))
    results = list(made.map(tasks, 100))
    assert [value for value, _ in results] == [100 + number * number for number in range(9)]
    elsewhere = {process for _, process in results} - {os.getpid()}
    assert len(elsewhere) <= 2


def test_few_tasks_are_taken_ahead_of_the_results(made: Executor) -> None:
    taken = 0

    def tasks() -> Iterator[Task[tuple[int, int]]]:
        nonlocal taken
        for number in range(10_000):
            taken += 1
            yield Task(str(number), square, (number,))

    with closing(made.map(tasks(), 0)) as results:
        for step in range(1, 5):
            next(results)
            assert taken <= step + MOST_AHEAD


def test_an_error_is_raised_in_its_place_with_all_that_it_says(made: Executor) -> None:
    tasks = (Task(str(number), refuse, (number,)) for number in range(9))
    results = made.map(tasks, 0)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(BadInput, match="it is three") as caught:
        next(results)
    assert (caught.value.where, caught.value.hint) == ("here", "Take two.")


def test_nothing_is_done_of_no_tasks(made: Executor) -> None:
    assert list(made.map([], 0)) == []


def test_work_that_is_soon_done_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 3600.0)
    tasks = [Task(str(number), square, (number,)) for number in range(5)]
    assert {process for _, process in executor(4).map(tasks, 0)} == {os.getpid()}


def test_a_process_of_several_keeps_one_core_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.0)
    tasks = [Task(str(number), cores_there) for number in range(3)]
    assert list(executor(2).map(tasks, 0))[1:] == [1, 1]


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_process_is_refused(workers: int) -> None:
    with pytest.raises(UsageError, match="--workers"):
        executor(workers)
