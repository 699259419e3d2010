"""A program for `test_processes`: two processes of a pool, busy until they are given up."""

from __future__ import annotations

import os
import signal
import sys
import time

from augment.core.errors import OutOfResources
from augment.work.processes import pool, wanted


def nothing() -> None:
    """What the processes prepare."""


def busy(number: int) -> int:
    while wanted():
        time.sleep(0.02)
    return number


def hung_up(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGHUP, hung_up)
    try:
        with pool(2, nothing) as processes:
            found = [processes.submit(os.getpid).result()]
            waiting = [processes.submit(busy, number) for number in range(10)]
            print(*found, flush=True)
            waiting[0].result()
    except KeyboardInterrupt:
        sys.exit(129)
    except OutOfResources:
        sys.exit(6)
