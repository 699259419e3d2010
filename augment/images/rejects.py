"""Images that cannot be used: the end of the reading, or counted, named and set aside."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from augment.base.errors import BadInput, UsageError, did_you_mean
from augment.base.files import atomic
from augment.images.layouts import Entry
from augment.images.names import escaped

OnError = Literal["fail", "skip", "quarantine"]
ON_ERROR: tuple[OnError, ...] = ("fail", "skip", "quarantine")
MOST_NAMED = 5


@dataclass
class Rejects:
    """Takes bad images as they are met. Sources are copied, never moved."""

    on_error: OnError = "fail"
    quarantine: Path | None = None
    count: int = 0
    named: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.on_error not in ON_ERROR:
            raise UsageError(
                f"--on-error {self.on_error}: {did_you_mean(self.on_error, list(ON_ERROR))}"
            )
        if (self.on_error == "quarantine") != (self.quarantine is not None):
            raise UsageError("--on-error quarantine and --quarantine FOLDER go together.")

    def __call__(self, entry: Entry, error: str) -> None:
        """Take one. Raises `BadInput` where bad images are the end."""
        if self.on_error == "fail":
            raise BadInput(
                f"the image {error}.",
                where=printed(entry.name),
                hint="Mend or remove it, or pass --on-error skip.",
            )
        self.count += 1
        if len(self.named) < MOST_NAMED:
            self.named.append(f"{printed(entry.name)} {error}")
        if self.quarantine is not None:
            self._set_aside(entry, error, self.quarantine)

    def _set_aside(self, entry: Entry, error: str, folder: Path) -> None:
        """A copy under a number and its own name, where it can be read and is ours to read."""
        kept = ""
        if not entry.error and entry.path.is_file():
            kept = f"{self.count:06d}_{escaped(Path(entry.name).name)}"
            with atomic(folder / kept) as stream:
                stream.write(entry.data())
        self.lines.append(json.dumps({"name": entry.name, "error": error, "kept": kept}) + "\n")
        with atomic(folder / "quarantine.jsonl", "w") as stream:
            stream.writelines(self.lines)

    def notes(self) -> list[str]:
        """What the user should know of them."""
        if not self.count:
            return []
        more = f" and {self.count - len(self.named)} more" if self.count > len(self.named) else ""
        return [f"{self.count:,} images were left out: {'; '.join(self.named)}{more}."]


def printed(name: str) -> str:
    """A file's name with what a terminal would obey escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
