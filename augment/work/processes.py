"""A pool of processes that end when the one that started them does, however that ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import ParamSpec, TypeVar

from augment.core.errors import OutOfResources

P = ParamSpec("P")
T = TypeVar("T")
_given_up: Event | None = None  # in a process of a pool: whether its results are still wanted


class Pool:
    """Runs functions in other processes. A function asks `wanted` between two long steps."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor
        self._processes: list[multiprocessing.process.BaseProcess] = []

    def submit(self, function: Callable[P, T], *given: P.args, **named: P.kwargs) -> Future[T]:
        future = self._executor.submit(function, *given, **named)
        self._processes = self._processes or list(multiprocessing.active_children())
        return future

    def killed(self) -> bool:
        """Whether one of the processes was killed, as the system does where memory is short."""
        for process in self._processes:
            process.join(timeout=1)
        return any(process.exitcode == -signal.SIGKILL for process in self._processes)


@contextmanager
def pool(workers: int, prepare: Callable[[], None]) -> Iterator[Pool]:
    """`workers` processes, each of which calls `prepare` first; they end with the block.

    Where the block ends with an error or a signal, what has not begun is dropped, and what has
    ends at its next step. Raises `OutOfResources` where a process is killed.
    """
    # Not forked: a fork of a process with threads (OpenCV, torch) can hang.
    context = multiprocessing.get_context("spawn")
    given_up = context.Event()
    executor = ProcessPoolExecutor(workers, context, _begin, (prepare, given_up))
    made = Pool(executor)
    try:
        yield made
    except BrokenProcessPool:
        if not made.killed():
            raise
        raise OutOfResources(
            "a process was killed, most likely since memory ran out. Use fewer of them "
            f"(--workers {max(1, workers // 2)}), or a machine with more memory; "
            "the same command goes on where this one stopped."
        ) from None
    finally:
        given_up.set()
        executor.shutdown(cancel_futures=True)


def wanted() -> bool:
    """Whether the process that asked for this one's work still waits for it."""
    return _given_up is None or not _given_up.is_set()


def _begin(prepare: Callable[[], None], given_up: Event) -> None:
    """A terminal signals its whole group; the process that started us decides what comes of it."""
    global _given_up
    _given_up = given_up
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "only processes of a pool come here"
    parent.join()
    os._exit(1)
