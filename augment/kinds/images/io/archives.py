"""Many images as one file: a tar as WebDataset reads it, or Parquet; beside it a list of them."""

from __future__ import annotations

import io
import json
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from augment.core.files import atomic, require_writable
from augment.core.kind import Origin, Part, Written
from augment.core.types import Json
from augment.kinds.images.data.dataset import Images
from augment.kinds.images.io.writing import Picture, pictures

LIST = ".jsonl"  # how the name of the list ends, in the place of the archive's suffix
SCHEMA = pa.schema(
    [
        # As the `Image` of Hugging Face's datasets is stored.
        ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
        ("label", pa.string()),
        ("text", pa.string()),
        ("number", pa.int64()),
    ]
)
Add = Callable[[list[Picture]], None]


def write_archive(
    parts: Iterator[Part[Images]], path: Path, format: str, force: bool, origin: Origin
) -> Written:
    """Write all images into the file `path`, and its list; both are whole or absent, the list
    first. The line tells how many images each class has.

    The bytes depend on the images alone: members bear no time, owner or rights of this machine.
    """
    listed = path.with_suffix(LIST)
    require_writable(listed, force)
    rows, labels = 0, Counter[str]()
    with (
        atomic(path, force=force) as stream,
        atomic(listed, "w", force=force) as lines,
        FORMATS[format](stream) as add,
    ):
        for part in parts:
            made = list(pictures(part, origin))
            add(made)
            rows += len(made)
            labels.update(each.line["label"] for each in made if each.line["label"] is not None)
            lines.writelines(json.dumps(_listed(each)) + "\n" for each in made)
    line: Json = {"file": path.name, "list": listed.name, "labels": dict(sorted(labels.items()))}
    return Written(rows, (line,))


@contextmanager
def _tar(stream: IO[bytes]) -> Iterator[Add]:
    """`NAME.png` and `NAME.json` (label, text, number) for each image, beside each other."""
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:

        def add(made: list[Picture]) -> None:
            for each in made:
                name = _stem(each)
                for suffix, data in ((".png", each.data), (".json", _document(each.line))):
                    member = tarfile.TarInfo(f"{name}{suffix}")
                    member.size = len(data)
                    archive.addfile(member, io.BytesIO(data))

        yield add


@contextmanager
def _parquet(stream: IO[bytes]) -> Iterator[Add]:
    """A row for each image, by the columns of `SCHEMA`; a row group for each part."""
    # PNG is compressed already.
    writer = pq.ParquetWriter(stream, SCHEMA, compression="none", use_dictionary=["label"])
    with writer:

        def add(made: list[Picture]) -> None:
            rows = [
                {
                    "image": {"bytes": each.data, "path": f"{_stem(each)}.png"},
                    "label": each.line["label"],
                    "text": each.line.get("caption"),
                    "number": each.line["number"],
                }
                for each in made
            ]
            writer.write_table(pa.Table.from_pylist(rows, SCHEMA))

        yield add


FORMATS: dict[str, Any] = {"tar": _tar, "parquet": _parquet}


def _stem(picture: Picture) -> str:
    """The name of an image in its archive; a dot would begin what WebDataset takes for a suffix."""
    return Path(picture.line["file"]).stem.replace(".", "%2E")


def _document(line: Json) -> bytes:
    found = {"label": line["label"], "text": line.get("caption"), "number": line["number"]}
    told = {name: value for name, value in found.items() if value is not None}
    return json.dumps(told).encode("ascii")


def _listed(picture: Picture) -> Json:
    """The line of an image in the list: as in a folder's `manifest.jsonl`, `file` in the
    archive."""
    return picture.line | {"file": f"{_stem(picture)}.png"}
