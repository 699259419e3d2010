"""Statements of one connection, which a signal ends on the server too."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from augment.sources.background import Background, begun

T = TypeVar("T")
CANCELS = 6  # one may come before its statement has reached the server, and is without effect
CANCEL_SECONDS = 0.5


@dataclass
class Statements:
    """What a connection was asked for last, and by what it is cancelled, if that can be done."""

    cancel: Callable[[], None] | None = None
    last: Background[Any] | None = None

    def waited(self, call: Callable[[], T]) -> T:
        """What a call of the driver gives. Whatever is raised in the main thread meanwhile, by a
        signal or an alarm, cancels the statement; within three seconds it goes on its way."""
        if threading.current_thread() is not threading.main_thread():
            return call()  # signals are for the main thread alone
        self.last = running = begun(call)
        try:
            running.wait()
        except BaseException:
            self._end(running)
            raise
        return running.result()

    def _end(self, running: Background[Any]) -> None:
        for _ in range(CANCELS):
            if self.cancel is not None:
                begun(self.cancel)  # which itself may wait for a server that is gone
            if running.wait(CANCEL_SECONDS):
                return

    def closed(self, close: Callable[[], None]) -> None:
        """Close the connection, at once or, of a statement that nothing ends, after it: what a
        driver works on must not be taken from it."""
        running = self.last
        if running is None or running.ended.is_set():
            close()
        else:

            def later() -> None:
                running.wait()
                close()

            begun(later)
