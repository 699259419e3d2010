"""WebDataset shards: tar files whose members share a key per image (a.png, a.cls, a.json)."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from augment.core.errors import BadInput
from augment.core.types import Json
from augment.kinds.images.io.layouts import (
    AS_FOUND,
    FOREIGN,
    SUFFIXES,
    Asked,
    Entry,
    Layout,
    Passed,
)
from augment.kinds.images.io.layouts.folders import class_folder
from augment.kinds.images.io.layouts.listed import (
    captioned,
    labelled,
    require_columns,
)
from augment.kinds.images.io.layouts.metadata import SOFT_LABELS, write_metadata

MOST_SIDE_BYTES = 1 << 20  # of a .cls, .txt or .json member
SIDES = ("cls", "cls.txt", "txt", "json")


class WebDataset(Layout):
    """One .tar, or a folder of them. Members are read where they lie; nothing is unpacked."""

    name = "WebDataset"
    specificity = 30
    has_columns = True
    soft_labels = SOFT_LABELS

    def claims(self, source: Path) -> bool:
        return bool(_shards(source))

    def entries(self, source: Path, passed: Passed, asked: Asked = AS_FOUND) -> Iterator[Entry]:
        known: set[str] = set()
        for shard in _shards(source):
            try:
                yield from _members(shard, passed, asked, known)
            except (tarfile.TarError, EOFError, OSError) as error:
                raise BadInput(
                    f"the archive cannot be read ({error}).",
                    where=str(shard),
                    hint="Restore a whole, uncompressed copy.",
                ) from None
        require_columns(known, asked)

    def picture(self, line: Json) -> str:
        return f"{class_folder(line['label'])}{line['stem']}"

    def rewrite(self, source: Path, out: Path, lines: Callable[[], Iterator[Json]]) -> None:
        """As files with a list of them: a shard could not be resumed."""
        write_metadata(out, lines())


def _shards(source: Path) -> list[Path]:
    if source.is_dir():
        return sorted(p for p in source.iterdir() if p.suffix == ".tar" and p.is_file())
    return [source] if source.suffix == ".tar" and source.is_file() else []


def _members(shard: Path, passed: Passed, asked: Asked, known: set[str]) -> Iterator[Entry]:
    """The images of one shard; members of one key stand beside each other.

    `known` takes the names that the JSON members hold.
    """
    with tarfile.open(shard, "r:") as archive:
        key, pictures, sides = "", list[tarfile.TarInfo](), dict[str, bytes]()
        for member in archive:
            if not member.isfile():
                if not member.isdir():
                    passed(f"{shard.name}/{member.name}")
                continue
            folder, slash, base = member.name.rpartition("/")
            stem, _, suffix = base.partition(".")
            if folder + slash + stem != key:
                yield from _finished(shard, pictures, sides, asked, known)
                key, pictures, sides = folder + slash + stem, [], {}
            if f".{suffix.lower()}" in SUFFIXES | FOREIGN:
                pictures.append(member)
            elif suffix.lower() in SIDES and member.size <= MOST_SIDE_BYTES:
                stream = archive.extractfile(member)
                sides[suffix.lower()] = b"" if stream is None else stream.read()
            else:
                passed(f"{shard.name}/{member.name}")
        yield from _finished(shard, pictures, sides, asked, known)


def _finished(
    shard: Path,
    pictures: list[tarfile.TarInfo],
    sides: dict[str, bytes],
    asked: Asked,
    known: set[str],
) -> Iterator[Entry]:
    label, caption, error = None, None, ""
    try:
        document = json.loads(sides["json"]) if "json" in sides else {}
        if isinstance(document, dict):
            known.update(document)
            label, caption = labelled(document, asked), captioned(document, asked)
        classes = sides.get("cls", sides.get("cls.txt"))
        if classes is not None and asked.label_column is None:
            label = classes.decode().strip() or None
        if "txt" in sides and not asked.caption_columns:
            caption = sides["txt"].decode().strip() or None
    except (ValueError, RecursionError) as reason:
        error = f"has a label or text that cannot be read ({type(reason).__name__})"
    for member in pictures:
        name = f"{shard.name}/{member.name}"
        place, size = member.offset_data, member.size
        yield Entry(name, shard, label, caption, offset=place, size=size, error=error)
