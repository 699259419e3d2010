"""The manifest of a set of images: a line per image, found by one pass over the files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from augment.core.types import Tick
from augment.kinds.images.data.captions import words_of
from augment.kinds.images.io.decoding import MOST_BYTES, Undecodable, header_of
from augment.kinds.images.io.layouts import FOREIGN, Entry

EVERY = 256  # images between two ticks


@dataclass(frozen=True)
class Record:
    """One image as it lies there; `error` says why it cannot be used, else it is empty."""

    name: str
    path: str
    sha256: str
    bytes: int
    width: int
    height: int
    mode: str
    gray: bool
    label: str | None
    caption: str | None
    error: str
    offset: int = 0

    def entry(self) -> Entry:
        size = self.bytes if self.offset else None
        return Entry(self.name, Path(self.path), self.label, self.caption, self.offset, size)


@dataclass
class Census:
    """What the manifest adds up to. `digest` covers name and content of every usable image."""

    images: int = 0
    bytes: int = 0
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    gray: int = 0
    labelled: int = 0
    captioned: int = 0
    classes: set[str] = field(default_factory=set)
    vocabulary: set[str] = field(default_factory=set)
    digest: str = ""


def scan(
    entries: Iterable[Entry],
    stream: IO[str],
    reject: Callable[[Entry, str], None],
    tick: Callable[[Tick], None],
) -> Census:
    """Write a line per image to `stream` and add it up; memory does not grow with the images.

    Bad ones get their line as well, and go to `reject`, which may raise.
    """
    census, digest = Census(), hashlib.sha256()
    for number, entry in enumerate(entries):
        record = record_of(entry)
        stream.write(json.dumps(vars(record)) + "\n")
        if record.error:
            reject(entry, record.error)
            continue
        digest.update(json.dumps([record.name, record.sha256]).encode())
        census.images += 1
        census.bytes += record.bytes
        census.sizes[record.width, record.height] += 1
        census.gray += record.gray
        if record.label is not None:
            census.labelled += 1
            census.classes.add(record.label)
        if record.caption is not None:
            census.captioned += 1
            census.vocabulary.update(words_of(record.caption))
        if number % EVERY == 0:
            tick(Tick("read", number, note="looking at each image"))
    census.digest = digest.hexdigest()
    return census


def records(stream: IO[str]) -> Iterator[Record]:
    """Undo the writing of `scan`."""
    stream.seek(0)
    for line in stream:
        yield Record(**json.loads(line))


def record_of(entry: Entry) -> Record:
    """Look at one image: digest and header, no decoding. Errors end up in the record."""
    digest, size, width, height, mode, gray, error = "", 0, 0, 0, "", False, entry.error
    if not error:
        try:
            data = read_bytes(entry)
            digest, size = hashlib.sha256(data).hexdigest(), len(data)
            header = header_of(data)
            width, height = header.width, header.height
            mode, gray = header.mode, header.gray
        except Undecodable as reason:
            error = str(reason)
    return Record(
        entry.name,
        str(entry.path),
        digest,
        size,
        width,
        height,
        mode,
        gray,
        entry.label,
        entry.caption,
        error,
        entry.offset,
    )


def read_bytes(entry: Entry) -> bytes:
    """The file of an entry. Raises `Undecodable` where it cannot be read or is not for us."""
    if entry.path.suffix.lower() in FOREIGN:
        raise Undecodable(f"is a {entry.path.suffix.lower()} file; save it as PNG first")
    try:
        if not entry.path.is_file():
            raise Undecodable("is no regular file")
        size = entry.path.stat().st_size if entry.size is None else entry.size
        if size > MOST_BYTES:
            raise Undecodable(f"has more than {MOST_BYTES >> 20} MB")
        return entry.data()
    except OSError as reason:
        raise Undecodable(f"cannot be read ({reason.strerror})") from None
