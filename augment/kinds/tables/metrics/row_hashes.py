"""64-bit hashes of all rows of large tables, kept on disk: how many of them repeat or are shared.

They are parted by their first bits into files of which one at a time is in memory, so that it takes
8 bytes of disk per row and a 64th of that in memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BITS = 6  # by which hashes are parted


class RowHashes:
    """The hashes of one table's rows, in files of `folder` whose names begin with `name`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._paths = [folder / f"{name}-{part}" for part in range(1 << BITS)]

    def add(self, hashes: NDArray[np.uint64]) -> None:
        """Append the hashes of some rows."""
        hashes = np.sort(hashes)
        bounds = np.arange(1, 1 << BITS, dtype=np.uint64) << np.uint64(64 - BITS)
        parts = np.split(hashes, np.searchsorted(hashes, bounds))
        for path, part in zip(self._paths, parts, strict=True):
            if len(part):
                with path.open("ab") as stream:
                    stream.write(part.tobytes())

    def repeated(self) -> int:
        """How many rows have the hash of another row, too."""
        return sum(int(counts[counts > 1].sum()) for counts in map(_counts, self._parts()))

    def beyond_first(self) -> int:
        """How many rows have the hash of a row before them."""
        return sum(int((counts - 1).sum()) for counts in map(_counts, self._parts()))

    def among(self, others: RowHashes) -> int:
        """How many rows have the hash of a row of the others."""
        pairs = zip(self._parts(), others._parts(), strict=True)
        return sum(int(np.isin(own, theirs).sum()) for own, theirs in pairs)

    def _parts(self) -> list[NDArray[np.uint64]]:
        return [_read(path) for path in self._paths]


def _counts(part: NDArray[np.uint64]) -> NDArray[np.int64]:
    return np.unique(part, return_counts=True)[1]


def _read(path: Path) -> NDArray[np.uint64]:
    """Mapped, not read: a part comes into memory when it is counted."""
    if not path.exists():
        return np.empty(0, np.uint64)
    return np.memmap(path, np.uint64, "r")
