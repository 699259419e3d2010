"""A run that a file describes: a table of `[[jobs]]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from augment.core.parameters import parameter

NEEDED = ("name", "source", "out")


@dataclass(frozen=True)
class Job:
    """One run: what it reads, where it writes, and what its call alone says. Any section of
    settings may stand in it, and wins over the file's; flags and the environment win over both."""

    name: str = parameter("", "What `run --job` calls it.")
    source: str = parameter("", "A file, a folder or a glob.")
    out: str = parameter("", "The run folder.")
    mode: Literal["only", "append"] = parameter("only", "only, or append: real rows first.")
    mark: bool = parameter(False, "Add the column _synthetic, true on synthetic rows.")
    balance: str | None = parameter(None, "COLUMN, or COLUMN:a=0.7,b=0.3.")
    where: tuple[str, ...] | None = parameter(None, "Only such rows.")
    prompt: tuple[str, ...] | None = parameter(None, "Images of these words.")
    if_changed: bool = parameter(False, "Leave a finished run unless something changed.")

    def words(self, given: Mapping[str, bool]) -> list[str]:
        """The job as words of a command line; `given` says which options stand there already."""
        found = [self.source, "--out", self.out]
        for name in ("mode", "balance"):
            value = getattr(self, name)
            if value is not None and not given.get(name):
                found += [f"--{name}", value]
        for name in ("where", "prompt"):
            if not given.get(name):
                found += [
                    word for value in getattr(self, name) or () for word in (f"--{name}", value)
                ]
        for name in ("mark", "if_changed"):
            if getattr(self, name) and not given.get(name):
                found.append(f"--{name.replace('_', '-')}")
        return found
