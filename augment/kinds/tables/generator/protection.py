"""Disclosure control before the fit: rare categories and extreme values never reach an engine.

What an engine has not seen it cannot keep or emit, whoever wrote it. This is the suppression
and top-coding of official statistics (Hundepool et al. 2012, "Statistical Disclosure Control").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.core.errors import BadInput
from augment.core.seeds import Seed
from augment.core.types import Scalar
from augment.kinds.tables.codecs.endings import Precision
from augment.kinds.tables.data.dataset import Table
from augment.kinds.tables.data.holders import Holders, ends_of
from augment.kinds.tables.data.schema import Column
from augment.kinds.tables.data.values import (
    codes,
    from_codes,
    from_numbers,
    numbers,
    with_columns,
)
from augment.kinds.tables.generator.donors import Donors

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING: Mapping[str, Mapping[Scalar, int]] = MappingProxyType({})
LEAST_ROWS = 5  # a category or an end of a range stands for at least this many rows
ROWS_PER_LEAST = 20  # smaller tables protect fewer: one row in twenty, so that something is left


@dataclass(frozen=True)
class Protected:
    """The table that may be learnt from, and what was changed, in words without values."""

    table: Table
    notes: tuple[str, ...]


def least_rows(rows: int) -> int:
    """How many rows a category needs: `LEAST_ROWS`, or fewer in a small table; 1 is none."""
    return max(1, min(LEAST_ROWS, rows // ROWS_PER_LEAST))


def holders_of(table: Table, least: int) -> Holders | None:
    """Whose the rows are, of which a value needs `least`, or fewer where they are few; None where
    rows do not belong together, or too few ids are there to protect by. A few teachers beside many
    pupils are passed over: by them the values of a pupil would go uncounted."""
    owners = table.entities(least * ROWS_PER_LEAST)
    if owners is None:
        return None
    own = np.unique(owners, return_inverse=True)[1].astype(np.int64)
    needed = min(least, least_rows(int(own.max(initial=-1)) + 1))
    return Holders(own, needed) if needed > 1 else None


def rare_levels(
    found: NDArray[np.int32],
    levels: list[Scalar],
    least: float,
    whole: Mapping[Scalar, int],
    holders: Holders | None,
) -> NDArray[np.bool_]:
    """(levels,) whether fewer than `least` rows hold a level, or too few of the `holders`.

    `found` (rows,) are codes of a table, or of a sample, of whose `whole` source it is known how
    many rows hold some of the levels.
    """
    counts = np.bincount(found[found >= 0], minlength=len(levels))
    if holders is not None:
        return (counts < least) | (holders.count(found, len(levels)) < holders.least)
    known = np.array([whole.get(level, 0) for level in levels], np.int64)
    return np.asarray(np.maximum(counts, known) < least)


def protect(
    table: Table,
    seed: Seed,
    least: int | None = None,
    whole: Mapping[str, Mapping[Scalar, int]] = NOTHING,
    holders: Holders | None = None,
) -> Protected:
    """Suppress categories under `least` rows and pull in the extremes of numbers and dates; None:
    as many as `least_rows` says of the table. `whole` are the counts of the source of a sample.

    Where rows belong together, `holders` says whose they are: all rows of one owner count as one.
    """
    least = least_rows(len(table)) if least is None else least
    if least == 1:
        note = f"{len(table)} rows are too few to protect: rare values are kept as they are"
        return Protected(table, (note,))
    donors = Donors(table)
    arrays, notes = [], []
    for column in table.schema:
        own = seed.child("rare", column.name)
        worked = (
            _without_rare(table, column, least, donors, own, whole.get(column.name, {}), holders)
            if column.role in ("categorical", "boolean")
            else _without_extremes(table, column, least, own, holders)
        )
        arrays.append(worked[0])
        notes += worked[1]
    data = pa.table(arrays, names=table.schema.names)
    data = data.replace_schema_metadata(table.data.schema.metadata)
    return Protected(Table(data, table.schema), tuple(notes))


def _without_rare(
    table: Table,
    column: Column,
    least: int,
    donors: Donors,
    seed: Seed,
    whole: Mapping[Scalar, int],
    holders: Holders | None,
) -> tuple[pa.Array, list[str]]:
    """Rows with a rare level get another: one that is common, from a row that is like them.

    So no engine meets a level that the source has not, and none can emit one. Left empty are
    columns in which no level is common, if they have gaps anyway. Raises `BadInput` where they
    have not.
    """
    found, levels = codes(table, column.name)
    rare = rare_levels(found, levels, least, whole, holders)
    whose = f"stand in fewer than {least} rows"
    if holders is not None:
        whose = f"are those of fewer than {holders.least} ids"
    rows = np.flatnonzero((found >= 0) & np.append(rare, False)[found])
    if not len(rows):
        return table.column(column.name), []
    head = f"column {column.name!r}: {int(rare.sum()):,} of {len(levels):,} values {whose}; "
    head += f"their {len(rows):,} rows are "
    replaced = found.copy()
    if not rare.all():
        replaced[rows] = donors.drawn(column.name, rows, ~rare, seed.rng())
        return from_codes(column, replaced, levels), [head + "redrawn from the other values"]
    if not (found < 0).any():
        raise BadInput(
            f"all values of column {column.name!r} {whose}, so protection leaves nothing of it to "
            "learn.",
            hint=f"Pass --column '{column.name}=text' or '{column.name}=drop', or --no-protect.",
        )
    replaced[rows] = -1
    return from_codes(column, replaced, levels), [head + "left empty"]


def _without_extremes(
    table: Table, column: Column, least: int, seed: Seed, holders: Holders | None
) -> tuple[pa.Array, list[str]]:
    """Values beyond the median of the few lowest or highest are pulled in to that median.

    The few are `least` rounded up to an even number, so that the median is the mean of two rows'
    values and nobody's own; unlike their mean it tells nothing of how far out the last one lies.
    Where an extreme is shared by enough rows it is that median, and nothing changes; where the
    median is a value of fewer, the end lies midway to the next one (see `end_of`). A column
    with fewer than `least` values is left empty; one with fewer than twice as many as are needed
    to have two ends gets its median throughout. Of rows that belong together, the lowest and the
    highest alone count, and what is often one owner's value is told apart.
    """
    array = table.column(column.name)
    if holders is not None:
        array, least = holders.apart(table, column, least, seed.rng()), holders.least
        table = with_columns(table, {column.name: array})
    values = numbers(table, column.name)
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return array, []
    lowest, highest = (known, known) if holders is None else holders.ends(values)
    who = "rows have" if holders is None else "of those whose the rows are have"
    head = f"column {column.name!r}: only {len(lowest):,} {who} a value; they are "
    if len(lowest) < least:
        return pa.nulls(len(array), array.type), [head + "left empty"]
    few = least + least % 2
    low, high = ends_of(lowest, highest, few // 2, least)
    notes = []
    if len(lowest) < 2 * few:
        low = high = np.median(known)
        notes.append(head + "all set to their median")
    beyond = (values < low) | (values > high)
    if not beyond.any():
        return array, []
    ends = np.clip(values, *_as_written(known, np.array([low, high])))
    if not notes and np.nanmin(ends) == np.nanmax(ends):
        only = f"column {column.name!r}: all but {int(beyond.sum()):,} rows have one value"
        notes.append(f"{only}; they are set to it, so that nothing is left to learn")
    if column.storage == "integer" and pa.types.is_decimal(array.type):  # beyond 64 bits
        pulled = pa.array([f"{end:.0f}" for end in np.where(beyond, ends, 0)]).cast(array.type)
    else:
        pulled = from_numbers(column, ends).cast(array.type)
    return pc.if_else(pa.array(beyond), pulled, array), notes


def _as_written(known: NDArray[np.float64], ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """The new ends with no more digits than the column's values, or they would show by these.

    An end stays between the two values that it lies between.
    """
    near = Precision.of(known).rounded(ends)
    below = known[np.searchsorted(known, ends, "right") - 1]
    above = known[np.searchsorted(known, ends, "left")]
    return np.where((near >= below) & (near <= above), near, ends)
