"""Work that frees Python's lock, such as Arrow's and NumPy's, on several cores of this process."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from augment.work.pool import cores

A = TypeVar("A")
R = TypeVar("R")
MOST_THREADS = 4  # beyond which Python's lock leaves little to gain


def in_order(function: Callable[[A], R], items: Iterable[A]) -> Iterator[R]:
    """`map` by as many threads as this process may keep busy: the same results, in the same order,
    and the same error first. A few items are taken ahead of the results, fewer where these come
    sooner than items do."""
    threads = min(cores(), MOST_THREADS)
    items = iter(items)
    first = list(itertools.islice(items, 2))
    items = itertools.chain(first, items)
    if threads == 1 or len(first) < 2:
        yield from map(function, items)
        return
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                while waiting and (len(waiting) > threads or waiting[0].done()):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def ahead(items: Iterator[A]) -> Iterator[A]:
    """The same items, each made by another thread while the one before it is used."""
    if cores() == 1:
        yield from items
        return
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(_next, items)
        while item := following.result():
            following = thread.submit(_next, items)
            yield item[0]


def _next(items: Iterator[A]) -> tuple[A] | None:
    """The next item; None at the end."""
    for item in items:
        return (item,)
    return None
