"""Whose the values of a column are, where many rows are one person's: each person counts once.

A town, an income or a date of birth that stands in ten rows, all of one patient, is as rare as
one that stands in a single row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import from_numbers, numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from augment.kinds.tables.data.dataset import Table


@dataclass(frozen=True)
class Holders:
    """`owners` (rows,) are codes from 0 of whose each row is; a value needs `least` of them."""

    owners: NDArray[np.int64]
    least: int

    def take(self, rows: NDArray[np.int64]) -> Holders:
        return Holders(self.owners[rows], self.least)

    def first(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first row of each owner with each of the `values` (rows,), which are codes from 0."""
        pairs = values * (int(self.owners.max(initial=0)) + 1) + self.owners
        return np.sort(np.unique(pairs, return_index=True)[1])

    def count(self, values: NDArray[np.integer], size: int) -> NDArray[np.int64]:
        """(size,) how many have each value; `values` (rows,) are codes from 0, or -1 for null."""
        known = np.flatnonzero(values >= 0)
        rows = self.take(known).first(values[known].astype(np.int64))
        return np.bincount(values[known[rows]], minlength=size)

    def ends(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The owners' lowest and their highest of (rows,) `values`, each sorted; NaN is null."""
        known = np.flatnonzero(~np.isnan(values))
        order = known[np.lexsort((values[known], self.owners[known]))]
        own = self.owners[order]
        starts = np.append(True, own[1:] != own[:-1])[: len(own)]
        last = np.append(starts[1:], True)[: len(own)]
        return np.sort(values[order[starts]]), np.sort(values[order[last]])

    def apart(
        self, table: Table, column: Column, least_rows: int, rng: np.random.Generator
    ) -> pa.Array:
        """Numbers or dates, none of them in `least_rows` rows where too few owners have it.

        An owner keeps such a value in one row; in its others it becomes one from the next lower to
        the next higher value of the column.
        """
        array, values = table.column(column.name), numbers(table, column.name)
        known = np.flatnonzero(~np.isnan(values))
        distinct, place = np.unique(values[known], return_inverse=True)
        first = self.take(known).first(place.astype(np.int64))
        often = np.bincount(place, minlength=len(distinct)) >= least_rows
        few = often & (np.bincount(place[first], minlength=len(distinct)) < self.least)
        again = few[place]
        again[first] = False
        if not again.any():
            return array
        low = distinct[np.maximum(place[again] - 1, 0)]
        high = distinct[np.minimum(place[again] + 1, len(distinct) - 1)]
        made = np.full(len(values), np.nan)
        made[known[again]] = rng.uniform(low, high)
        between = from_numbers(column, made).cast(array.type)
        return pc.if_else(pa.array(~np.isnan(made)), between, array)


def sharing(values: NDArray[np.int64], size: int, holders: Holders | None) -> NDArray[np.int64]:
    """(size,) how many rows share each value, or owners where there are `holders`; `values` (rows,)
    are codes from 0."""
    if holders is None:
        return np.bincount(values, minlength=size)
    return holders.count(values, size)


def end_of(ordered: NDArray[np.float64], place: int, least: int) -> float:
    """An end of ascending values that is nobody's own: midway between those before and at `place`.

    Where both are the same it is that value, if it stands at least `least` times; else it lies
    midway to the next greater one, since a value that two have is theirs as well.
    """
    before, after = float(ordered[place - 1]), float(ordered[place])
    if before == after and int(np.sum(ordered == after)) < least:
        greater = ordered[ordered > after]
        after = float(greater[0]) if len(greater) else after
    return before + (after - before) / 2


def ends_of(
    lowest: NDArray[np.float64], highest: NDArray[np.float64], place: int, least: int
) -> tuple[float, float]:
    """`end_of` of the ascending `lowest`, and of the ascending `highest` from above."""
    return end_of(lowest, place, least), -end_of(-highest[::-1], place, least)
