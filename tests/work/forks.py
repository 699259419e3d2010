"""A program for `test_fork_server`: what forked processes find, and what becomes of this one."""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from importlib import import_module
from multiprocessing import forkserver
from pathlib import Path

from augment.core.errors import OutOfResources
from augment.work import fork_server
from augment.work.executors.processes import Processes
from augment.work.pool import pool
from augment.work.task import Task

LOADED = ("pandas", "pyarrow.parquet", "scipy.stats", "sklearn.ensemble", "torch")
Seen = tuple[set[str], int, str | None, str | None]


def seen(shared: None) -> Seen:
    """The modules of this process, how many threads has the one that it was forked of, and of its
    environment the number of threads and the server's orders."""
    threads = len([*Path(f"/proc/{os.getppid()}/task").iterdir()])
    told = [os.environ.get(name) for name in ("OMP_NUM_THREADS", fork_server.ORDERS)]
    return set(sys.modules), threads, told[0], told[1]


def forked() -> None:
    fork_server.allow()
    for name in LOADED:
        import_module(name)
    import torch

    torch.ones(2_000, 2_000) @ torch.ones(2_000, 2_000)  # by threads
    before = dict(os.environ)
    with pool(1, None, forked=True) as processes:
        modules, threads, one, orders = processes.submit(Task("a", seen)).result()
    assert modules.issuperset(LOADED)
    assert (threads, one, orders) == (1, "1", None)
    assert dict(os.environ) == before


def impatient() -> None:
    """All is done, whether what processes are forked of is there or not."""
    fork_server.allow()
    for _ in range(2):
        results = Processes(2, patience=0.0).map((Task(str(n), seen) for n in range(9)), None)
        assert len([*results]) == 9
        while not fork_server.ready():
            time.sleep(0.1)


def hasty() -> None:
    """It ends before what processes are forked of has loaded anything."""
    import_module("torch")
    fork_server.allow()
    assert fork_server.start() and not fork_server.ready()


def refused() -> None:
    def ended(fds: list[int]) -> tuple[int, int]:
        raise EOFError

    fork_server.allow()
    forkserver.connect_to_new_process = ended
    with pool(1, None, forked=True) as processes:
        processes.submit(Task("a", seen))


def spawned() -> None:
    """No socket can be made."""
    fork_server.allow()
    with pool(1, None, forked=True) as processes:
        assert processes.submit(Task("a", seen)).result()
    assert not fork_server.start()


def host() -> None:
    """What a host program has asked for itself is left alone."""
    multiprocessing.set_forkserver_preload(["json"])
    assert [*Processes(2, patience=0).map([Task(str(n), seen) for n in range(2)], None)]
    assert forkserver._forkserver._preload_modules == ["json"]  # type: ignore[attr-defined]
    assert forkserver._forkserver._forkserver_pid is None  # type: ignore[attr-defined]


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]]()
    except OutOfResources as error:
        sys.exit(f"{error.exit_code}: {error}")
