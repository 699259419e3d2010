"""The cells of each column: as the schema says, which is public, else found under the budget.

A column of categories is taken by the schema's `levels`. Where there are none, the values that
enough rows hold are looked for (see `mechanisms.noisy_values`). A column of numbers lies between
the schema's `low` and `high`; else its ends are found among powers of two. Then values that many
rows hold are looked for, which get a cell of their own, and the rest is parted into intervals with
about as many rows each, by the noisy counts of equal parts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from augment.core.types import Scalar
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import as_number, codes, numbers
from augment.kinds.tables.engines.aim.cells import Cells, counted_in_levels, grid_of
from augment.kinds.tables.engines.aim.ledger import Ledger

if TYPE_CHECKING:
    from numpy.typing import NDArray

POWERS = np.arange(-30, 101)  # of two, among which the ends of numbers are looked for
PARTS = 256  # of equal width, by whose counts intervals are made
CERTAIN = 4.0  # standard deviations over which a noisy count is no accident
LEAST_SHARE = 0.02  # of the rows, for a number to have a cell of its own
MOST_OWN = 20


@dataclass(frozen=True)
class Searches:
    """What has to be found of one column, before any row is looked at."""

    values: bool = False
    ends: bool = False
    parts: bool = False

    @property
    def rounds(self) -> int:
        return self.values + self.ends + self.parts


def searches(column: Column, intervals: int) -> Searches:
    """What the schema leaves open of a column."""
    if counted_in_levels(column):
        return Searches(values=column.role == "categorical" and column.levels is None)
    ends = column.low is None or column.high is None
    if not ends and _few(column, *_given_ends(column), intervals):
        return Searches()
    return Searches(values=True, ends=ends, parts=True)


def cells_of(table: Table, column: Column, intervals: int, ledger: Ledger, rho: float) -> Cells:
    """The cells of a column; each search that it needs spends `rho`."""
    gaps = column.null is not None or bool(column.arrow)
    if column.role == "boolean":
        return Cells(column, (False, True), gaps=gaps)
    if counted_in_levels(column):
        if column.levels is not None:
            return Cells(column, tuple(column.levels), gaps=gaps)
        found, levels = codes(table, column.name)
        counts = np.bincount(found[found >= 0], minlength=len(levels))
        listed = _listed(ledger, column, levels, counts, rho)
        return Cells(column, tuple(sorted(listed, key=_order)), unlisted=True, gaps=gaps)
    open_ends = searches(column, intervals).ends
    ends = _found_ends(table, column, ledger, rho) if open_ends else _given_ends(column)
    if ends is None:
        return Cells(column, (), gaps=True)
    if _few(column, *ends, intervals):
        return Cells(column, (), _grid(column, *ends), gaps=gaps)
    return replace(_parted(table, column, ends, intervals, ledger, rho), gaps=gaps)


def _given_ends(column: Column) -> tuple[float, float]:
    assert column.low is not None and column.high is not None, "the schema gives both"
    return as_number(column.low), as_number(column.high)


def _few(column: Column, low: float, high: float, intervals: int) -> bool:
    """Whether the numbers between the ends are so few that each may have an interval."""
    step = grid_of(column)
    return bool(step) and (high - low) / step < intervals


def _grid(column: Column, low: float, high: float) -> tuple[float, ...]:
    step = grid_of(column)
    return tuple((low + step * np.arange(round((high - low) / step) + 2)).tolist())


def _order(value: Scalar) -> tuple[bool, float, str]:
    number = isinstance(value, (int, float))
    return (not number, float(value) if isinstance(value, (int, float)) else 0.0, str(value))


def _listed(
    ledger: Ledger,
    column: Column,
    values: list[Scalar],
    counts: NDArray[np.int64],
    rho: float,
) -> dict[Scalar, int]:
    """The values with their noisy counts, of those that enough rows hold."""
    spelt = [json.dumps(value) for value in values]
    told = dict(zip(spelt, counts.tolist(), strict=True))
    found = ledger.values(f"values of {column.name}", told, rho)
    return {json.loads(text): count for text, count in found.items()}


def _found_ends(
    table: Table, column: Column, ledger: Ledger, rho: float
) -> tuple[float, float] | None:
    """Powers of two between which nearly all numbers lie; None where too few rows have one."""
    powers = np.ldexp(1.0, POWERS)
    borders = np.concatenate([-powers[::-1], powers])  # the part in the middle holds zero
    known = numbers(table, column.name)
    place = np.clip(
        np.searchsorted(borders, known[~np.isnan(known)], side="right") - 1, 0, len(borders) - 2
    )
    counts = np.bincount(place, minlength=len(borders) - 1)
    noisy, scale = ledger.counts(f"ends of {column.name}", counts, rho)
    sure = np.flatnonzero(noisy > CERTAIN * scale)
    if not len(sure):
        return None
    low, high = float(borders[sure[0]]), float(borders[sure[-1] + 1])
    step, middle = grid_of(column), len(powers) - 1
    if step:
        low = 0.0 if sure[0] == middle else float(np.ceil(low / step) * step)
        high = 0.0 if sure[-1] == middle else float(np.floor(high / step) * step)
    return low, max(low, high)


def _parted(
    table: Table,
    column: Column,
    ends: tuple[float, float],
    intervals: int,
    ledger: Ledger,
    rho: float,
) -> Cells:
    """Numbers that many rows hold, and intervals of the others."""
    low, high = ends
    values = numbers(table, column.name)
    known = np.clip(values[~np.isnan(values)], low, high)
    distinct, counts = np.unique(known, return_counts=True)
    listed = _listed(ledger, column, distinct.tolist(), counts, rho)
    step = grid_of(column)
    borders = _equal_parts(low, high, step)
    own = np.array(sorted(_frequent(listed)))
    rest = known[~np.isin(known, own)]
    place = np.clip(np.searchsorted(borders, rest, side="right") - 1, 0, len(borders) - 2)
    parts = np.bincount(place, minlength=len(borders) - 1)
    noisy, scale = ledger.counts(f"parts of {column.name}", parts, rho)
    kept = _of_equal_counts(np.maximum(noisy, 0.0), scale, intervals)
    return Cells(column, tuple(own.tolist()), tuple(borders[kept].tolist()))


def _frequent(listed: dict[Scalar, int]) -> list[float]:
    """Of the numbers with a noisy count those that deserve a cell of their own."""
    total = sum(listed.values())
    frequent = [value for value, count in listed.items() if count >= LEAST_SHARE * total]
    frequent.sort(key=lambda value: -listed[value])
    return [as_number(value) for value in frequent[:MOST_OWN]]


def _equal_parts(low: float, high: float, step: float) -> NDArray[np.float64]:
    """The borders of `PARTS` parts of about equal width, on the grid where there is one."""
    if not step:
        if not high > low:
            high = float(np.nextafter(low, np.inf))
        return np.unique(np.linspace(low, high, PARTS + 1))
    points = round((high - low) / step) + 1
    places = np.unique(np.rint(np.linspace(0, points, min(PARTS, points) + 1)))
    return np.unique(low + step * places)


def _of_equal_counts(
    counts: NDArray[np.float64], noise: float, intervals: int
) -> NDArray[np.int64]:
    """Which borders to keep, so that the intervals between them have about as many rows each.

    Parts at either end that hold no more than noise may hold are joined with their neighbour.
    """
    total = counts.sum()
    sought = max(1, min(intervals, int(total / max(CERTAIN * noise, 1.0))))
    reached = np.cumsum(counts) / max(total, 1.0) * sought
    number = np.minimum(np.floor(reached + 1e-9), sought)
    rises = np.flatnonzero(np.diff(np.append(0, number[:-1])) > 0) + 1
    return np.unique(np.concatenate([[0], rises, [len(counts)]])).astype(np.int64)
