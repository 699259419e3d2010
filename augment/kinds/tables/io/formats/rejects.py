"""Rows that cannot be read: counted, kept aside with line and reason, and bounded."""

from __future__ import annotations

from dataclasses import dataclass, field

from augment.core.errors import BadInput
from augment.kinds.tables.io.formats import ReadOptions


@dataclass
class Rejects:
    """Collects bad rows while a file is read; with `bad_rows="fail"` the first one is the end.

    A runaway quote swallows many lines as one row, so what is counted against `max_bad` is lines.
    """

    name: str
    options: ReadOptions
    lines: int = 0
    kept: list[str] = field(default_factory=list)

    def add(self, line: int, raw: list[str], why: str, hint: str = "") -> None:
        """Take one row that begins on `line`. Raises `BadInput` where no more are allowed."""
        where = f"{self.name}:{line}"
        if self.options.bad_rows == "fail":
            way_out = "Mend the row, or pass --bad-rows skip --max-bad N to set such rows aside."
            raise BadInput(why, where=where, hint=f"{hint} {way_out}".strip())
        self.lines += len(raw)
        self.kept.append(f"# {where}: {why}\n" + "".join(raw).rstrip("\r\n") + "\n")
        if self.lines > self.options.max_bad:
            raise BadInput(
                f"this is bad line {self.lines} ({why}); at most {self.options.max_bad} may be.",
                where=where,
                hint="Raise --max-bad, or mend the file.",
            )
