"""How much a small file may grow to when it is unpacked.

A real table is packed to a tenth or a fiftieth of its size; a file that grows a hundredfold, to
more than a gigabyte, is damaged or made to exhaust the reader.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import OutOfResources

FREE_BYTES = 1 << 30  # any file may unpack to so many
MOST_GROWTH = 100  # times its own size is what it may unpack to beyond them


def most_bytes(path: Path) -> int:
    """How many bytes a file may unpack to."""
    return max(FREE_BYTES, MOST_GROWTH * path.stat().st_size)


def too_large(name: str, most: int, way_out: str) -> OutOfResources:
    """The error for a file that unpacks to more than `most` bytes."""
    return OutOfResources(
        f"{name}: unpacked it takes more than {most / (1 << 30):.3g} GiB, over {MOST_GROWTH} times "
        f"the file's own size. {way_out}"
    )


class Bounded(io.RawIOBase):
    """The bytes of an unpacked stream. Raises `OutOfResources` beyond `most` of them."""

    def __init__(self, stream: Any, name: str, most: int) -> None:
        self.stream, self.name, self.most, self.count = stream, name, most, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = int(self.stream.readinto(buffer))
        self.count += found
        if self.count > self.most:
            raise too_large(
                self.name,
                self.most,
                "If it is meant to be so large, unpack it first and give that file.",
            )
        return found


def decoded_bytes(values: pa.DictionaryArray) -> int:
    """The bytes of a dictionary array's values, once each index stands for a copy of its value."""
    levels = values.dictionary
    kind = levels.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or kind == pa.string_view():
        return int(pc.sum(pc.binary_length(levels.cast(pa.large_string())).take(values.indices)
                          .cast(pa.int64())).as_py() or 0)  # fmt: skip
    return len(values) * (kind.bit_width // 8) if hasattr(kind, "bit_width") else 0
