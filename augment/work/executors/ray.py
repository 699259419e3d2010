"""Tasks on a cluster of Ray's that is there already, each on one core of any of its machines.

What all tasks have (a model, say) is sent once and kept by each process; what a task writes lies on
storage that all machines share; what it gives back comes through Ray. A task whose process or
machine is lost runs again elsewhere.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import pickle
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import augment
from augment.core.errors import BadInput, MissingExtra, OutOfResources, UsageError
from augment.work.executors import Executor
from augment.work.pool import take_one_core
from augment.work.task import Task

R = TypeVar("R")

INSTALL = "pip install 'augment-synth[ray]'"
AHEAD = 2  # tasks per core that wait, or whose results do: enough to ask a cluster to grow
ANSWER_SECONDS = 10.0
RETRIES = 4  # of a task whose process or machine was lost
CONNECTIONS = 3  # begun at most: the head starts a process for each, and gives up after 30 s
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
_held: tuple[str, Any] = ("", None)  # in a process of the cluster: what tasks are given first


class Ray(Executor):
    """Runs tasks on the cluster at `address` (`ray://host:port`; None: what `RAY_ADDRESS` names, or
    the one that this machine belongs to), at most `most` at a time (None: one per core of it)."""

    def __init__(self, address: str | None = None, most: int | None = None) -> None:
        self.address, self.most = address, most

    def map(self, tasks: Iterable[Task[R]], shared: Any) -> Generator[R, None, None]:
        left = iter(tasks)
        begun = next(left, None)
        if begun is None:
            return
        cluster = connected(self.address)
        sent = cluster.put(pickle.dumps(shared))
        submit = cluster.remote(num_cpus=1, max_retries=RETRIES)(_run).remote
        place = str(Path.cwd()), augment.__version__
        waiting: deque[tuple[Any, Future[R]]] = deque()
        try:
            task: Task[R] | None = begun
            while task is not None:
                while len(waiting) >= AHEAD * self._room(cluster):
                    yield _result(cluster, waiting[0][1])
                    waiting.popleft()
                if self.most is not None:
                    _leave_room([future for _, future in waiting], self.most)
                reference = submit([sent], task, *place)
                # Waited for in Python: in Ray's own waiting a signal loses what it means.
                waiting.append((reference, reference.future()))
                task = next(left, None)
            while waiting:
                yield _result(cluster, waiting[0][1])
                waiting.popleft()
        except BaseException:
            for reference, _ in waiting:
                with suppress(Exception):  # it may be done, or the cluster gone
                    cluster.cancel(reference, force=True)
            raise

    def _room(self, cluster: Any) -> int:
        """How many tasks can run at a time; a cluster may grow meanwhile."""
        if self.most is not None:
            return self.most
        return max(1, int(cluster.cluster_resources().get("CPU", 0)))


def connected(address: str | None) -> Any:
    """The module `ray`, connected for as long as this process lives.

    Raises `MissingExtra` where it is not installed, and `BadInput` where no cluster answers.
    """
    try:
        import ray
    except ModuleNotFoundError as error:
        raise MissingExtra(
            f"--executor ray needs the Python package 'ray', which is not installed. "
            f"Install it with: {INSTALL}"
        ) from error
    if ray.is_initialized():
        return ray
    place = address or os.environ.get("RAY_ADDRESS") or "auto"
    if place.startswith("ray://") and importlib.util.find_spec("grpc") is None:
        raise MissingExtra(
            f"--executor {place} needs the Python package 'grpcio', which is not installed. "
            f"Install it with: {INSTALL}"
        )
    with _handlers_kept():
        try:
            _require_answer(place)
            _say_nothing()
            _connect(ray, place)
        except (OSError, RuntimeError, ValueError) as error:
            raise _unreachable(place, error) from error
    return ray


def _connect(ray: Any, place: str) -> None:
    for left in reversed(range(CONNECTIONS)):
        try:
            ray.init(place, log_to_driver=False, logging_level=logging.CRITICAL)
            return
        except ConnectionAbortedError:  # the head's process for a client was too slow, or failed
            if not left:
                raise


def _say_nothing() -> None:
    """Ray prints what its machines complain of, such as a process that was killed, on standard
    output, whatever it is told of logs; rows or JSON may be there."""
    from ray._private import worker

    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None


def _require_answer(place: str) -> None:
    """Raise what is wrong where nobody listens at an address: Ray itself tries for minutes."""
    if place == "auto":
        return
    found = urlsplit(place if "://" in place else f"//{place}")
    if not found.hostname or not found.port:
        raise ValueError("the address is no HOST:PORT")
    socket.create_connection((found.hostname, found.port), ANSWER_SECONDS).close()


def _unreachable(place: str, error: Exception) -> BadInput:
    said = str(error).strip().splitlines() or [type(error).__name__]
    reason = said[-1] if any(line.startswith("Traceback") for line in said) else said[0]
    if place == "auto":
        return BadInput(
            "no Ray cluster runs on this machine.",
            where="--executor ray",
            hint="Start one (ray start --head), or name one with --executor ray://HOST:10001.",
        )
    return BadInput(
        f"no Ray cluster answers there ({reason.rstrip('.')}).",
        where=place,
        hint="Look whether it runs and can be reached, and has this version of Ray and of Python.",
    )


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Ray sets its own on connecting, and then no command would say how it goes on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def _result(cluster: Any, future: Future[R]) -> R:
    """What a task gave; raises what it raised."""
    lost = cluster.exceptions
    try:
        return future.result()
    except lost.RayTaskError as error:
        cause = error.cause
        raise (cause if isinstance(cause, Exception) else error) from None
    except lost.OutOfMemoryError as error:
        raise OutOfResources(
            "a machine of the cluster ran out of memory. Give it fewer cores or more memory; "
            "the same command goes on where this one stopped."
        ) from error
    except (lost.WorkerCrashedError, lost.NodeDiedError, lost.ObjectLostError) as error:
        raise OutOfResources(
            f"the cluster lost a task {RETRIES + 1} times, most likely since memory ran out or "
            "machines went away. The same command goes on where this one stopped."
        ) from error


def _leave_room(futures: Sequence[Future[Any]], most: int) -> None:
    """Wait until fewer than `most` tasks run."""
    while len(running := [each for each in futures if not each.done()]) >= most:
        wait(running, return_when=FIRST_COMPLETED)


def _run(sent: list[Any], task: Task[R], folder: str, version: str) -> R:
    """Run a task in a process of the cluster. `sent` holds the reference to what tasks share, which
    is fetched once; `folder` is the one below which the command was given relative names."""
    global _held
    require_version(version)
    with suppress(OSError):  # it is not here: then only full names can be
        os.chdir(folder)
    take_one_core()
    key = sent[0].hex()
    if _held[0] != key:
        _held = (key, _fetched(sent[0]))
    return task.run(_held[1])


def require_version(version: str) -> None:
    """Raise `UsageError` in a process of the cluster that has another version than the command."""
    if version != augment.__version__:
        raise UsageError(
            f"The cluster has augment {augment.__version__}, and this is {version}. "
            "Install the same on all machines."
        )


def _fetched(reference: Any) -> Any:
    import ray

    get: Callable[[Any], bytes] = ray.get
    return pickle.loads(get(reference))  # noqa: S301 - from the process that asks for the tasks
