"""A column as a few cells: listed values, intervals of numbers, and one for what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from augment.core.types import Clause, Json, Scalar
from augment.kinds.tables.data.conditions import mask
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import (
    as_number,
    codes,
    from_codes,
    from_numbers,
    numbers,
    table_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTS = 256  # of an interval, at which a condition is tried
RARE = 1e-6  # chance of a point that a condition names, in an interval without a grid
MOST_CELLS = 1_000_000  # that a stored column may have


def counted_in_levels(column: Column) -> bool:
    """Whether a column is categories, and no numbers."""
    return column.role in ("categorical", "boolean")


@dataclass(frozen=True)
class Support:
    """What a column may be under conditions: values, each with its cell and its share of it."""

    cell: NDArray[np.int64]  # (points,)
    values: pa.Array  # (points,)
    share: NDArray[np.float64]  # (points,)

    def weights(self, size: int) -> NDArray[np.float64]:
        """(size,) the share of each cell that is left."""
        return np.bincount(self.cell, self.share, size).astype(np.float64)

    def draw(self, cells: NDArray[np.int64], uniforms: NDArray[np.float64]) -> pa.Array:
        """One value of each cell, by their shares."""
        order = np.argsort(self.cell, kind="stable")
        ends = np.cumsum(self.share[order])
        first = np.searchsorted(self.cell[order], cells, side="left")
        last = np.searchsorted(self.cell[order], cells, side="right") - 1
        low = np.where(first > 0, ends[first - 1], 0.0)
        picked = np.searchsorted(ends, low + uniforms * (ends[last] - low), side="right")
        return self.values.take(pa.array(order[np.clip(picked, first, last)]))


@dataclass(frozen=True)
class Cells:
    """The cells of one column, in this order: `values`, intervals, unlisted, missing.

    `values` are levels as `codes` lists them, or numbers that have a cell of their own; `edges`
    bound the intervals of the other numbers, each with its low end and without its high one.
    Categories that are not in `values` are in the cell `unlisted`, if there is one.
    """

    column: Column
    values: tuple[Scalar, ...]
    edges: tuple[float, ...] = ()
    unlisted: bool = False
    gaps: bool = False

    @property
    def intervals(self) -> int:
        return max(0, len(self.edges) - 1)

    @property
    def size(self) -> int:
        return len(self.values) + self.intervals + self.unlisted + self.gaps

    @property
    def nothing_found(self) -> bool:
        """Whether no value of the column has a cell, so that rows can only lack one."""
        return not self.values and not self.intervals

    @property
    def _missing(self) -> int:
        """The cell of what is missing, and of what has no cell: the first, if there is no other."""
        if self.gaps:
            return self.size - 1
        return len(self.values) if self.unlisted else 0

    def encode(self, table: Table) -> NDArray[np.int64]:
        """(rows,) the cell of each row. Every value has one: numbers beyond the ends are in the
        last interval on their side, and categories without a cell count as missing."""
        if counted_in_levels(self.column):
            found, levels = codes(table, self.column.name)
            places = {level: place for place, level in enumerate(self.values)}
            other = len(self.values) if self.unlisted else self._missing
            cell = np.array([*(places.get(level, other) for level in levels), self._missing])
            return cell[found].astype(np.int64)
        values = numbers(table, self.column.name)
        known = np.where(np.isnan(values), 0.0, values)
        cell = np.full(len(values), self._missing, dtype=np.int64)
        if self.intervals:
            place = np.searchsorted(np.array(self.edges), known, side="right") - 1
            cell = len(self.values) + np.clip(place, 0, self.intervals - 1)
        if self.values:
            own = np.array([as_number(value) for value in self.values])
            near = np.clip(np.searchsorted(own, known), 0, len(own) - 1)
            cell = np.where((own[near] == known) | (not self.intervals), near, cell)
        return np.where(np.isnan(values), self._missing, cell).astype(np.int64)

    def decode(self, cells: NDArray[np.int64], rng: np.random.Generator) -> pa.Array:
        """A value of each cell: of an interval any on the column's grid, alike likely."""
        uniforms = rng.random(len(cells))
        missing = cells == self.size - 1 if self.gaps else np.zeros(len(cells), dtype=bool)
        listed = cells < len(self.values)
        if counted_in_levels(self.column):
            guess = (uniforms * len(self.values)).astype(np.int64)
            place = np.where(listed, cells, guess)
            none = missing | (not self.values)
            return from_codes(self.column, np.where(none, -1, place), list(self.values))
        made = np.full(len(cells), np.nan)
        if self.values:
            own = np.array([as_number(value) for value in self.values])
            made = np.where(listed, own[np.where(listed, cells, 0)], made)
        if self.intervals:
            place = np.clip(cells - len(self.values), 0, self.intervals - 1)
            made = np.where(listed | missing, made, self._within(place, uniforms))
        return from_numbers(self.column, made)

    def _within(
        self, interval: NDArray[np.int64], uniforms: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        edges, step = np.array(self.edges), grid_of(self.column)
        low, wide = edges[interval], np.diff(edges)[interval]
        if not step:
            return np.asarray(low + uniforms * wide)
        points = np.maximum(np.rint(wide / step), 1)
        return np.asarray(low + step * np.floor(uniforms * points))

    def support(self, clauses: tuple[Clause, ...]) -> Support:
        """All values that satisfy the clauses on this column, each with its cell."""
        cell, values, share = self._points(clauses)
        holds = mask(table_of([self.column], [values], None), clauses)
        return Support(cell[holds], values.filter(pa.array(holds)), share[holds])

    def _points(
        self, clauses: tuple[Clause, ...]
    ) -> tuple[NDArray[np.int64], pa.Array, NDArray[np.float64]]:
        if counted_in_levels(self.column):
            count = len(self.values)
            place = np.arange(count)
            cell, share = [place], [np.ones(count)]
            if self.unlisted and count:
                place = np.append(place, np.arange(count))
                cell.append(np.full(count, count))
                share.append(np.full(count, 1 / count))
            if self.gaps or not count:
                place = np.append(place, -1)
                cell.append(np.array([self.size - 1]))
                share.append(np.ones(1))
            values = from_codes(self.column, place, list(self.values))
            return np.concatenate(cell), values, np.concatenate(share)
        places = [np.array([as_number(value) for value in self.values])]
        cell, share = [np.arange(len(self.values))], [np.ones(len(self.values))]
        for interval in range(self.intervals):
            points, shares = self._interval_points(interval, clauses)
            places.append(points)
            cell.append(np.full(len(points), len(self.values) + interval))
            share.append(shares)
        if self.gaps:
            places.append(np.array([np.nan]))
            cell.append(np.array([self.size - 1]))
            share.append(np.ones(1))
        values = from_numbers(self.column, np.concatenate(places))
        return np.concatenate(cell), values, np.concatenate(share)

    def _interval_points(
        self, interval: int, clauses: tuple[Clause, ...]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points of an interval, and those beside what the clauses name, so that none is missed."""
        low, high = self.edges[interval], self.edges[interval + 1]
        step = grid_of(self.column)
        count = max(1, round((high - low) / step)) if step else 0
        whole = 0 < count <= POINTS
        even = (np.arange(count) + 0.0) / count if whole else (np.arange(POINTS) + 0.5) / POINTS
        points = self._within(np.full(len(even), interval), even)
        shares = np.full(len(points), 1 / len(points))
        if whole:
            return points, shares
        own = [low, high - (step or 0.0)]
        for clause in clauses:
            named = [clause.low, clause.high, *clause.values]
            near = [as_number(value) for value in named if value is not None]
            own += [place + by for place in near for by in (-step, 0.0, step)]
        beside = np.array([place for place in own if low <= place < high])
        chance = 1 / count if count else RARE
        return np.append(points, beside), np.append(shares, np.full(len(beside), chance))

    def domain(self, share: NDArray[np.float64]) -> Json:
        """What conditions may ask for, as `generator/domain.py` has it; `share` is how likely each
        cell is."""
        nulls = float(share[-1]) if self.gaps else 0.0
        known: dict[str, Any] = {"null": self.gaps, "null_share": min(max(nulls, 0.0), 1.0)}
        if counted_in_levels(self.column):
            return {**known, "null": self.gaps or not self.values, "levels": list(self.values)}
        ends = [as_number(value) for value in self.values]
        if self.intervals:
            ends += [self.edges[0], self.edges[-1] - grid_of(self.column)]
        low, high = (min(ends), max(ends)) if ends else (None, None)
        return {**known, "low": low, "high": high}

    def to_json(self) -> Json:
        return {
            "values": list(self.values),
            "edges": list(self.edges),
            "unlisted": self.unlisted,
            "gaps": self.gaps,
        }

    @classmethod
    def from_json(cls, column: Column, document: Any) -> Self:
        """Undo `to_json`. Raises `ValueError` or `TypeError` for anything else."""
        values = tuple(document["values"])
        edges = tuple(float(edge) for edge in document["edges"])
        made = cls(column, values, edges, bool(document["unlisted"]), bool(document["gaps"]))
        if len(edges) == 1 or not np.isfinite(edges).all() or (np.diff(edges) <= 0).any():
            raise ValueError("edges of intervals must rise")
        if not 1 <= made.size <= MOST_CELLS or len(set(values)) < len(values):
            raise ValueError("a column has no cells, or too many")
        if counted_in_levels(column) and made.intervals:
            raise ValueError("categories have no intervals")
        if not counted_in_levels(column):
            own = [as_number(value) for value in values]
            if made.unlisted or sorted(own) != own or not np.isfinite(own).all():
                raise ValueError("numbers with a cell of their own must rise")
        return made


def grid_of(column: Column) -> float:
    """The step between values of a column of numbers; 0 where there is none."""
    if column.storage == "datetime":
        return float(column.step_us or 1)
    if column.storage in ("integer", "boolean"):
        return 1.0
    digits = column.max_decimals
    return 0.0 if digits is None or digits >= 15 else 10.0**-digits
