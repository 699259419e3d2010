"""Files that a source names, by their paths or by a pattern, and what is recorded of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from augment.core.errors import BadInput, near_name
from augment.core.files import sha256
from augment.core.source import Source, path_of
from augment.core.types import Dataset, Json

MOST_COMPARED = 50  # names in a folder among which a near one is looked for


def matching(source: str) -> list[Path]:
    """What a pattern with `*`, `?` or `[` names, sorted; what is there under the name itself comes
    first. Raises `BadInput` with a near name where there is nothing, and for a pipe."""
    path = Path(source)
    if path.is_fifo():
        raise BadInput(
            "this is a pipe, and a source is read more than once.",
            where=source,
            hint="Give it as standard input (-), or write it to a file first.",
        )
    if path.exists():
        return [path]
    found = sorted(file for file in _globbed(path) if file.is_file())
    if not found:
        raise absent(source)
    return found


def absent(source: str) -> BadInput:
    """The error for a name that nothing has, with a near one where there is one."""
    path = Path(source)
    near = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
    hint = near_name(path.name, near) if len(near) <= MOST_COMPARED else ""
    return BadInput("there is no such file or folder.", where=source, hint=hint)


def folder_of(source: str) -> Path:
    """The folder below which a pattern looks; that of a file; a folder itself."""
    path = Path(source)
    if path.exists():
        return path if path.is_dir() else path.parent
    return Path(*path.parts[: _plain_parts(path)])


def _plain_parts(pattern: Path) -> int:
    """How many parts of a pattern stand before the first with `*`, `?` or `[`."""
    plain = 0
    while plain < len(pattern.parts) and not set(pattern.parts[plain]) & set("*?["):
        plain += 1
    return plain


def _globbed(pattern: Path) -> Iterator[Path]:
    """What a pattern matches; nothing for a path without one."""
    plain = _plain_parts(pattern)
    rest = pattern.parts[plain:]
    return Path(*pattern.parts[:plain]).glob(str(Path(*rest))) if rest else iter(())


def entry(name: str, digest: str, size: int) -> Json:
    """What `Loaded.files` holds of a file: its name, its SHA-256, its bytes on disk."""
    return {"path": name, "sha256": digest, "bytes": size}


def entry_of(path: Path, name: str | None = None) -> Json:
    """The entry of a file, which may be called otherwise than its path."""
    return entry(str(path) if name is None else name, sha256(path), path.stat().st_size)


def entry_in_memory(source: Source, data: Dataset, size: int) -> Json:
    """What tells rows in memory from any others, `size` bytes of them."""
    return entry_called(str(source), data, size)


def entry_called(name: str, data: Dataset, size: int) -> Json:
    """The same under another name, such as that of a table in a database."""
    return entry(name, data.digest(), size)


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
