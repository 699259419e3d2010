"""Counting all rows of tables of which metrics else see a sample: a pass over each side.

Numbers are counted between and at points that the samples give, categories by their values, and
whole rows by 64-bit hashes. Memory does not grow with the rows.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.types import Scalar
from augment.evaluation.comparison import Comparison
from augment.kinds.tables.data import values
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Schema
from augment.kinds.tables.io.alignment import aligned
from augment.kinds.tables.metrics.all_rows import AllRows, ColumnCounts
from augment.kinds.tables.metrics.axes import Axis
from augment.kinds.tables.metrics.row_hashes import RowHashes
from augment.kinds.tables.metrics.views import View, text_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_KNOTS = 4_096  # points per number column at which both distributions are known exactly
MOST_OTHERS = 100_000  # values of a category that are in no sample, and are remembered
OTHER = 1 << 62  # hashes of such values lie beyond any code


def counted(
    rows: Comparison[Table], axes: tuple[Axis, ...]
) -> tuple[AllRows, AllRows, AllRows] | None:
    """All seen (or maybe seen), unseen and made rows; None where no side is a sample.

    Without knowledge of which rows were seen, the second is the first.
    """
    sides = [rows.real, *([rows.unseen] if rows.seen_known else []), rows.made]
    if all(side.whole is None for side in sides):
        return None
    knots = [_knots(axis, rows.real, rows.made) for axis in axes]
    with tempfile.TemporaryDirectory(prefix="augment-hashes-") as folder:
        found: list[AllRows] = []
        first: _Side | None = None
        for number, table in enumerate(sides):
            side = _Side(axes, knots, Path(folder), number, None if first is None else found[0])
            for part in _parts(table, rows.real.schema):
                side.add(*part)
            found.append(side.done(first))
            first = first or side
    return found[0], found[-2], found[-1]


def _parts(table: Table, schema: Schema) -> Iterator[tuple[Table, dict[str, int]]]:
    for part in [table] if table.whole is None else table.whole.parts():
        fitting = aligned(part, schema)
        yield fitting.table, fitting.unfit


def _knots(axis: Axis, real: Table, made: Table) -> NDArray[np.float64]:
    """Ascending values of both samples at which numbers are counted: all, or evenly by rank."""
    if not axis.numeric:
        return np.empty(0)
    made = aligned(made, real.schema).table
    each = [values.numbers(side, axis.name) for side in (real, made)]
    found = np.unique(np.concatenate([side[np.isfinite(side)] for side in each]))
    if len(found) <= MOST_KNOTS:
        return found
    return np.unique(found[np.linspace(0, len(found) - 1, MOST_KNOTS).astype(int)])


@dataclass
class _Column:
    axis: Axis
    knots: NDArray[np.float64]
    ends: tuple[float, float] | None  # of the real side, None on it
    missing: int = 0
    beyond: int = 0
    least: float = np.inf
    greatest: float = -np.inf
    other_rows: int = 0
    others: Counter[Scalar] | None = field(default_factory=Counter)

    def __post_init__(self) -> None:
        places = 2 * len(self.knots) + 1 if self.axis.numeric else len(self.axis.levels)
        self.counts = np.zeros(places, np.int64)

    def add(self, table: Table) -> NDArray[Any]:
        """Count some rows; (rows,) numbers or codes by which equal rows are known."""
        return self._numbers(table) if self.axis.numeric else self._levels(table)

    def _numbers(self, table: Table) -> NDArray[np.float64]:
        found = values.numbers(table, self.axis.name)
        found = np.where(np.isfinite(found), found, np.nan)
        present = found[~np.isnan(found)]
        self.missing += len(found) - len(present)
        if len(present):
            place = np.searchsorted(self.knots, present, "left")
            place += np.searchsorted(self.knots, present, "right")
            self.counts += np.bincount(place, minlength=len(self.counts))
            self.least = min(self.least, float(present.min()))
            self.greatest = max(self.greatest, float(present.max()))
            low, high = self.ends or (-np.inf, np.inf)
            self.beyond += int(((present < low) | (present > high)).sum())
        return found

    def _levels(self, table: Table) -> NDArray[np.int64]:
        codes, levels = values.codes(table, self.axis.name)
        counts = np.bincount(codes + 1, minlength=len(levels) + 1)
        self.missing += int(counts[0])
        lookup = np.full(len(levels) + 1, -1, np.int64)
        for place, (level, count) in enumerate(zip(levels, counts[1:].tolist(), strict=True)):
            known = self.axis.levels.get(level)
            if known is not None:
                self.counts[known] += count
                lookup[place] = known
                continue
            lookup[place] = OTHER + _hash(level) % OTHER
            self.other_rows += count
            if self.others is not None:
                self.others[level] += count
                if len(self.others) > MOST_OTHERS:
                    self.others = None
        return lookup[codes]

    def done(self) -> ColumnCounts:
        others = None if self.others is None else dict(self.others)
        return ColumnCounts(
            self.missing,
            self.counts,
            others,
            self.other_rows,
            self.beyond,
            self.least,
            self.greatest,
        )


class _Side:
    """One side as its parts are added."""

    def __init__(
        self,
        axes: tuple[Axis, ...],
        knots: list[NDArray[np.float64]],
        folder: Path,
        number: int,
        real: AllRows | None,
    ) -> None:
        ends = [None] * len(axes) if real is None else [(c.least, c.greatest) for c in real.columns]
        self._axes = axes
        self._columns = [_Column(*each) for each in zip(axes, knots, ends, strict=True)]
        self.keys = RowHashes(folder, f"rows-{number}")
        self.texts = RowHashes(folder, f"texts-{number}")
        self._has_texts = False
        self._ids: dict[str, RowHashes] = {}
        self._folder, self._number = folder, number
        self._rows, self._unfit = 0, defaultdict[str, int](int)

    def add(self, table: Table, unfit: dict[str, int]) -> None:
        view = View(self._axes, tuple(column.add(table) for column in self._columns), len(table))
        self.keys.add(view.keys)
        with_texts = text_keys(table, view)
        if with_texts is not None:
            self._has_texts = True
            self.texts.add(with_texts)
        for place, column in enumerate(table.schema):
            if column.role == "id":
                name = f"id-{self._number}-{place}"
                ids = self._ids.setdefault(column.name, RowHashes(self._folder, name))
                ids.add(_hashes(table.column(column.name).drop_null()))
        for name, count in unfit.items():
            self._unfit[name] += count
        self._rows += len(table)

    def done(self, real: _Side | None) -> AllRows:
        """What was counted, beside the real side (None: it is that)."""
        seen = self if real is None else real
        texts = (self.texts.repeated(), self.texts.among(seen.texts)) if self._has_texts else None
        repeats = {name: ids.beyond_first() for name, ids in self._ids.items()}
        return AllRows(
            self._rows,
            tuple(column.done() for column in self._columns),
            self.keys.repeated(),
            self.keys.among(seen.keys),
            texts,
            dict(self._unfit),
            {name: count for name, count in repeats.items() if count},
        )


def _hash(level: Scalar) -> int:
    digest = hashlib.blake2b(repr(level).encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest(), "little")


def _hashes(present: pa.Array) -> NDArray[np.uint64]:
    import pandas as pd

    texts = pc.cast(present, pa.string()).to_pandas()
    return np.asarray(pd.util.hash_pandas_object(texts, index=False), np.uint64)
