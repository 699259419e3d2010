"""What is asked of `augment edit`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from augment.core.errors import UsageError
from augment.core.reading_options import require_known
from augment.core.types import Json
from augment.kinds.images.io.reading import ReadOptions, read_options

TRIES = 5


@dataclass(frozen=True)
class Options:
    """`filtered` None: edits are judged where that can be done."""

    strength: float = 0.5
    per_image: int = 1
    to: tuple[str, ...] = ()
    prompts: tuple[str, ...] = ()  # edit `i` gets the prompt `i`, round and round
    interpolate: bool = False
    filtered: bool | None = None
    judge: str | None = None  # labelled pictures from which the judge learns
    tries: int = TRIES
    read: ReadOptions = field(default_factory=ReadOptions)

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 1:
            raise UsageError(f"--strength {self.strength:g}: choose a number above 0, up to 1.")
        if self.per_image < 1 or self.tries < 1:
            raise UsageError("--per-image and --tries: give at least 1 of each.")
        if self.interpolate and (self.to or self.prompts):
            raise UsageError(
                "--interpolate goes to another picture of the same class, so --to and --prompt "
                "cannot say what it becomes. Choose one."
            )
        if self.judge is not None and self.filtered is False:
            raise UsageError("--judge and --no-filter exclude each other. Choose one.")


def options_of(given: Json) -> Options:
    """Plain options by name, with those of reading. Raises `UsageError` for an unknown one."""
    own = [each.name for each in fields(Options) if each.name != "read"]
    require_known(given, [*own, *(each.name for each in fields(ReadOptions))], "images")
    mine = {name: value for name, value in given.items() if name in own}
    read = {name: value for name, value in given.items() if name not in own}
    return Options(**mine, read=read_options(read))
