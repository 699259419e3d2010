"""A pool of processes that end when the one that started them does, however that ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from augment.core.errors import OutOfResources, is_lack_of_memory, is_limit, limit_reached
from augment.work import fork_server
from augment.work.fork_server import ONE_THREAD
from augment.work.shared_pages import Packed, packed
from augment.work.task import Task

R = TypeVar("R")

NO_ROOM = 76  # how a process ends that finds no memory or thread to begin with
FORKS_LOST = 255  # how a process has ended where the one that it was forked of was killed
EXECUTORS = ProcessPoolExecutor.__module__
_shared: Any = None  # in a process of a pool: what its tasks are given first
_single: bool | None = None  # whether this process is to compute on one thread, where it was told


class Pool:
    """Runs tasks in other processes."""

    def __init__(self, executor: ProcessPoolExecutor, processes: list[BaseProcess]) -> None:
        self._executor, self._processes = executor, processes
        self._waiting: set[Future[Any]] = set()
        self._lost: BaseException | None = None

    def submit(self, task: Task[R]) -> Future[R]:
        try:
            future = self._executor.submit(_run, task)
        except (ConnectionError, EOFError) as error:  # what starts them has ended
            raise OutOfResources(
                "no process could be started, most likely for lack of memory. Use fewer "
                "(--workers 1), or a machine with more; the same command goes on where this one "
                "stopped."
            ) from error
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        if self._lost is not None:
            self.lose(self._lost)
        return future

    def lose(self, error: BaseException) -> None:
        """Let all that is waited for end with an error: nobody hands out tasks any more."""
        self._lost = error
        for future in list(self._waiting):
            with suppress(InvalidStateError):
                future.set_exception(error)

    def end(self) -> None:
        """Stop what runs, in the middle of its task."""
        for process in self._processes:
            if process.pid is not None:  # it was started
                process.terminate()

    def killed(self) -> bool:
        """Whether one of the processes was killed, as the system does where memory is short, or
        found no memory or thread to begin with."""
        codes = (-signal.SIGKILL, NO_ROOM, FORKS_LOST)
        return any(process.exitcode in codes for process in self._processes)


def _noted(context: SpawnContext | ForkServerContext) -> list[BaseProcess]:
    """The processes that will be made by it, of which a host program's are none."""
    made: list[BaseProcess] = []
    make = context.Process

    def noted(*given: Any, **named: Any) -> BaseProcess:
        made.append(make(*given, **named))
        return made[-1]

    context.Process = noted  # type: ignore[assignment, misc]
    return made


@contextmanager
def pool(workers: int, shared: Any, *, single: bool = True, forked: bool = False) -> Iterator[Pool]:
    """Up to `workers` processes of one thread each; they end with the block. Where they are not
    `single`, each takes as many threads as the process that starts them. `forked` ones, where
    that is possible, have the environment that this process had when it started the first of them.

    Where the block ends with an error or a signal, what has not begun is dropped and what runs is
    stopped. Raises `OutOfResources` where a process is killed.
    """
    context = ForkServerContext() if forked and fork_server.start() else SpawnContext()
    with packed(shared) as sent:  # opened by a process that has said how many threads it wants
        executor = ProcessPoolExecutor(workers, context, _begin, (sent, single))
        made = Pool(executor, _noted(context))
        try:
            with _watched(made):
                yield made
        except BrokenProcessPool:
            executor.shutdown(cancel_futures=True)  # else another thread may be at the exit codes
            if not made.killed():
                raise
            raise OutOfResources(
                "a process was killed, most likely since memory ran out. Use fewer of them "
                f"(--workers {max(1, workers // 2)}), or a machine with more memory; "
                "the same command goes on where this one stopped."
            ) from None
        except BaseException:
            made.end()
            raise
        finally:
            executor.shutdown(cancel_futures=True)


@contextmanager
def _watched(made: Pool) -> Iterator[None]:
    """In the block, nobody waits for ever where the thread that hands out the tasks ends: the
    system may refuse it the next thread, and Python's executor tells nobody."""
    before = threading.excepthook

    def ended(what: threading.ExceptHookArgs) -> None:
        error = what.exc_value
        if type(what.thread).__module__ != EXECUTORS or error is None:
            before(what)
            return
        made.lose(limit_reached(error) if is_limit(error) else error)

    threading.excepthook = ended
    try:
        yield
    finally:
        threading.excepthook = before


def cores() -> int:
    """How many cores this process may keep busy; one in a process of a pool of single threads."""
    if multiprocessing.parent_process() is not None if _single is None else _single:
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def take_one_core() -> None:
    """Compute on one thread from now on: other processes are busy on the other cores."""
    global _single
    _single = True
    os.environ |= ONE_THREAD


def _run(task: Task[R]) -> R:
    return task.run(_shared)


def _begin(sent: Packed, single: bool) -> None:
    """A terminal signals its whole group; the process that started us decides what comes of it."""
    global _shared, _single
    _single = single
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if single:
        take_one_core()
    try:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        _shared = sent.content()
    except Exception as error:
        if is_limit(error) or is_lack_of_memory(error):
            os._exit(NO_ROOM)
        raise


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "only processes of a pool come here"
    parent.join()
    os._exit(1)
