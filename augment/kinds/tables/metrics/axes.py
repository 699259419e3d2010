"""The encoding of each column, learnt from the training rows only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from augment.core.types import Scalar
from augment.kinds.tables.data import values
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 10  # quantile bins of a number, and the most frequent levels of a category, in pairs
NAMELESS = "(no name)"
KNOTS = 1_000  # points at which the training ranks of a number are kept


@dataclass(frozen=True)
class Axis:
    """One modelled column's encoding.

    A category's code is its place in `levels`: those of train by falling frequency, then those
    that only unseen rows have; `len(levels)` stands for any other value and -1 for null.
    """

    column: Column
    numeric: bool
    levels: dict[Scalar, int]  # empty for numbers
    known: int  # how many of the levels train has
    cuts: NDArray[np.float64]  # inner edges of the quantile bins
    knots: NDArray[np.float64]  # ascending training values ...
    ranks: NDArray[np.float64]  # ... and their mid-ranks in [0, 1]

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def where(self) -> str:
        """The column in a `Score.where`, in which "" stands for the whole table."""
        return self.name or NAMELESS

    @property
    def bins(self) -> int:
        """Number of bins, the last one being null."""
        return (len(self.cuts) + 1 if self.numeric else min(self.known, BINS) + 1) + 1

    def bin(self, column: NDArray[Any]) -> NDArray[np.int64]:
        """(rows,) bin of each value, in [0, bins)."""
        if self.numeric:
            found = np.searchsorted(self.cuts, column, side="right")
            return np.where(np.isnan(column), self.bins - 1, found)
        other = self.bins - 2
        return np.where(column < 0, self.bins - 1, np.minimum(column, other)).astype(np.int64)

    def rank(self, column: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows,) place in train's distribution, in [0, 1]; NaN stays NaN."""
        if not len(self.knots):
            return np.where(np.isnan(column), np.nan, 0.5)
        return np.where(np.isnan(column), np.nan, np.interp(column, self.knots, self.ranks))


def is_numeric(column: Column) -> bool:
    return column.role in ("numeric", "datetime") and column.storage not in ("string", "boolean")


def axis_of(column: Column, train: Table, test: Table) -> Axis:
    """The encoding of one column, from train; test adds only names for levels unseen in train."""
    none = np.empty(0)
    if is_numeric(column):
        present = values.numbers(train, column.name)
        present = np.sort(present[np.isfinite(present)])
        unique, counts = np.unique(present, return_counts=True)
        ranks = (np.cumsum(counts) - counts / 2) / max(1, len(present))
        if len(unique) > KNOTS:
            kept = np.unique(np.linspace(0, len(unique) - 1, KNOTS).astype(int))
            unique, ranks = unique[kept], ranks[kept]
        return Axis(column, True, {}, 0, _cuts(present), unique, ranks)
    codes, levels = values.codes(train, column.name)
    order = np.argsort(-np.bincount(codes[codes >= 0], minlength=len(levels)), kind="stable")
    found = {levels[place]: number for number, place in enumerate(order)}
    known = len(found)
    for level in values.codes(test, column.name)[1]:
        found.setdefault(level, len(found))
    return Axis(column, False, found, known, none, none, none)


def _cuts(present: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inner edges of bins [edge, next): one per value where values are few, else quantiles."""
    unique = np.unique(present)
    if len(unique) <= BINS:
        return unique[1:]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1], method="higher"))
    return np.asarray(edges[edges > unique[0]])
