"""Calls that the main thread can be called away from, whatever they wait for.

A driver in C does not return before its statement has ended, and Python acts on a signal only once
it has. Where the call runs in a thread of its own, the main thread waits as Python waits: SIGTERM,
Ctrl-C and the end of `--max-time` are raised there at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass
class Background(Generic[T]):
    """A call in another thread, which no end of the program waits for."""

    call: Callable[[], T]
    ended: Event = field(default_factory=Event)
    found: list[T] = field(default_factory=list)  # what it gave, once it did
    error: BaseException | None = None

    def wait(self, seconds: float = math.inf) -> bool:
        """Whether the call has ended, which is waited for at most so long."""
        return self.ended.wait(None if math.isinf(seconds) else seconds)

    def result(self) -> T:
        """What the call gave once it has ended. Raises what it raised."""
        assert self.ended.is_set()
        if self.error is not None:
            raise self.error
        return self.found[0]

    def run(self) -> None:
        try:
            self.found.append(self.call())
        except BaseException as error:
            self.error = error
        finally:
            self.ended.set()


def begun(call: Callable[[], T]) -> Background[T]:
    """The call, begun."""
    found = Background(call)
    Thread(target=copy_context().run, args=(found.run,), daemon=True).start()
    return found
