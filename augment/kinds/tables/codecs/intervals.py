"""Closed intervals on the grid of a column's values, and what clauses leave of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from augment.core.types import Clause
from augment.kinds.tables.data.values import as_number

if TYPE_CHECKING:
    from numpy.typing import NDArray


def clause_intervals(clause: Clause, step: float) -> tuple[NDArray[np.float64], bool]:
    """A clause as closed intervals (m, 2) on the column's grid, and whether it holds for null."""
    if clause.op == "null":
        empty = np.empty((0, 2))
        whole = np.array([[-np.inf, np.inf]])
        return (whole, False) if clause.negate else (empty, True)
    if clause.op == "in":
        points = sorted(as_number(value) for value in clause.values if value is not None)
        holds = _runs(np.array(points), step)
    else:
        low = -np.inf if clause.low is None else as_number(clause.low)
        high = np.inf if clause.high is None else as_number(clause.high)
        low = lowest_from(low, step, clause.low_open)
        high = -lowest_from(-high, step, clause.high_open)
        holds = np.array([[low, high]]) if low <= high else np.empty((0, 2))
    return (complement(holds, step), True) if clause.negate else (holds, False)


def _runs(points: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Sorted points as closed intervals (m, 2): one for each run of neighbours on the grid."""
    if not len(points):
        return np.empty((0, 2))
    parted = np.diff(points) != step if step >= 1 else np.ones(len(points) - 1, dtype=bool)
    first = np.append(True, parted)
    return np.stack([points[first], points[np.append(first[1:], True)]], axis=1)


def lowest_from(value: float, step: float, beyond: bool) -> float:
    """The lowest value of the grid at or above `value`, strictly above if `beyond`."""
    if np.isinf(value):
        return value
    if step == 0.0:
        return float(np.nextafter(value, np.inf)) if beyond else value
    digits = max(0, round(-np.log10(step))) if step < 1 else 0
    tick = np.ceil(round(value / step, 9))
    if beyond and round(value / step, 9) == tick:
        tick += 1
    return float(np.round(tick * step, digits)) if digits else float(tick * step)


def complement(holds: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """The complement of sorted disjoint closed intervals, on the same grid."""
    gaps, start = [], -np.inf
    for low, high in holds:
        before = -lowest_from(-low, step, True)
        if before >= start and not np.isinf(low):
            gaps.append([start, before])
        start = lowest_from(high, step, True)
    if start < np.inf:
        gaps.append([start, np.inf])
    return np.array(gaps).reshape(-1, 2)


def intersection(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """The intersection of two lists of closed intervals."""
    low = np.maximum(a[:, None, 0], b[None, :, 0]).ravel()
    high = np.minimum(a[:, None, 1], b[None, :, 1]).ravel()
    kept = np.stack([low, high], axis=1)[low <= high]
    return np.asarray(kept[np.argsort(kept[:, 0])])
