"""Images that cannot be used: the end of the reading, or counted, named and set aside."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from augment.core.errors import BadInput, UsageError, did_you_mean
from augment.core.files import atomic, atomic_alone
from augment.kinds.images.io.file_names import escaped
from augment.kinds.images.io.layouts import Entry

OnError = Literal["fail", "skip", "quarantine"]
ON_ERROR: tuple[OnError, ...] = ("fail", "skip", "quarantine")
MOST_NAMED = 5
QUARANTINED = "quarantine.jsonl"


@dataclass
class Rejects:
    """Takes bad images as they are met. Sources are copied, never moved."""

    on_error: str = "fail"  # of ON_ERROR
    quarantine: Path | None = None
    rejects: Path | None = None  # where their names and reasons are written, line by line
    max_bad: int | None = None
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
        if self.on_error == "fail" and (self.rejects is not None or self.max_bad is not None):
            raise UsageError(
                "--rejects and --max-bad say what becomes of images that are left out: "
                "pass --on-error skip or --on-error quarantine with them."
            )

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
        if self.max_bad is not None and self.count > self.max_bad:
            raise BadInput(
                f"more than {self.max_bad:,} images cannot be used: {'; '.join(self.named)}.",
                hint="Mend or remove them, or raise --max-bad.",
            )
        line = {"name": entry.name, "error": error}
        if self.quarantine is not None:
            line["kept"] = self._set_aside(entry, self.quarantine)
        self.lines.append(json.dumps(line) + "\n")

    def _set_aside(self, entry: Entry, folder: Path) -> str:
        """Copy it under a number and its own name, if it can be read and is ours to read."""
        if entry.error or not entry.path.is_file():
            return ""
        kept = f"{self.count:06d}_{escaped(Path(entry.name).name)}"
        with atomic(folder / kept) as stream:
            stream.write(entry.data())
        return kept

    def require_outside(self, source: Path) -> None:
        """Refuse a quarantine inside the source: the next run would read it."""
        aside = self.quarantine
        if aside is not None and aside.resolve().is_relative_to(source.resolve()):
            raise UsageError(f"--quarantine {aside} lies inside {source}. Choose a folder outside.")

    def write(self) -> None:
        """Write the lists of what was left out, where any are asked for."""
        aside = None if self.quarantine is None else self.quarantine / QUARANTINED
        for path in (aside, self.rejects):
            if path is not None and self.lines:
                with atomic_alone(path, "w") as stream:
                    stream.writelines(self.lines)

    def notes(self) -> list[str]:
        """What the user should know of them."""
        if not self.count:
            return []
        more = f" and {self.count - len(self.named)} more" if self.count > len(self.named) else ""
        place = self.rejects or self.quarantine
        listed = "" if place is None else f" All of them: {place}."
        return [f"{self.count:,} images were left out: {'; '.join(self.named)}{more}.{listed}"]


def printed(name: str) -> str:
    """A file's name with what a terminal would obey escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
