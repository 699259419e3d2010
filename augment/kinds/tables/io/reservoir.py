"""Some rows of a table that is read part by part, each as likely as any other.

Every row gets a random key, and those with the smallest keys are kept (Efraimidis and Spirakis 2006
with equal weights), of each stratum so many. Keys come from the number of a file and go on from
part to part, so that the same source gives the same rows, whatever its parts and whoever reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.core.seeds import Seed
from augment.kinds.tables.io.formats import Raw

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = Seed(0).child("rows to fit on")
MOST_HELD = 2  # times the rows that are wanted
# Of n rows about m = q + 8 √q + 60 have keys below m / n, and fewer than q with a chance below
# e^(-(m - q)² / 2m) < 10^-13 (Chernoff's bound).
SPREADS, SPARE = 8, 60


@dataclass(frozen=True)
class Part:
    """Rows of a file; `keys` (rows,) are random in [0, 1)."""

    file: int
    raw: Raw
    keys: NDArray[np.float64]


@dataclass(frozen=True)
class Kept(Part):
    """Rows that are kept; `strata` (rows,) are the numbers of theirs."""

    strata: NDArray[np.int64]

    def taken(self, rows: NDArray[np.int64]) -> Kept:
        return Kept(self.file, self.raw.taken(rows), self.keys[rows], self.strata[rows])


def keyed(blocks: Iterable[tuple[int, Raw]]) -> Iterator[Part]:
    """The parts of a source, each with the number of its file, with a key for each row."""
    keys: dict[int, np.random.Generator] = {}
    for file, raw in blocks:
        if file not in keys:
            keys[file] = SEED.child(file).rng()
        yield Part(file, raw, keys[file].random(raw.table.num_rows))


class Reservoir:
    """Of all rows that are added at most `rows` (strata,) of each stratum, and more of them until
    `kept` is asked for: where it is known `of` how many (strata,), hardly more."""

    def __init__(self, rows: NDArray[np.int64], of: NDArray[np.int64] | None = None) -> None:
        self._rows = rows
        self._bounds = np.full(len(rows), np.inf)  # no key above can be among the smallest
        if of is not None:
            self._bounds = (rows + SPREADS * np.sqrt(rows) + SPARE) / np.maximum(of, 1)
        self._parts: list[Kept] = []
        self._held = 0

    def add(self, part: Part, strata: NDArray[np.int64] | None = None) -> None:
        """Offer the rows of a part, all of one stratum or of these (rows,)."""
        bounds = self._bounds[0] if strata is None else self._bounds[strata]
        rows = np.flatnonzero(part.keys < bounds)
        if not len(rows):
            return
        found = np.zeros(len(rows), np.int64) if strata is None else strata[rows]
        self._parts.append(Kept(part.file, part.raw.taken(rows), part.keys[rows], found))
        self._held += len(rows)
        if self._held > MOST_HELD * self._rows.sum():
            self._prune()

    def kept(self) -> list[Kept]:
        """The rows, in the order in which they were added."""
        self._prune()
        return self._parts

    def counts(self) -> NDArray[np.int64]:
        """How many rows of each stratum are held (strata,)."""
        strata = [part.strata for part in self._parts] or [np.zeros(0, np.int64)]
        return np.bincount(np.concatenate(strata), minlength=len(self._rows))

    def _prune(self) -> None:
        counts = self.counts()
        if not (counts > self._rows).any():
            return
        keys = np.concatenate([part.keys for part in self._parts])
        strata = np.concatenate([part.strata for part in self._parts])
        by_stratum = np.split(keys[np.argsort(strata, kind="stable")], np.cumsum(counts)[:-1])
        for stratum in np.flatnonzero(counts > self._rows):
            rows = self._rows[stratum]
            self._bounds[stratum] = np.partition(by_stratum[stratum], rows)[rows]
        parts = [
            part.taken(np.flatnonzero(part.keys < self._bounds[part.strata]))
            for part in self._parts
        ]
        self._parts = [part for part in parts if len(part.keys)]
        self._held = sum(len(part.keys) for part in self._parts)
