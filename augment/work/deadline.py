"""A bound on time that a block of code cannot pass, whatever it calls."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TimeIsUp(BaseException):
    """The seconds of `interrupted` are over; no library's `except Exception` swallows it."""


@contextmanager
def interrupted(seconds: float) -> Iterator[None]:
    """Raise `TimeIsUp` inside the block once so many seconds have passed, and at once for none.

    Nothing happens at infinity. The bound needs the process's alarm clock, which only the main
    thread has: elsewhere only seconds that are over already count. Bounds may lie inside one
    another; what is written to disk must bear an interruption, as it must bear Ctrl-C. The alarm
    rings once: one that came while an object was being freed is lost, and so is its bound.
    """
    if seconds <= 0:
        raise TimeIsUp
    alone = threading.current_thread() is not threading.main_thread()
    if math.isinf(seconds) or alone:
        yield
        return
    inside, rung = True, False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal rung
        if inside:
            rung = True
            raise TimeIsUp

    start = time.monotonic()
    earlier = signal.signal(signal.SIGALRM, ring)
    outer, _ = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except Exception as error:
        if rung:  # NumPy's buffers make an error of their own of whatever is raised inside them
            raise TimeIsUp from error
        raise
    finally:
        inside = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)
        if outer:
            left = max(outer - (time.monotonic() - start), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left)
