"""What rows are read from: a path in words, or what is in memory already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from augment.core.errors import BadInput
from augment.core.files import sha256
from augment.core.types import D, Dataset, Json

Part = TypeVar("Part")


@dataclass(frozen=True)
class Rows(Generic[D]):
    """Rows that were read or made before, as parts below one another; there is at least one.

    `name` is what they are called in messages, `files` what they came from, as in `Loaded`.
    """

    name: str
    parts: tuple[D, ...]
    files: tuple[Json, ...] = ()
    notes: tuple[str, ...] = ()
    rejected: int = 0

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


def entry(name: str, digest: str, size: int) -> Json:
    """What `Loaded.files` holds of a file: its name, its SHA-256, its bytes on disk."""
    return {"path": name, "sha256": digest, "bytes": size}


def entry_of(path: Path, name: str | None = None) -> Json:
    """The entry of a file, which may be called otherwise than its path."""
    return entry(str(path) if name is None else name, sha256(path), path.stat().st_size)


def entry_in_memory(source: Source, data: Dataset, size: int) -> Json:
    """What tells rows in memory from any others, `size` bytes of them."""
    return entry(str(source), data.digest(), size)


def content(source: Source) -> tuple[bytes, Json]:
    """The bytes of a single file and its entry. Raises `BadInput` where it cannot be read."""
    path = path_of(source)
    if path is None:
        raise BadInput("this is no file.", where=str(source), hint="Give the name of one.")
    try:
        held = path.read_bytes()
    except OSError as error:
        raise BadInput(f"the file cannot be read ({error.strerror}).", where=str(path)) from None
    return held, entry(str(path), hashlib.sha256(held).hexdigest(), len(held))


def parts_of(source: Source, kind: type[Part]) -> tuple[Part, ...]:
    """The parts of rows of this kind; none for any other source."""
    if not isinstance(source, Rows):
        return ()
    return tuple(part for part in source.parts if isinstance(part, kind))
