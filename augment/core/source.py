"""What rows are read from: a path in words, or what is in memory already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from augment.core.types import D, Json

Part = TypeVar("Part")


@dataclass(frozen=True)
class Rows(Generic[D]):
    """Rows that were read or made before, as parts below one another; there is at least one.

    `name` is what they are called in messages, `files` what they came from, as in `Loaded`, and so
    is `sampled`.
    """

    name: str
    parts: tuple[D, ...]
    files: tuple[Json, ...] = ()
    notes: tuple[str, ...] = ()
    rejected: int = 0
    sampled: str = ""

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __str__(self) -> str:
        return self.name


@runtime_checkable
class ArrowStream(Protocol):
    """Whatever hands its columns over by Arrow's PyCapsule interface: Arrow tables, Polars."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


@dataclass(frozen=True)
class External:
    """An object of another library: a DataFrame, an Arrow table, an array of pixels."""

    content: Any

    def __str__(self) -> str:
        content = self.content[0] if isinstance(self.content, tuple) else self.content
        return f"the {type(content).__name__}"


Source = str | Rows[Any] | External


def path_of(source: Source) -> Path | None:
    """Where the source lies, None for what is in memory."""
    return Path(source) if isinstance(source, str) else None


def parts_of(source: Source, kind: type[Part]) -> tuple[Part, ...]:
    """The parts of rows of this kind; none for any other source."""
    if not isinstance(source, Rows):
        return ()
    return tuple(part for part in source.parts if isinstance(part, kind))
