"""The processes of a pool end with the one that started them, however that ends."""

from __future__ import annotations

import errno
import multiprocessing
import operator
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing import popen_spawn_posix
from pathlib import Path
from typing import Any

import pytest

from augment.core.errors import OutOfResources
from augment.work.pool import pool
from augment.work.task import Task
from tests.cli.child import environment
from tests.places import ROOT

PATIENCE = 60.0  # seconds until a test gives up

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="the tests ask /proc for processes"
)


class Unreadable:
    """What no process can take in."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return failing, (self.error,)


def failing(error: Exception) -> None:
    raise error


def until(met: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def below(pid: int, command: bytes) -> list[int]:
    """The processes that a process has started with such a command."""
    listed = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return [child for child in listed if command in Path(f"/proc/{child}/cmdline").read_bytes()]


def children(pid: int) -> list[int]:
    """The processes of the pool of a process, forked or not, without the one they are forked of
    and Python's tracker of semaphores."""
    forked = [each for server in servers(pid) for each in below(server, b"forkserver")]
    return [*below(pid, b"spawn_main"), *forked]


def servers(pid: int) -> list[int]:
    return below(pid, b"forkserver")


def both(pid: int) -> list[int]:
    """The two processes of the pool of a process, once both are there."""
    until(lambda: len(children(pid)) == 2, "two processes")
    return children(pid)


def running(pid: int) -> bool:
    """Whether a process is there, and no zombie that only waits to be counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(params=["spawned", "forked"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process whose pool of two is at work, with a folder of its own for temporary files."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.work.pool_of_two", request.param],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment() | {"TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None and process.stdout.readline()
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGHUP, 129)])
def test_no_process_outlives_the_one_that_started_it(
    busy: subprocess.Popen[str], number: signal.Signals, code: int, tmp_path: Path
) -> None:
    made = [*both(busy.pid), *servers(busy.pid)]
    busy.send_signal(number)
    assert busy.wait(PATIENCE) == code
    until(lambda: not any(map(running, made)), "the processes to end")
    assert not [*tmp_path.iterdir()]


def test_a_process_that_the_system_kills_is_lack_of_memory(busy: subprocess.Popen[str]) -> None:
    made = both(busy.pid)
    os.kill(made[0], signal.SIGKILL)
    assert busy.wait(PATIENCE) == 6
    assert not any(map(running, made))


@pytest.mark.parametrize("busy", ["forked"], indirect=True)
def test_so_is_the_end_of_the_process_that_the_others_are_forked_of(
    busy: subprocess.Popen[str],
) -> None:
    made = both(busy.pid)
    (server,) = servers(busy.pid)
    os.kill(server, signal.SIGKILL)
    assert busy.wait(PATIENCE) == 6
    until(lambda: not any(map(running, made)), "the processes to end")


WITHOUT_THREADS = """
import operator, sys
from multiprocessing import queues
from augment.core.errors import OutOfResources
from augment.work.pool import pool
from augment.work.task import Task

def refused(queue):
    raise RuntimeError("can't start new thread")

if __name__ == "__main__":
    queues.Queue._start_thread = refused
    try:
        with pool(1, None) as processes:
            processes.submit(Task("t", operator.is_, (None,))).result()
    except OutOfResources as error:
        sys.exit(f"{error.exit_code}: {error}")
"""


def test_a_thread_that_the_system_refuses_is_no_wait_without_end() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_THREADS],
        capture_output=True,
        cwd=ROOT,
        env=environment(),
        timeout=PATIENCE,
    )
    assert done.stderr.startswith(b"6: a limit of the system is reached"), done.stderr


def test_a_process_that_the_system_refuses_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(popen: object, process: object) -> None:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(popen_spawn_posix.Popen, "_launch", refused)
    with pytest.raises(BlockingIOError), pool(1, None) as processes:
        processes.submit(Task("t", operator.is_, (None,)))


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("can't start new thread")], ids=lambda e: type(e).__name__
)
def test_a_process_that_finds_no_room_to_begin_is_lack_of_it(error: Exception) -> None:
    with pytest.raises(OutOfResources), pool(1, Unreadable(error)) as processes:
        processes.submit(Task("t", operator.is_, (None,))).result()


def test_the_hook_of_the_host_program_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda what: told.append(what.exc_value))
    hook, wrong = threading.excepthook, ValueError("of the host")
    with pool(1, None):
        thread = threading.Thread(target=failing, args=(wrong,))
        thread.start()
        thread.join()
    assert (told, threading.excepthook) == ([wrong], hook)


def test_a_pool_that_is_stopped_leaves_other_processes_alone() -> None:
    host = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    host.start()
    try:
        with pytest.raises(KeyboardInterrupt), pool(1, None) as processes:
            assert processes.submit(Task("t", operator.is_, (None,))).result()
            raise KeyboardInterrupt
        host.join(timeout=1)
        assert host.is_alive()
    finally:
        host.kill()
