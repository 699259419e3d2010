"""Encoded rows as points for distances, as features for trees, and as keys for equality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.metrics.axes import Axis

POINT_LEVELS = 50  # levels with a dimension of their own; the rest share one
TREE_LEVELS = 250  # scikit-learn's trees take up to 255 levels of a category
DIGITS = range(-3, 8)  # powers of ten at which a number may end
ODD = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio
MICROSECONDS = (86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000, 1_000)


def points(
    axes: tuple[Axis, ...], columns: tuple[NDArray[Any], ...], rows: int
) -> NDArray[np.float32]:
    """(rows, dimensions): Euclidean distances in which every column weighs about the same.

    A number is its rank among the training rows, in [0, 1], so that long tails do not drown the
    rest; null is the middle rank plus an indicator. A category is one-hot, scaled so that two
    different levels are at distance 1.
    """
    blocks = []
    half = np.float32(np.sqrt(0.5))
    for axis, column in zip(axes, columns, strict=True):
        if axis.numeric:
            ranks = axis.rank(column)
            null = np.isnan(ranks)
            blocks.append(np.where(null, 0.5, ranks).astype(np.float32)[:, None])
            blocks.append(null.astype(np.float32)[:, None] * half)
        else:
            width = min(axis.known, POINT_LEVELS) + 2
            hot = np.zeros((rows, width), dtype=np.float32)
            place = np.where(column < 0, width - 1, np.minimum(column, width - 2))
            hot[np.arange(rows), place] = half
            blocks.append(hot)
    if not blocks:
        return np.zeros((rows, 1), dtype=np.float32)
    return np.concatenate(blocks, axis=1)


def features(
    axes: tuple[Axis, ...], columns: tuple[NDArray[Any], ...], rows: int
) -> NDArray[np.float64]:
    """(rows, features) for gradient boosting: values, codes of categories, and how values end.

    Trees split on order and cannot see that a column's values are rounded, so the last digit of
    each number (or the granularity, hour and weekday of each date) is a feature of its own.
    NaN is null. `categorical` says which features are codes.
    """
    parts = [
        part
        for axis, column in zip(axes, columns, strict=True)
        for part in (
            [column, *_endings(axis, column)] if axis.numeric else [tree_codes(axis, column)]
        )
    ]
    return np.column_stack(parts) if parts else np.zeros((rows, 1))


def categorical(axes: tuple[Axis, ...]) -> list[bool]:
    """For each feature of `features`, whether it is a code."""
    flags: list[bool] = []
    for axis in axes:
        endings = 3 if axis.column.role == "datetime" else 1
        flags += [False] * (1 + endings) if axis.numeric else [True]
    return flags or [False]


def tree_codes(axis: Axis, column: NDArray[np.int64]) -> NDArray[np.float64]:
    """(rows,) codes below 255; rare levels and those unknown to train share one; NaN is null."""
    merged = np.minimum(column, min(axis.known, TREE_LEVELS)).astype(np.float64)
    return np.where(column < 0, np.nan, merged)


def _endings(axis: Axis, column: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    null = np.isnan(column)
    if axis.column.role == "datetime":
        day, hour = MICROSECONDS[:2]
        coarse = np.zeros(len(column))
        for unit in MICROSECONDS:
            coarse += np.mod(column, unit) != 0
        clock = np.floor(np.mod(column, day) / hour)
        weekday = np.mod(np.floor(column / day), 7)
        return [np.where(null, np.nan, coarse), clock, weekday]
    digits = np.full(len(column), float(DIGITS.stop))
    for power in reversed(DIGITS):
        scaled = column * 10.0**power
        near = np.abs(scaled - np.rint(scaled)) <= 1e-12 * np.maximum(1e3, np.abs(scaled))
        digits = np.where(near, float(power), digits)
    return [np.where(null | (column == 0), np.nan, digits)]


def keys(
    axes: tuple[Axis, ...], columns: tuple[NDArray[Any], ...], rows: int
) -> NDArray[np.uint64]:
    """(rows,) 64-bit keys: equal rows have equal keys, and different ones almost surely differ.

    With a million rows the odds of any collision are below 1 in 10 million. Values unknown to the
    real side cannot equal one of its values, which holds as their code is no real row's code.
    """
    found = np.zeros(rows, dtype=np.uint64)
    for axis, column in zip(axes, columns, strict=True):
        if axis.numeric:
            plain = np.where(np.isnan(column), 0.0, column) + 0.0  # one zero, not two
            bits = plain.view(np.uint64) ^ (np.isnan(column).astype(np.uint64) << np.uint64(1))
        else:
            bits = column.astype(np.int64).view(np.uint64)
        found = joined(found, bits)
    return found


def joined(keys: NDArray[np.uint64], bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(rows,) the keys of rows that have one more column, whose values are `bits`."""
    return _mixed(keys * np.uint64(ODD) + _mixed(bits + np.uint64(1)))


def _mixed(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): spreads every bit over all."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
