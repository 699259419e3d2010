"""What is counted of all rows of tables of which metrics else see a sample, and distances by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from augment.core.types import Scalar
from augment.kinds.tables.metrics.axes import Axis

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ColumnCounts:
    """One column of all rows of a side.

    `counts` of a number column are (2 · knots + 1,): at odd places rows at a knot, before and
    after them rows between knots; of a category one per level. `others` are values that are no
    level, None where they were too many; `beyond` rows lie outside the real ends.
    """

    missing: int
    counts: NDArray[np.int64]
    others: dict[Scalar, int] | None
    other_rows: int  # that hold them
    beyond: int
    least: float
    greatest: float

    @property
    def present(self) -> int:
        return int(self.counts.sum()) + self.other_rows


@dataclass(frozen=True)
class AllRows:
    """All rows of one side. `repeated` have an equal row on their side, `copied` one among the
    real rows that may have been seen; `texts` are the same two with texts, None without any."""

    rows: int
    columns: tuple[ColumnCounts, ...]
    repeated: int
    copied: int
    texts: tuple[int, int] | None
    unfit: dict[str, int]
    repeated_ids: dict[str, int]


def distance(axis: Axis, left: ColumnCounts, right: ColumnCounts) -> tuple[float, float]:
    """KS (numbers) or total variation (categories) of all rows, nulls included; and by how much a
    KS may be greater, since between two knots only the rows in between are counted."""
    p, q = _shares(left, missing=True), _shares(right, missing=True)
    if not axis.numeric:
        return total_variation(left, right, missing=True), 0.0
    return _ks(p, q)


def error(axis: Axis, left: ColumnCounts, right: ColumnCounts) -> float | None:
    """The same among present values; None where a side has none."""
    if not left.present or not right.present:
        return None
    if not axis.numeric:
        return total_variation(left, right, missing=False)
    return _ks(_shares(left, missing=False), _shares(right, missing=False))[0]


def _shares(column: ColumnCounts, *, missing: bool) -> NDArray[np.float64]:
    """Of a number column's places, below which missing values come."""
    counts = np.concatenate([[column.missing if missing else 0], column.counts])
    return np.asarray(counts / max(1, counts.sum()), np.float64)


def _ks(p: NDArray[np.float64], q: NDArray[np.float64]) -> tuple[float, float]:
    f, g = np.cumsum(p), np.cumsum(q)
    found = float(np.abs(f - g).max())
    before_f, before_g = f - p, g - q
    between = slice(1, None, 2)  # place 0 is missing values, 1 is below the first knot
    most = np.maximum(f[between] - before_g[between], g[between] - before_f[between]).max()
    return found, max(0.0, float(most) - found)


def total_variation(left: ColumnCounts, right: ColumnCounts, *, missing: bool) -> float:
    """Half the sum of |p - q| over levels, other values (as one where they are too many), and
    missing ones if asked for."""
    known = left.others is not None and right.others is not None
    names = sorted({*(left.others or {}), *(right.others or {})}, key=repr) if known else []
    rows = []
    for side in (left, right):
        others = [(side.others or {}).get(name, 0) for name in names] or [side.other_rows]
        counts = np.array([*side.counts, *others, side.missing if missing else 0], np.float64)
        rows.append(counts / max(1.0, counts.sum()))
    return float(np.abs(rows[0] - rows[1]).sum() / 2)
