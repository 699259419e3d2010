"""Some rows of a table that is read part by part, each as likely as any other.

Every row gets a random key, and those with the smallest keys are kept (Efraimidis and Spirakis 2006
with equal weights). Keys come from the number of a file and of its part, so that the same source
gives the same rows, however many threads read it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from augment.kinds.tables.io.formats import Raw

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_HELD = 2  # times the rows that are wanted


@dataclass(frozen=True)
class Kept:
    """Rows of one file; `keys` (rows,) are random."""

    file: int
    raw: Raw
    keys: NDArray[np.float64]

    def take(self, rows: NDArray[np.int64]) -> Kept:
        return Kept(self.file, taken(self.raw, rows), self.keys[rows])


class Reservoir:
    """At most `rows` of all rows that were added, and a few more until `kept` is asked for."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._bound = np.inf  # no key above it can be among the smallest
        self._parts: list[Kept] = []
        self._held = 0

    def add(
        self,
        file: int,
        raw: Raw,
        keys: NDArray[np.float64],
        among: NDArray[np.bool_] | None = None,
    ) -> None:
        """Offer the rows of a part, or those of them that `among` (rows,) says."""
        chosen = keys < self._bound
        rows = np.flatnonzero(chosen if among is None else chosen & among)
        if not len(rows):
            return
        self._parts.append(Kept(file, raw, keys).take(rows))
        self._held += len(rows)
        if self._held > MOST_HELD * self.rows:
            self._prune()

    def kept(self) -> list[Kept]:
        """The rows, in the order in which they were added."""
        self._prune()
        return self._parts

    def _prune(self) -> None:
        if self._held <= self.rows:
            return
        keys = np.concatenate([part.keys for part in self._parts])
        self._bound = float(np.partition(keys, self.rows)[self.rows]) if self.rows else 0.0
        parts = [part.take(np.flatnonzero(part.keys < self._bound)) for part in self._parts]
        self._parts = [part for part in parts if len(part.keys)]
        self._held = sum(len(part.keys) for part in self._parts)


def taken(raw: Raw, rows: NDArray[np.int64]) -> Raw:
    """Some rows of a part, with their places; texts are no longer dictionaries."""
    table = raw.table.take(pa.array(rows, pa.int64()))
    columns = [_decoded(column) for column in table.columns]
    return replace(
        raw,
        table=pa.table(columns, names=table.column_names),
        lines=None if raw.lines is None else raw.lines[rows],
        rows=None if raw.rows is None else raw.rows[rows],
    )


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_dictionary(column.type):
        return column
    return pa.chunked_array(
        [chunk.dictionary_decode() for chunk in column.chunks], column.type.value_type
    )
