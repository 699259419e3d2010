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

from augment.base.files import PRIVATE_MODE
from augment.base.types import Tick
from augment.report.facts import finite

LOG = "log.jsonl"


@dataclass
class Journal:
    """Appends to `path` (None: keeps no file) and passes every tick on to `tell`."""

    path: Path | None
    tell: Callable[[Tick], None]
    seconds: dict[str, float] = field(default_factory=dict)

    def tick(self, tick: Tick) -> None:
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
        self.tick(Tick(name))
        start = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - start, 3)
        self.note("done", phase=name, seconds=self.seconds[name])


def _filled(tick: Tick) -> dict[str, object]:
    """The fields of a tick that say something."""
    return {name: value for name, value in vars(tick).items() if value not in (None, "", 0)}
