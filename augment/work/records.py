"""The tasks of an attempt that are done: a line of JSON each, with checksums of itself and of the
task's files, so that nothing which a failing disk changed is taken for done."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core.files import CHUNK_BYTES, PRIVATE_MODE, atomic
from augment.core.types import Json

DONE = "done.jsonl"
SUM = "crc32"  # of a line without this


@dataclass(frozen=True)
class Record:
    """A task that is done: its key, the files that it left with their CRC-32, and what it gave."""

    key: str
    files: Mapping[str, int]
    result: Json

    def line(self) -> bytes:
        """The record as it is written, with its line end."""
        found = {"key": self.key, "files": dict(self.files), "result": self.result}
        return json.dumps({**found, SUM: zlib.crc32(json.dumps(found).encode())}).encode() + b"\n"


def append(folder: Path, key: str, files: Sequence[str], result: Json) -> None:
    """Add a record to those of a folder, in which the files lie, written to their ends."""
    record = Record(key, {name: checksum(folder / name) for name in files}, result)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    with os.fdopen(os.open(folder / DONE, flags, PRIVATE_MODE), "ab") as stream:
        stream.write(record.line())


def read(folder: Path) -> Iterator[Record]:
    """The records of a folder in their order, each key once, without those whose files are gone.

    A line that a kill tore or that is damaged is cut off, with those that follow it.
    """
    file, seen = folder / DONE, set()
    if not file.is_file():
        return
    with file.open("r+b") as stream:
        for line in stream:
            record = _parsed(line)
            if record is None:
                stream.truncate(stream.tell() - len(line))
                return
            there = all((folder / name).is_file() for name in record.files)
            if there and record.key not in seen:
                seen.add(record.key)
                yield record


def drop_damaged(folder: Path) -> None:
    """Forget the tasks whose files are not as they were when they were done."""
    found = list(read(folder))
    whole = [record for record in found if _is_whole(folder, record)]
    if len(whole) < len(found):
        with atomic(folder / DONE) as stream:
            stream.writelines(record.line() for record in whole)


def checksum(path: Path) -> int:
    """CRC-32 of a file's bytes, read in chunks: it finds what a disk does, quicker than SHA-256."""
    found = 0
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            found = zlib.crc32(chunk, found)
    return found


def _parsed(line: bytes) -> Record | None:
    """Undo `line`; None for what it never gives."""
    try:
        found: Any = json.loads(line)
        record = Record(found["key"], found["files"], found["result"])
        return record if record.line() == line else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _is_whole(folder: Path, record: Record) -> bool:
    return all(checksum(folder / name) == known for name, known in record.files.items())
