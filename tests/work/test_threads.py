"""Threads give what `map` gives: the same results and errors, in the same order, and no faster
than they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from augment.work import threads
from augment.work.threads import ahead, in_order

CORES = [1, 2, 9]


@pytest.fixture(params=CORES)
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(threads, "cores", lambda: request.param)
    return int(request.param)


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize("count", [0, 1, 5, 100])
def test_results_are_those_of_map(count: int) -> None:
    assert list(in_order(lambda n: n * n, range(count))) == [n * n for n in range(count)]


@pytest.mark.usefixtures("cores")
def test_the_first_error_comes_first_behind_the_results_before_it() -> None:
    found = []
    with pytest.raises(ValueError, match=r"^3$"):
        for result in in_order(_refuse, range(50)):
            found.append(result)
    assert found == [0, 1, 2]


def _refuse(n: int) -> int:
    if n >= 3:
        raise ValueError(str(n))
    return n


def test_few_items_are_taken_ahead(cores: int) -> None:
    taken = []

    def items() -> Iterator[int]:
        for n in range(1_000):
            taken.append(n)
            yield n

    results = in_order(lambda n: n, items())
    assert next(results) == 0
    assert len(taken) <= threads.MOST_THREADS + 1
    results.close()  # type: ignore[attr-defined]
    assert len(taken) <= threads.MOST_THREADS + 1


class AtOnce(ThreadPoolExecutor):
    """Has done what is submitted before it says so."""

    def submit(self, *given: Any, **named: Any) -> Future[Any]:
        future = super().submit(*given, **named)
        future.exception()
        return future


def test_a_result_that_is_there_waits_for_no_further_item(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 9)
    monkeypatch.setattr(threads, "ThreadPoolExecutor", AtOnce)
    items = iter(range(9))
    results = in_order(lambda n: n, items)
    assert (next(results), next(items)) == (0, 2)  # two are taken to see whether there are several
    results.close()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("cores")
@pytest.mark.parametrize("count", [0, 1, 5, 100])
def test_items_made_ahead_are_the_items(count: int) -> None:
    assert list(ahead(iter(range(count)))) == list(range(count))
    assert list(ahead(iter([None] * count))) == [None] * count


@pytest.mark.usefixtures("cores")
def test_an_error_comes_behind_the_items_before_it() -> None:
    found = []
    with pytest.raises(ValueError, match=r"^3$"):
        for item in ahead(map(_refuse, range(50))):
            found.append(item)
    assert found == [0, 1, 2]


def test_one_item_is_made_ahead_and_none_after_the_end_is_asked_for(cores: int) -> None:
    made = []
    items = ahead(made.append(n) for n in range(1_000))
    next(items)
    next(items)
    items.close()  # type: ignore[attr-defined]
    assert len(made) == (2 if cores == 1 else 3)
