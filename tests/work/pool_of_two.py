"""A program for `test_pool`: two processes of a pool, busy until they are ended; with the word
`forked`, forked ones."""

from __future__ import annotations

import os
import signal
import sys
import time

from augment.core.errors import OutOfResources
from augment.work import fork_server
from augment.work.pool import pool
from augment.work.task import Task


def number_of_this_process(shared: None) -> int:
    return os.getpid()


def busy(shared: None) -> None:
    time.sleep(3600)


def hung_up(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, hung_up)
    fork_server.allow()
    try:
        with pool(2, None, forked=sys.argv[1:] == ["forked"]) as processes:
            found = [processes.submit(Task("here", number_of_this_process)).result()]
            waiting = [processes.submit(Task(str(number), busy)) for number in range(10)]
            print(*found, flush=True)
            waiting[0].result()
    except KeyboardInterrupt:
        sys.exit(129)
    except OutOfResources:
        sys.exit(6)
