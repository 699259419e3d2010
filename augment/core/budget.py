"""How long work may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Budget:
    """Wall-clock seconds that work may take; `None` is unlimited. The clock is passed in."""

    max_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    start: float = field(default_factory=time.monotonic)

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "sent": time.time(), "passed": self.clock() - self.start}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """On another machine the same clock began at another time; the time of day is shared."""
        sent, passed = state.pop("sent"), state.pop("passed")
        if state["clock"] is time.monotonic:
            state["start"] = time.monotonic() - passed - max(0.0, time.time() - sent)
        vars(self).update(state)

    def left(self) -> float:
        """Seconds left, infinite where there is no limit, never below zero."""
        if self.max_seconds is None:
            return float("inf")
        return max(0.0, self.max_seconds - (self.clock() - self.start))

    def part(self, share: float) -> Budget:
        """From now on, this share of what is left."""
        return self.within(share * self.left())

    def within(self, seconds: float) -> Budget:
        """From now on, so many seconds, if as many are left."""
        if self.max_seconds is None:
            return self
        return Budget(min(max(0.0, seconds), self.left()), self.clock, self.clock())


UNLIMITED = Budget()
