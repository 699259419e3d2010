"""What happened when: `log.jsonl`, the seconds of each stage, and the ticks passed on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from augment.base.types import Tick

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
        with self.path.open("a", encoding="utf-8", errors="surrogatepass") as stream:
            stream.write(json.dumps(line | facts, ensure_ascii=False) + "\n")

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
