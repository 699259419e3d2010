"""How long work may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Budget:
    """Wall-clock seconds that work may take; `None` is unlimited. The clock is passed in."""

    max_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    start: float = field(default_factory=time.monotonic)

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
