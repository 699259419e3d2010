"""What happened when: `log.jsonl`, the seconds of each stage, and the ticks passed on."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from augment.core.files import PRIVATE_MODE
from augment.core.json_numbers import finite
from augment.core.types import Tick

LOG = "log.jsonl"


@dataclass
class Journal:
    """Appends to `path` (None: keeps no file) and passes every tick on to `tell`.

    `seconds` are of each stage, `phases` of the parts of a stage that names several, and
    `shortened` is what was left out for want of time.
    """

    path: Path | None
    tell: Callable[[Tick], None]
    seconds: dict[str, float] = field(default_factory=dict)
    phases: dict[str, dict[str, float]] = field(default_factory=dict)
    shortened: list[str] = field(default_factory=list)
    current: str = "read"  # the stage that began last
    _phase: str = ""
    _since: float = 0.0

    def tick(self, tick: Tick) -> None:
        if tick.phase != self._phase:
            self._turn(tick.phase)
        if tick.shortened:
            self.shortened.append(tick.shortened)
        self.tell(tick)
        self.note("tick", **_filled(tick))

    def note(self, event: str, **facts: object) -> None:
        """One line of JSON with the time in UTC."""
        if self.path is None:
            return
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(self.path, flags, PRIVATE_MODE), "a", encoding="ascii") as stream:
            stream.write(json.dumps(finite(line | facts), allow_nan=False) + "\n")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage; its seconds are kept under its name."""
        self.current = name
        self.tick(Tick(name))
        start = time.monotonic()
        yield
        self._turn("")
        if set(self.phases.get(name, ())) <= {name}:
            self.phases.pop(name, None)
        self.seconds[name] = round(time.monotonic() - start, 3)
        self.note("done", phase=name, seconds=self.seconds[name])

    def _turn(self, phase: str) -> None:
        """Account the time of the phase that ends to it, and begin the next."""
        now = time.monotonic()
        if self._phase:
            mine = self.phases.setdefault(self.current, {})
            mine[self._phase] = round(mine.get(self._phase, 0.0) + now - self._since, 3)
        self._phase, self._since = phase, now


def _filled(tick: Tick) -> dict[str, object]:
    """The fields of a tick that say something."""
    return {name: value for name, value in vars(tick).items() if value not in (None, "", 0)}
