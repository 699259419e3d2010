"""Laws of executors: results in order, few at a time, errors in their place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from typing import ClassVar

import pytest

from augment.core.errors import BadInput
from augment.work.executors import Executor
from augment.work.task import Task

MOST_AHEAD = 8  # tasks that may have been taken beyond the results


class ExecutorLaws:
    """What any executor must keep, wherever it runs its tasks.

    class TestMine(ExecutorLaws):
        executor = Mine()
    """

    executor: ClassVar[Executor]

    def test_results_come_in_the_order_of_the_tasks(self) -> None:
        tasks = (Task(str(number), square, (number,)) for number in range(9))
        results = list(self.executor.map(tasks, 100))
        assert [value for value, _ in results] == [100 + number * number for number in range(9)]

    def test_few_tasks_are_taken_ahead_of_the_results(self) -> None:
        taken = 0

        def tasks() -> Iterator[Task[tuple[int, int]]]:
            nonlocal taken
            for number in range(10_000):
                taken += 1
                yield Task(str(number), square, (number,))

        with closing(self.executor.map(tasks(), 0)) as results:
            for step in range(1, 5):
                next(results)
                assert taken <= step + MOST_AHEAD

    def test_an_error_is_raised_in_its_place_with_all_that_it_says(self) -> None:
        tasks = (Task(str(number), refuse, (number,)) for number in range(9))
        results = self.executor.map(tasks, 0)
        assert [next(results) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(BadInput, match="it is three") as caught:
            next(results)
        assert (caught.value.where, caught.value.hint) == ("here", "Take two.")

    def test_nothing_is_done_of_no_tasks(self) -> None:
        assert list(self.executor.map([], 0)) == []


def square(shared: int, number: int) -> tuple[int, int]:
    """A task that tells which process ran it."""
    return shared + number * number, os.getpid()


def refuse(shared: int, number: int) -> int:
    """A task of which the fourth fails."""
    if number == 3:
        raise BadInput("it is three.", where="here", hint="Take two.")
    return number
